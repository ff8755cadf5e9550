"""One request of a dataset, as a value: every page is the one before with something changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from connectors.rest import path
from connectors.window import Bound as Value
from connectors.window import bounds, canonical_text

if TYPE_CHECKING:
    from connectors.contract import ExtractRequest
    from connectors.rest.options import Bound, RestDataset
    from connectors.rest.page_options import Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What to send. *params* go behind *url*, lists as repeated parameters."""

    method: str
    url: str
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def with_value(self, spot: Spot, value: object) -> Call:
        """Return this call with *value* at *spot*."""
        if spot.param is not None:
            return replace(self, params={**self.params, spot.param: value})
        return replace(self, body=path.replaced(self.body, path.parse(spot.body or ""), value))

    def identity(self) -> int:
        """Return a number that two calls share if they ask for the same."""
        return hash((self.url, repr(self.params), repr(self.body)))


def first(request: ExtractRequest, options: RestDataset, *, base_url: str) -> Call:
    """Return the call for the first page of the rows that *request* is about."""
    call = Call(
        method=options.method,
        url=f"{base_url.rstrip('/')}/{options.path.lstrip('/')}",
        params=options.params,
        body=options.body if options.method == "get" else options.body or {},
        headers=options.headers,
    )
    if options.page_size is not None:
        call = call.with_value(options.page_size, options.page_size.rows)
    since, until = bounds(request)
    zone = ZoneInfo(request.zone) if request.zone else None
    if since is not None and options.since is not None:
        call = call.with_value(options.since, _written(since, options.since, late=False, zone=zone))
    if until is not None and options.until is not None:
        call = call.with_value(options.until, _written(until, options.until, late=True, zone=zone))
    return call


def _written(value: Value, bound: Bound, *, late: bool, zone: ZoneInfo | None) -> object:
    """
    Return *value* in the bound's format, rounded down, or up when *late*.

    What comes beyond the window for it is left out when the rows are here.
    """
    told = _formatted(value, bound, late=late, zone=zone)
    return told if bound.text is None else bound.text.replace("{}", str(told))


def _formatted(value: Value, bound: Bound, *, late: bool, zone: ZoneInfo | None) -> str | int:
    form, before = bound.format, bound.exclusive and not late
    if form == "iso" or isinstance(value, (int, Decimal)):
        return canonical_text(_before(value) if before else value)
    if not isinstance(value, datetime):
        value, zone = datetime(value.year, value.month, value.day, tzinfo=UTC), None
    if form in ("epoch_s", "epoch_ms"):
        unit = timedelta(seconds=1) if form == "epoch_s" else timedelta(milliseconds=1)
        since_1970 = value - datetime(1970, 1, 1, tzinfo=UTC) - timedelta(seconds=int(before))
        return -(-since_1970 // unit) if late else since_1970 // unit
    return _pattern("%Y-%m-%d" if form == "date" else form, value, late=late, before=before, zone=zone)


def _before(value: Value) -> Value:
    """Return a value that lies before *value* however the source rounds seconds."""
    if isinstance(value, datetime):
        return value - timedelta(seconds=1)
    return value - timedelta(days=1) if isinstance(value, date) else value - 1


def _pattern(form: str, value: datetime, *, late: bool, before: bool, zone: ZoneInfo | None) -> str:
    """
    Return *value* as *form* writes it: of UTC and *zone* as the clock that asks for more.

    What the pattern drops is rounded; with *before* the text is one that lies wholly earlier.
    """
    clocks = [value.replace(tzinfo=None), *([value.astimezone(zone).replace(tzinfo=None)] if zone else [])]
    local = value if "%z" in form else max(clocks) if late else min(clocks)
    text = local.strftime(form)
    if not before and (not late or _is_whole(local, text, form)):
        return text
    steps = (timedelta(days=days if late else -days) for days in (1, 31, 366))
    return next((moved for step in steps if (moved := (local + step).strftime(form)) != text), text)


def _is_whole(value: datetime, text: str, form: str) -> bool:
    """Return whether *text* says all of *value*."""
    try:
        told = datetime.strptime(text, form)  # noqa: DTZ007 - both are of one clock
        return told.replace(tzinfo=None) == value.replace(tzinfo=None)
    except ValueError:
        return False
