"""How often a source is read: a word or a cron line becomes a cron line."""

from __future__ import annotations

from okr_pipeline.config.values import UnfitError

REFRESH_PRESETS = {"hourly": "0 * * * *", "daily": "0 6 * * *", "weekly": "0 6 * * 1"}

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_CRON_FIELDS = ((0, 59, ()), (0, 23, ()), (1, 31, ()), (1, 12, _MONTHS), (0, 7, _WEEKDAYS))


def read_refresh(raw: object) -> str:
    """Return the cron line of *raw*: hourly, daily (06:00), weekly (Monday 06:00), or five cron fields."""
    if isinstance(raw, str) and raw in REFRESH_PRESETS:
        return REFRESH_PRESETS[raw]
    fields = raw.split() if isinstance(raw, str) else []
    if len(fields) == len(_CRON_FIELDS) and all(map(_fits_cron, fields, _CRON_FIELDS)):
        return " ".join(fields)
    raise UnfitError("expected a refresh", "write hourly, daily, weekly, or five cron fields: 30 8 * * 1")


def _fits_cron(text: str, field: tuple[int, int, tuple[str, ...]]) -> bool:
    return all(_fits_cron_part(part, *field) for part in text.lower().split(","))


def _fits_cron_part(part: str, low: int, high: int, names: tuple[str, ...]) -> bool:
    span, slash, step = part.partition("/")
    if slash and not (step.isascii() and step.isdigit() and 0 < int(step) <= high):
        return False
    if span == "*":
        return True
    ends = [_cron_number(word, low, names) for word in span.split("-")]
    return len(ends) <= 2 and all(low <= end <= high for end in ends) and ends == sorted(ends)


def _cron_number(word: str, low: int, names: tuple[str, ...]) -> int:
    if word in names:
        return names.index(word) + low
    return int(word) if word.isascii() and word.isdigit() and len(word) <= 2 else -1
