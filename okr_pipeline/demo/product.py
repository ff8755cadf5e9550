"""The product's own database: teams, sign-ups, daily activity and availability probes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from okr_pipeline.demo.season import CYCLE_ENDS, Draw, days, growth, instant, slump, weekday_weight

Row = tuple[object, ...]

_SCHEMA = """
CREATE TABLE team (
    id INTEGER PRIMARY KEY, plan TEXT NOT NULL, country TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE TABLE signup (
    team_id INTEGER PRIMARY KEY, signed_up_at TEXT NOT NULL, invited INTEGER NOT NULL,
    first_job_minutes INTEGER, updated_at TEXT NOT NULL
);
CREATE TABLE activity (
    team_id INTEGER NOT NULL, day TEXT NOT NULL, jobs_planned INTEGER NOT NULL, technicians INTEGER NOT NULL,
    PRIMARY KEY (team_id, day)
) WITHOUT ROWID;
CREATE TABLE probe (
    probed_at TEXT PRIMARY KEY, ok INTEGER NOT NULL, milliseconds INTEGER NOT NULL
) WITHOUT ROWID;
"""
_FIRST_DAY = date(2026, 6, 22)
_OLD_TEAMS = 318
_OUTAGE = (datetime(2026, 9, 15, 11, 20, tzinfo=UTC), datetime(2026, 9, 15, 12, 30, tzinfo=UTC))
_COUNTRIES = ("DE", "DE", "DE", "AT", "CH", "NL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """
    One customer team. *daily_from* is the day planning on the board became its habit.

    *first_job_minutes* is the time from sign-up to the first planned job; None if none followed.
    """

    id: int
    plan: str
    country: str
    created_at: datetime
    left_on: date | None
    daily_from: date | None
    invited_at: datetime | None = None
    first_job_minutes: int | None = None

    def chance(self, day: date) -> float:
        """Return how likely this team plans a job on *day*."""
        if day <= self.created_at.date() or (self.left_on and self.left_on <= day):
            return 0.0
        daily = self.daily_from is not None and self.daily_from <= day
        return (0.93 if daily else 0.25) * min(weekday_weight(day), 1.0) * slump(day, 0.08)


def write_database(path: Path, *, at: datetime) -> None:
    """Write the database as it stands at *at* to *path*, which must not exist."""
    teams = _teams()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA page_size = 4096")
        database.executescript(_SCHEMA)
        with database:
            database.executemany("INSERT INTO team VALUES (?, ?, ?, ?)", _team_rows(teams, at))
            database.executemany("INSERT INTO signup VALUES (?, ?, ?, ?, ?)", _signup_rows(teams, at))
            database.executemany("INSERT INTO activity VALUES (?, ?, ?, ?)", _activity_rows(teams, at))
            database.executemany("INSERT INTO probe VALUES (?, ?, ?)", _probe_rows(at))


def _teams() -> list[Team]:
    draw = Draw("teams")
    teams = [_old_team(draw, number) for number in range(1, _OLD_TEAMS + 1)]
    for day in days(_FIRST_DAY, CYCLE_ENDS):
        rate = growth(day, start=5.6, end=8.4) * weekday_weight(day) * slump(day, 0.3)
        teams += [_new_team(draw, len(teams) + new, day) for new in range(1, draw.count(rate) + 1)]
    return teams


def _old_team(draw: Draw, number: int) -> Team:
    created_at = instant(_FIRST_DAY - timedelta(days=draw.between(8, 700)), draw.between(480, 1080))
    daily_from = None
    if draw.chance(0.34):
        daily_from = _FIRST_DAY + timedelta(days=draw.between(-90, 135))
    left_on = _FIRST_DAY + timedelta(days=draw.between(1, 130)) if draw.chance(0.07) else None
    plan = draw.pick(("starter", "crew", "crew", "fleet"))
    return Team(id=number, plan=plan, country=draw.pick(_COUNTRIES), created_at=created_at,
                left_on=left_on, daily_from=daily_from)  # fmt: skip


def _new_team(draw: Draw, number: int, day: date) -> Team:
    created_at = instant(day, draw.between(7 * 60, 20 * 60), draw.between(0, 59))
    invited = draw.chance(growth(day, start=0.37, end=0.62))
    started = invited or draw.chance(0.45)
    middle = growth(day, start=200.0, end=80.0) / slump(day, 0.06)
    minutes = int(middle * draw.pick((0.2, 0.4, 0.7, 0.9, 1.0, 1.1, 1.5, 2.6, 4.8))) + draw.between(0, 14)
    stays = invited and draw.chance(0.5)
    left_on = None if stays else day + timedelta(days=draw.between(2, 16))
    daily_from = day + timedelta(days=draw.between(9, 60)) if stays and draw.chance(0.3) else None
    return Team(
        id=number,
        plan="starter",
        country=draw.pick(_COUNTRIES),
        created_at=created_at,
        left_on=left_on,
        daily_from=daily_from,
        invited_at=created_at + timedelta(minutes=draw.between(30, 3 * 1440)) if invited else None,
        first_job_minutes=minutes if started else None,
    )


def _team_rows(teams: list[Team], at: datetime) -> Iterator[Row]:
    for team in teams:
        if team.created_at <= at:
            yield (team.id, team.plan, team.country, _text(team.created_at))


def _signup_rows(teams: list[Team], at: datetime) -> Iterator[Row]:
    """A row is written at sign-up and again when the team invites its technicians or plans a first job."""
    for team in teams[_OLD_TEAMS:]:
        job_at = None
        if team.first_job_minutes is not None:
            job_at = team.created_at + timedelta(minutes=team.first_job_minutes)
        moments = [moment for moment in (team.created_at, team.invited_at, job_at) if moment and moment <= at]
        if moments:
            invited = team.invited_at in moments
            minutes = team.first_job_minutes if job_at in moments else None
            yield (team.id, _text(team.created_at), invited, minutes, _text(max(moments)))


def _activity_rows(teams: list[Team], at: datetime) -> Iterator[Row]:
    """A phone without network hands its day in a day late: such rows are for an earlier day."""
    draw = Draw("activity")
    for day in days(_FIRST_DAY, CYCLE_ENDS):
        for team in teams:
            chance = team.chance(day)
            if chance and draw.chance(chance):
                jobs, technicians = draw.between(3, 42), draw.between(2, 12)
                seen_at = instant(day, draw.between(6 * 60, 18 * 60)) + timedelta(days=draw.count(0.03))
                if seen_at <= at:
                    yield (team.id, day.isoformat(), jobs, technicians)


def _probe_rows(at: datetime) -> Iterator[Row]:
    draw = Draw("probes")
    probed_at = instant(_FIRST_DAY, 0)
    while probed_at <= at:
        ok = not (draw.chance(0.0003) or _OUTAGE[0] <= probed_at < _OUTAGE[1])
        yield (_text(probed_at), ok, draw.between(90, 240) if ok else 10_000)
        probed_at += timedelta(minutes=5)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
