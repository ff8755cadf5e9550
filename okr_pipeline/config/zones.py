"""Time zone names, with a suggestion for those that do not exist."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.place import Place
from okr_pipeline.spelling import did_you_mean, shown


def read_zone(name: str, place: Place, report: list[Diagnostic]) -> ZoneInfo | None:
    """Return the time zone *name*; None, and a diagnostic, when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zones = sorted(available_timezones())
        by_city = [zone for zone in zones if zone.rpartition("/")[2].casefold() == name.casefold()]
        mend = f"did you mean `{by_city[0]}`?" if by_city else did_you_mean(name, zones)
        mend = mend or "write one such as Europe/Berlin"
        report.append(place.problem("OKR116", f"{shown(name)} is no time zone", mend))
        return None
