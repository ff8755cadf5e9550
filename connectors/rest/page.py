"""One page of an answer: its rows, and what it says of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.errors import Incomplete, SchemaChanged, SetupError
from connectors.names import nearest
from connectors.rest import path
from connectors.rest.page_options import Single
from connectors.rest.path import ABSENT

if TYPE_CHECKING:
    from connectors.rest.options import RestDataset, Whole
    from connectors.transport.answer import Answer

DIGITS = 18
ASK_FOR_FEWER = (
    "read again; if it stays, ask for fewer rows (by `params`, or in several datasets), "
    "or go on by a cursor or id of the source's that has no such end"
)


@dataclass(slots=True, kw_only=True)
class Page:
    """
    Rows in the order of the answer. *number* counts from 1, *before* the rows of earlier pages.
    *total* None: the source does not say. *marks* tell its rows apart, where a key is declared.
    *is_ignored*: `responses` say that it has no rows, whatever came. *is_bare*: there is not even a list.
    """

    answer: Answer
    rows: list[Any]
    number: int
    before: int
    total: int | None = None
    marks: list[tuple[Any, ...]] = field(default_factory=list)
    is_ignored: bool = False
    is_bare: bool = False


def read(answer: Answer, options: RestDataset, *, number: int, before: int, ignored: bool) -> Page:
    """
    Return the page that *answer* is; an *ignored* one has no rows.

    Raises:
        Incomplete: If it tells of errors, or does not say what `complete` wants said.
        SchemaChanged: If there are no rows where they should lie, or something that is none among them.
        SetupError: If the total is not where it should be.
    """
    if ignored:
        return Page(answer=answer, rows=[], number=number, before=before, is_ignored=True)
    found = path.find(answer.value, path.parse(options.rows))
    nothing = found is ABSENT or found is None
    _refuse_errors(answer, options, nothing=nothing)
    if nothing and not options.rows_may_be_absent:
        raise _no_rows(answer, options)
    rows = [] if nothing else _listed(found, answer, options, number=number)
    total = None
    if options.complete is not None:
        _believe(answer, options.complete, nothing=nothing)
        total = _total(answer, options.complete, nothing=nothing)
    return Page(answer=answer, rows=rows, number=number, before=before, total=total, is_bare=nothing)


def _refuse_errors(answer: Answer, options: RestDataset, *, nothing: bool) -> None:
    """Refuse any error in place of rows, and a list of `errors` beside them: GraphQL has null for each."""
    told = answer.value if isinstance(answer.value, dict) and options.rows else {}
    errors = told.get("errors")
    beside = isinstance(errors, list) and errors and path.parse(options.rows)[0] != "errors"
    if beside or (nothing and options.rows_may_be_absent and (errors or told.get("error"))):
        raise Incomplete(
            f"{answer.named()}: the answer tells of errors, and its rows cannot be all",
            mend="read again; if it stays, ask for it by hand and see what it tells",
        )


def _listed(found: Any, answer: Answer, options: RestDataset, *, number: int) -> list[Any]:
    if options.rows_are == "entries" and isinstance(found, dict):
        return [{"key": key, "value": value} for key, value in found.items()]
    if options.rows_are == "list" and isinstance(found, list):
        strange = next((n for n, row in enumerate(found) if not isinstance(row, (dict, list))), None)
        if strange is None:
            return found
        raise SchemaChanged(
            f"{answer.named()}: page {number}, row {strange + 1} is neither an object nor a list",
            mend="mend `rows`, or ask the source's operator",
            column=options.rows,
        )
    # Where a list of pages is expected, an object is an error that came with status 200.
    if options.rows_are == "list" and isinstance(found, dict) and isinstance(options.pages, Single):
        return [found]
    raise _no_rows(answer, options)


def _no_rows(answer: Answer, options: RestDataset) -> SchemaChanged:
    keys = list(answer.value) if isinstance(answer.value, dict) else []
    name = options.rows or "(the whole answer)"
    close = nearest(name.partition(".")[0], keys)
    told = f"did you mean {close}? " if close else ""
    return SchemaChanged(
        f"{answer.named()}: there are no rows at {name}",
        mend=f"{told}mend `rows`, or write rows_may_be_absent if an answer without rows lacks it",
        column=name,
        nearest=close,
    )


def _believe(answer: Answer, declared: Whole, *, nothing: bool) -> None:
    for place, said in declared.only_if.items():
        found = path.find(answer.value, path.parse(place))
        if found is ABSENT and nothing:
            continue
        # In Python, True is 1.
        if type(found) is not type(said) or found != said:
            raise Incomplete(
                f"{answer.named()}: what is at {place} is not what `only_if` wants of a whole answer",
                mend=ASK_FOR_FEWER,
            )


def _total(answer: Answer, declared: Whole, *, nothing: bool) -> int | None:
    if declared.total is declared.header is None:
        return None
    found = (
        answer.headers.get(declared.header, ABSENT)
        if declared.header
        else path.find(answer.value, path.parse(declared.total or ""))
    )
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) <= DIGITS:
        found = int(found)
    if (found is ABSENT or found is None) and nothing:
        return 0
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        place = declared.header or declared.total
        raise SetupError(f"{answer.named()}: there is no total at {place}", mend="mend `complete`")
    return found
