"""Declared column names against those a source has: exact, or an error that names the likeliest one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from connectors.contract import Misfit
from connectors.errors import SchemaChanged


def nearest(name: str, present: Iterable[str]) -> str | None:
    """Return the name most like *name*, ignoring case and outer spaces first; None if none is close."""
    folded = {other.strip().casefold(): other for other in present}
    close = get_close_matches(name.strip().casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def undeclared(
    option: str, named: Mapping[str, object] | tuple[str, ...], columns: Iterable[str]
) -> Iterator[Misfit]:
    """Yield each of *named*, under *option*, that is none of *columns*: it would be said of none."""
    declared = set(columns)
    for at, name in enumerate(named) if isinstance(named, tuple) else zip(named, named, strict=True):
        if name not in declared:
            close = nearest(name, declared)
            yield Misfit(
                option=(option, at),
                message=f"{name} under `{option}` is no declared column",
                mend=f"did you mean {close}?" if close else "declare it under `columns`, or leave it out",
            )


def positions(declared: Iterable[str], present: Sequence[str], *, where: str) -> list[int]:
    """
    Return the position of each declared column among those *present*, in declared order.

    Raises:
        SchemaChanged: If one is missing or there twice. *where* names the place.
    """
    counts = Counter(present)
    for name in declared:
        if counts[name] != 1:
            raise _changed(name, counts, where)
    return [present.index(name) for name in declared]


def _changed(name: str, counts: Counter[str], where: str) -> SchemaChanged:
    if counts[name]:
        return SchemaChanged(
            f"{where}: column {name} is there {counts[name]} times",
            mend="rename one of them in the source",
            column=name,
        )
    close = nearest(name, counts)
    return SchemaChanged(
        f"{where}: there is no column {name}",
        mend=f"did you mean {close}?" if close else f"declare columns that are there ({len(counts)} are)",
        column=name,
        nearest=close,
    )
