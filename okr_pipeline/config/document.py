"""Files to documents: read under limits, decoded strictly, and never shown with a secret in them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from okr_pipeline.config import yaml
from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.masking import masked_lines
from okr_pipeline.config.yaml import Spot, YamlList, YamlMapping

MAX_BYTES = 1_000_000

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
_LINE_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")

PathIn = Sequence[str | int]


class Document:
    """
    One YAML file: its data, and the way from a place in the data to a place in the file.

    *file* is the path relative to the configuration folder. *data* is `UNREADABLE` when the file
    cannot be read.
    """

    def __init__(self, file: str, text: str, data: object) -> None:
        self.file = file
        self.data = data
        self.lines = _LINE_BREAK.split(text)
        self._shown: list[str] | None = None

    def diagnostic(
        self, code: str, spot: Spot, message: str, mend: str, *, warning: bool = False
    ) -> Diagnostic:
        """Return a diagnostic at *spot* of this file, with its line masked where it may hold a secret."""
        text = self._line(spot.line)
        length = spot.length if spot.column <= len(text) + 1 else 0
        return Diagnostic(
            code=code,
            message=message,
            mend=mend,
            file=self.file,
            line=spot.line,
            column=spot.column,
            length=length,
            text=text,
            warning=warning,
        )

    def value_spot(self, path: PathIn) -> Spot:
        """Return where the value at *path* stands; for a missing one, where its mapping is named."""
        return self._spot(path, of_key=False)

    def key_spot(self, path: PathIn) -> Spot:
        """Return where the last key of *path* stands; a list item stands for itself."""
        return self._spot(path, of_key=True)

    def spot_within(self, path: PathIn, text: str, offset: int, length: int) -> Spot:
        """Return where *length* characters from *offset* of the text at *path* stand, or all of it."""
        whole = self.value_spot(path)
        row_number = text.count("\n", 0, offset)
        start = text.rfind("\n", 0, offset) + 1
        row = text[start:].split("\n", 1)[0]
        one_line = "\n" not in text.rstrip("\n")
        line = whole.line if one_line and row in self._raw(whole.line) else whole.line + 1 + row_number
        column = self._raw(line).find(row, whole.column - 1 if line == whole.line else 0)
        if column < 0 or not row:
            return whole
        within = offset - start
        return Spot(line, column + within + 1, max(1, min(length, len(row) - within)))

    def _spot(self, path: PathIn, *, of_key: bool) -> Spot:
        data, spot = self.data, Spot(1, 1, 1)
        for depth, part in enumerate(path):
            last = depth == len(path) - 1
            if isinstance(data, YamlMapping) and part in data:
                name = str(part)
                value = data[name]
                by_key = of_key if last else isinstance(value, (YamlMapping, YamlList))
                spot = (data.key_spots if by_key else data.value_spots)[name]
                data = value
            elif isinstance(data, YamlList) and isinstance(part, int) and part < len(data):
                spot, data = data.item_spots[part], data[part]
            else:
                break
        return spot

    def _raw(self, line: int) -> str:
        return self.lines[line - 1] if 0 < line <= len(self.lines) else ""

    def _line(self, line: int) -> str:
        if self._shown is None:
            self._shown = masked_lines(self.lines)
        return self._shown[line - 1] if 0 < line <= len(self._shown) else ""


def read(path: Path, file: str) -> tuple[Document, bytes, list[Diagnostic]]:
    """Return the document at *path*, its bytes (empty if unreadable) and what is wrong with it."""
    content = b""
    try:
        content = _content(path)
        text = _decoded(content)
    except _UnreadError as unread:
        code, line = unread.code, unread.line
        problem = Diagnostic(code=code, message=unread.message, mend=unread.mend, file=file, line=line)
        return Document(file, "", yaml.UNREADABLE), content, [problem]
    data, problems = yaml.parse(text)
    document = Document(file, text, data)
    return document, content, [document.diagnostic(p.code, p.spot, p.message, p.mend) for p in problems]


def digest(contents: Iterable[tuple[str, bytes]]) -> str:
    """Return the SHA-256 over *contents*, pairs of relative path and bytes, whatever their order."""
    total = hashlib.sha256()
    for file, content in sorted(contents):
        name = file.encode()
        total.update(b"%d:%b%d:" % (len(name), name, len(content)))
        total.update(content)
    return total.hexdigest()


class _UnreadError(Exception):
    """A file has no text."""

    def __init__(self, code: str, message: str, mend: str, *, line: int = 1) -> None:
        super().__init__(message)
        self.code, self.message, self.mend, self.line = code, message, mend, line


def _content(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise _UnreadError("OKR002", "not a regular file", "replace it with a file")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _UnreadError("OKR002", f"cannot be read: {reason}", "allow this user to read it") from None
    if len(content) > MAX_BYTES:
        raise _UnreadError("OKR003", "larger than 1 MB", "split it; data belongs into a source")
    return content


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _UnreadError("OKR004", "the file is UTF-16", "save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _UnreadError("OKR004", "not UTF-8 text", "save the file as UTF-8", line=line) from None
    if found := _CONTROL.search(text):
        line = len(_LINE_BREAK.findall(text, 0, found.start())) + 1
        message = f"a control character U+{ord(found[0]):04X}"
        raise _UnreadError("OKR004", message, "remove it", line=line)
    return text
