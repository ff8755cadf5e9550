"""When an asset is overdue: older than its schedule ever leaves it, even if nothing ran that could fail."""

from datetime import timedelta

import dagster as dg

RUNNING = timedelta(hours=2)
"""Beyond the pause: the hour by which clocks are set back, and one for the run itself."""


def overdue(line: str | None) -> dg.FreshnessPolicy | None:
    """
    Return how old an asset may be that the cron *line* brings up to date; None if that cannot be said.

    It is the longest pause that such a line can leave: an hour, a day, or a week where it names
    weekdays. One that names days of the month, or months, may leave any, and so has no answer.
    """
    if line is None:
        return None
    _, hour, day, month, weekday = line.split()
    if (day, month) != ("*", "*"):
        return None
    if weekday != "*":
        pause = timedelta(weeks=1)
    elif hour != "*":
        pause = timedelta(days=1)
    else:
        pause = timedelta(hours=1)
    return dg.FreshnessPolicy.time_window(fail_window=pause + RUNNING)
