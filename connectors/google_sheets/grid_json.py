"""A values:batchGet answer in a file: looked through once to its end, then read a few rows at a time."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from connectors import json_text

_CHUNK = 1 << 18
_BLANK = " \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueRange:
    """One range of an answer: *name* as the server writes it, and the byte at which its rows begin."""

    name: str
    start: int | None


class _Text:
    """JSON text read piece by piece, with one value of it taken at a time."""

    def __init__(self, file: BinaryIO, *, start: int, encoding: str) -> None:
        self._file = file
        self._offset = start
        self._decoder = json_text.decoder()
        self._bytes = codecs.getincrementaldecoder(encoding)()
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._before = 0
        self._ended = False

    @property
    def place(self) -> int:
        """How many characters were taken."""
        return self._before + self._at

    def sign(self) -> str:
        """Return the next character that is no blank, without taking it; empty at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _BLANK:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def take(self, *expected: str) -> str:
        """Take the next character, which must be one of *expected*; ValueError if it is not."""
        found = self.sign()
        if found not in expected or not found:
            raise ValueError("not JSON of the expected shape")
        self._at += 1
        return found

    def value(self) -> Any:
        """Take one whole value; ValueError if there is none."""
        self.sign()
        while True:
            try:
                found, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if not self._more():
                    raise ValueError("not JSON") from None
                continue
            except RecursionError:
                raise ValueError("nested too deep") from None
            if end == len(self._text) and self._more():
                continue  # a number may go on
            self._at = end
            return found

    def _more(self) -> bool:
        """Read on; False at the end."""
        if self._ended:
            return False
        self._file.seek(self._offset)
        chunk = self._file.read(max(_CHUNK, len(self._text) - self._at))
        self._offset += len(chunk)
        self._ended = not chunk
        self._utf8.decode(chunk, final=self._ended)  # ValueError where it is none
        self._before += self._at
        self._text = self._text[self._at :] + self._bytes.decode(chunk, final=self._ended)
        self._at = 0
        return True


def ranges(file: BinaryIO) -> list[ValueRange]:
    """
    Return the value ranges of the answer in *file*, having read all of it.

    Raises:
        ValueError: If it is not one whole answer. The message holds no value.
    """
    # One byte a character: places count bytes, and structure is ASCII whatever the texts are.
    text = _Text(file, start=0, encoding="latin-1")
    found: list[ValueRange] | None = None
    for key in _members(text):
        if key == "valueRanges":
            found = [_value_range(text) for _ in _elements(text)]
        else:
            text.value()
    if text.sign() or found is None:
        raise ValueError("not an answer with value ranges")
    return found


def rows(file: BinaryIO, part: ValueRange) -> Iterator[list[Any]]:
    """Yield the rows of *part*, numbers as int or Decimal exactly as written."""
    if part.start is None:
        return
    text = _Text(file, start=part.start, encoding="utf-8")
    for _ in _elements(text):
        yield _row(text)


def _value_range(text: _Text) -> ValueRange:
    name, start = None, None
    for key in _members(text):
        if key == "values":
            text.sign()
            start = text.place
            for _ in _elements(text):
                _row(text)
        else:
            value = text.value()
            name = value if key == "range" else name
    if not isinstance(name, str):
        raise ValueError("a value range without its name")
    return ValueRange(name=name.encode("latin-1").decode(errors="replace"), start=start)


def _row(text: _Text) -> list[Any]:
    found = text.value()
    if not isinstance(found, list) or any(isinstance(cell, (list, dict)) for cell in found):
        raise ValueError("a row that is no list of cells")
    return found


def _members(text: _Text) -> Iterator[str]:
    """Yield the keys of an object; who asks takes the value behind each."""
    text.take("{")
    if text.sign() == "}":
        text.take("}")
        return
    while True:
        key = text.value()
        text.take(":")
        yield str(key)
        if text.take(",", "}") == "}":
            return


def _elements(text: _Text) -> Iterator[None]:
    """Yield once an element of a list; who asks takes it."""
    text.take("[")
    if text.sign() == "]":
        text.take("]")
        return
    while True:
        yield
        if text.take(",", "]") == "]":
            return
