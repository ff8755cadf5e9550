"""A handle on one spot of the configuration: what stands there, and a diagnostic about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.document import Document
from okr_pipeline.config.values import UnfitError
from okr_pipeline.config.yaml import UNREADABLE

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Place:
    """The value at *path* in *document*; an empty path is the whole file."""

    document: Document
    path: tuple[str | int, ...] = ()

    def below(self, *path: str | int) -> Place:
        """Return the place further down, under *path*."""
        return Place(self.document, (*self.path, *path))

    @property
    def at(self) -> str:
        """`file:line` of the declaration."""
        return f"{self.document.file}:{self.line}"

    @property
    def line(self) -> int:
        """The line of the declaration, counted from 1."""
        return self.document.key_spot(self.path).line

    def problem(self, code: str, message: str, mend: str, *, warning: bool = False) -> Diagnostic:
        """Return a diagnostic that underlines the value here, or its nearest mapping when there is none."""
        spot = self.document.value_spot(self.path)
        return self.document.diagnostic(code, spot, message, mend, warning=warning)

    def key_problem(self, code: str, message: str, mend: str, *, warning: bool = False) -> Diagnostic:
        """Return a diagnostic that underlines the key here."""
        spot = self.document.key_spot(self.path)
        return self.document.diagnostic(code, spot, message, mend, warning=warning)

    def text_problem(
        self, code: str, text: str, *, offset: int, length: int, message: str, mend: str, warning: bool
    ) -> Diagnostic:
        """Return a diagnostic that underlines *length* characters from *offset* of the *text* here."""
        spot = self.document.spot_within(self.path, text, offset, length)
        return self.document.diagnostic(code, spot, message, mend, warning=warning)

    def parsed(
        self, raw: object, parse: Callable[[object], Value], code: str, report: list[Diagnostic]
    ) -> Value | None:
        """Return what *parse* makes of *raw*; None, and a diagnostic in *report*, when it does not fit."""
        if raw is UNREADABLE:
            return None
        try:
            return parse(raw)
        except UnfitError as unfit:
            report.append(self.problem(code, unfit.message, unfit.mend))
            return None

    def parsed_key(
        self, parse: Callable[[object], Value], code: str, report: list[Diagnostic]
    ) -> Value | None:
        """Return what *parse* makes of the key here; None, and a diagnostic, when it does not fit."""
        try:
            return parse(self.path[-1])
        except UnfitError as unfit:
            report.append(self.key_problem(code, unfit.message, unfit.mend))
            return None
