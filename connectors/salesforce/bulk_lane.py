"""Rows by Bulk 2.0 query jobs: asked for, waited for, fetched in pages that are counted before they count."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv

from connectors.errors import Incomplete, Transient
from connectors.salesforce import rest_lane
from connectors.salesforce.api import Api
from connectors.salesforce.faults import JobFailed, JobStuck, NotForBulk, NotThere, QueryTimedOut, damaged
from connectors.salesforce.jobs import Jobs
from connectors.salesforce.page import Page, last_key
from connectors.salesforce.plan import Plan
from connectors.salesforce.reach import Key, Reach, statement
from connectors.transport.answer import Answer
from connectors.transport.fault import Disturbed

PAGE_ROWS = 20_000
"""Rows of one page: what is held in memory until they are counted."""
LONG_TEXT_ROWS = 2_000
"""The same where a field may hold long texts."""

_PATH = "/jobs/query"
_JOB = re.compile(r"[A-Za-z0-9]{15,18}\Z")
_LOCATOR = re.compile(r"[A-Za-z0-9=_.~%+/-]{1,400}\Z")
_CODE = re.compile(r"\b([A-Z][A-Z_]{4,60}|[A-Z][a-z]+[A-Z][A-Za-z]{2,60})\b")
_ENDED = ("Failed", "Aborted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds between looks at a job, doubled up to *longest_s*; *stuck_s* without any progress end it."""

    first_s: float = 1
    longest_s: float = 30
    stuck_s: float = 1800


def pages(api: Api, plan: Plan, reach: Reach, *, jobs: Jobs, patience: Patience) -> Generator[Page]:
    """
    Yield the rows of *reach* in order, whole pages only.

    A job that fails is made again in two halves; one whose results are gone or lack rows, again for
    what is left; one that is stuck is aborted, and query pages read what is left.
    """
    todo, setbacks = [reach], 0
    while todo:
        reach = todo.pop()
        by_query = False
        try:
            with closing(_fetched(api, plan, reach, jobs, patience)) as fetched:
                for page, key in fetched:
                    yield page
                    reach, setbacks = reach.past(key), 0
        except (JobFailed, QueryTimedOut) as problem:
            todo += rest_lane.cut(api, plan, reach, problem)
        except (JobStuck, NotForBulk):
            by_query = True
        except (NotThere, Incomplete):
            setbacks += 1
            if setbacks >= rest_lane.MOST_SETBACKS:
                raise
            todo.append(reach)
        if by_query:
            yield from rest_lane.pages(api, plan, reach)


def page_rows(plan: Plan) -> int:
    """Return how many rows of *plan* one page may have."""
    is_long = any(field.type == "textarea" for field in plan.fields.values())
    return min(PAGE_ROWS, LONG_TEXT_ROWS) if is_long else PAGE_ROWS


def _fetched(
    api: Api, plan: Plan, reach: Reach, jobs: Jobs, patience: Patience
) -> Generator[tuple[Page, Key]]:
    soql = statement(plan, reach)
    job = jobs.id_of(soql) or _made(api, plan, soql, jobs)
    try:
        total = _awaited(api, job, patience)
        key, taken, locator = reach.after, 0, ""
        while taken < total:
            page, locator = _results(api, plan, job, locator)
            if page.rows:
                key = last_key(plan, page, after=key)
                yield page, key
            taken += page.rows
            if not locator:
                break
        if taken != total or locator:
            raise damaged(f"job {job}: rows of its results", expected=total, got=taken)
    except (JobFailed, JobStuck, NotThere, Incomplete):
        jobs.forget(soql)
        raise


def _made(api: Api, plan: Plan, soql: str, jobs: Jobs) -> str:
    operation = "queryAll" if plan.include_deleted else "query"
    body = {"operation": operation, "query": soql, "columnDelimiter": "COMMA", "lineEnding": "LF"}
    answer = api.send("POST", _PATH, {**body, "contentType": "CSV"})
    job = str(_info(answer).get("id"))
    if not _JOB.match(job):
        raise Transient(f"{answer.named()}: no job came", mend="it is read again next run")
    jobs.add(soql, job)
    return job


def _awaited(api: Api, job: str, patience: Patience) -> int:
    """Return how many rows the job has found, once it is complete."""
    wait_s, seen, since = patience.first_s, None, api.timing.monotonic()
    while True:
        info = _info(api.get(f"{_PATH}/{job}"))
        state = info.get("state")
        if state == "JobComplete" and isinstance(info.get("numberRecordsProcessed"), int):
            return int(info["numberRecordsProcessed"])
        if state in _ENDED:
            code = _CODE.search(str(info.get("errorMessage") or ""))
            named = f", {code[1]}" if code else ""
            raise JobFailed(f"job {job} ended as {state}{named}", mend="it is read again next run")
        progress = (state, info.get("numberRecordsProcessed"))
        if progress != seen:
            seen, since = progress, api.timing.monotonic()
        elif api.timing.monotonic() - since > patience.stuck_s:
            _abort(api, job)
            raise JobStuck(
                f"job {job} made no progress for {patience.stuck_s:g} s", mend="see its state in Setup"
            )
        api.timing.sleep(wait_s)
        wait_s = min(wait_s * 2, patience.longest_s)


def _abort(api: Api, job: str) -> None:
    try:
        api.send("PATCH", f"{_PATH}/{job}", {"state": "Aborted"})
    except (NotThere, Transient):
        return  # it ended by itself, or will be deleted by Salesforce after a week


def _results(api: Api, plan: Plan, job: str, locator: str) -> tuple[Page, str]:
    """Return one page, and where the next one is: the empty text after the last."""
    parsed: list[Page] = []

    def judge(answer: Answer) -> None:
        if answer.status != 200:
            return
        page = _parsed(plan, answer)
        declared = answer.headers.get("Sforce-NumberOfRecords", "")
        if declared != str(page.rows):
            raise Disturbed(f"{page.rows} rows came where {declared or 'no number'} was declared", tries=3)
        parsed[:] = [page]

    params = {"maxRecords": str(page_rows(plan)), **({"locator": locator} if locator else {})}
    answer = api.get(f"{_PATH}/{job}/results", params=params, wanted="csv", judge=judge)
    if not parsed:
        raise Transient(f"{answer.named()}: no rows came", mend="it is read again next run")
    following = answer.headers.get("Sforce-Locator", "null")
    if following == "null":
        return parsed[0], ""
    if not _LOCATOR.match(following) or following == locator:
        raise damaged(f"job {job}: a locator", expected="another one after every page", got="none")
    return parsed[0], following


def _parsed(plan: Plan, answer: Answer) -> Page:
    names = [f"f{number}" for number in range(len(plan.paths))]
    header, _, _ = answer.body.partition(b"\n")
    present = [cell.strip('"\r').casefold() for cell in header.decode(errors="replace").split(",")]
    if present != [path.casefold() for path in plan.paths]:
        raise Disturbed("the header is not what was asked for", tries=3)
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(answer.body),
            arrow_csv.ReadOptions(
                use_threads=False, column_names=names, skip_rows=1, block_size=len(answer.body) + 1
            ),
            arrow_csv.ParseOptions(newlines_in_values=True),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError):
        raise Disturbed("the answer is no CSV", tries=3) from None
    return Page([column.combine_chunks() for column in table.columns])


def _info(answer: Answer) -> Mapping[str, Any]:
    if not isinstance(answer.value, dict):
        raise Transient(f"{answer.named()}: no job came", mend="it is read again next run")
    return answer.value
