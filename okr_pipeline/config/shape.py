"""One mapping against its text mirror: every pydantic error becomes a diagnostic at its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.masking import is_reference, is_secret_name, is_secret_text
from okr_pipeline.config.mirrors import Path, choices_at, meaning_at, model_at
from okr_pipeline.config.place import Place
from okr_pipeline.config.schema import keys_of, unsupported_in
from okr_pipeline.config.yaml import UNREADABLE, YamlList, YamlMapping
from okr_pipeline.spelling import did_you_mean, nearest

Model = TypeVar("Model", bound=BaseModel)

_ID = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_WORD = re.compile(r"[\w.\-]{1,40}\Z")
_EXPECTED = {
    "string": "text",
    "int": "a whole number",
    "dict": "a mapping (`key: value` lines)",
    "model": "a mapping (`key: value` lines)",
    "list": "a list ([a, b])",
    "tuple": "a list ([a, b])",
    "bool": "true or false",
    "float": "a number",
    "decimal": "a number",
}


def mapping_at(place: Place, data: object, report: list[Diagnostic]) -> YamlMapping | None:
    """Return *data* if it is a mapping; None, and a diagnostic unless it was reported before, if not."""
    if isinstance(data, YamlMapping):
        return data
    if data is not UNREADABLE:
        found = "nothing" if data is None else "something else"
        message = f"expected {_EXPECTED['dict']}, found {found}"
        report.append(place.problem("OKR104", message, "write `key: value`, one a line"))
    return None


def read_as(
    model: type[Model],
    data: Mapping[str, object],
    place: Place,
    report: list[Diagnostic],
    *,
    also: Iterable[str] = (),
    references: bool = False,
) -> Model | None:
    """
    Return *data* as *model*; None, and every problem in *report*, if it does not fit.

    *also* are keys that are known at this place without being of *model*, for suggestions. With
    *references*, `env:NAME` may stand for a value of any type; what it holds is not known here.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = _by_path(data, error)
        unknown = {path for path, detail in found.items() if detail["type"] == "extra_forbidden"}
        for path, detail in found.items():
            if not _passes(detail, references=references) and not _misspelt(path, detail, unknown):
                report.append(_diagnostic(model, path, detail, place, also))
        return None


def check_id(name: str, place: Place, siblings: Container[str], report: list[Diagnostic]) -> None:
    """Report *name*, the key at *place*, if it is no id."""
    if _ID.match(name):
        return
    plain = unicodedata.normalize("NFKC", name).casefold()
    same = plain if plain in siblings else None
    message = f"`{name}` is no id" if _WORD.match(name) else "this is no id"
    if same:
        message += f", and `{same}` differs from it in case or letter form only"
    mend = "an id begins with a-z, then a-z, 0-9 and _, at most 64 characters"
    near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if _ID.match(near) and near not in siblings:
        mend = f"did you mean `{near}`?  ({mend})"
    report.append(place.key_problem("OKR105", message, mend))


def _by_path(data: object, error: ValidationError) -> dict[Path, Any]:
    """Return the first error at each path of *data*."""
    found: dict[Path, Any] = {}
    for detail in error.errors(include_url=False):
        path = _existing(data, tuple(detail["loc"]), missing=detail["type"] == "missing")
        found.setdefault(path, detail)
    return found


def _misspelt(path: Path, detail: Any, unknown: set[Path]) -> bool:
    """Whether the key missing at *path* is there under a name that is reported already."""
    if detail["type"] != "missing":
        return False
    siblings = [str(other[-1]) for other in unknown if other[:-1] == path[:-1]]
    return nearest(str(path[-1]), siblings) is not None


def _passes(detail: Any, *, references: bool) -> bool:
    """Whether the value is reported already, or a reference where one may stand."""
    value = detail["input"]
    if detail["type"] in ("extra_forbidden", "missing"):
        return False
    return value is UNREADABLE or (references and isinstance(value, str) and is_reference(value))


def _existing(data: object, loc: Path, *, missing: bool) -> Path:
    """Return the part of *loc* that exists in *data*: pydantic adds the names of union members."""
    path: list[str | int] = []
    for at, part in enumerate(loc):
        if isinstance(data, YamlMapping) and part in data:
            data = data[str(part)]
        elif isinstance(data, YamlList) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif at + 1 < len(loc):
            continue
        else:
            return (*path, part) if missing else tuple(path)
        path.append(part)
    return tuple(path)


def _diagnostic(
    model: type[BaseModel], path: Path, found: Any, place: Place, also: Iterable[str]
) -> Diagnostic:
    kind, here = str(found["type"]), place.below(*path)
    name = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
    if kind == "extra_forbidden":
        return _unknown_key(model, path, here, also)
    if kind == "missing":
        mend = f"write `{name}:` here"
        return place.below(*path[:-1]).key_problem("OKR102", f"`{name}` is missing", mend)
    if kind == "union_tag_not_found":
        tag = str(found["ctx"]["discriminator"]).strip("'")
        return here.key_problem("OKR102", f"`{tag}` is missing", f"write `{tag}:` here")
    if kind == "union_tag_invalid":
        tag = str(found["ctx"]["discriminator"]).strip("'")
        told = {"ctx": {"expected": found["ctx"]["expected_tags"]}, "input": found["ctx"]["tag"]}
        return _not_allowed(tag, told, here.below(tag))
    if kind in ("literal_error", "enum"):
        around = model_at(model, path[:-1])
        if around is not None and f"{name}: {found['input']}" in unsupported_in(around):
            return _not_supported(f"`{name}: {found['input']}`", here)
        return _not_allowed(name, found, here)
    if kind.endswith("_type") and kind.removesuffix("_type") in _EXPECTED:
        return _wrong_shape(kind.removesuffix("_type"), name, found["input"], here)
    if kind == "too_short" and (least := found["ctx"]["min_length"]) > 1:
        return here.problem("OKR104", f"`{name}` has fewer than {least} entries", f"write at least {least}")
    if kind in ("too_short", "string_too_short"):
        return here.problem("OKR104", f"`{name}` is empty", "write at least one entry, or remove the key")
    if kind == "greater_than_equal":
        return here.problem("OKR104", f"`{name}` is too small", f"expected {found['ctx']['ge']} or more")
    pattern = kind == "string_pattern_mismatch"
    said = "it is not written like that" if pattern else re.sub(r"^\w+ error, ", "", str(found["msg"]))
    mend = meaning_at(model, path) or "mend the option"
    return here.problem("OKR115", f"`{name}` is refused: {said}" if name else said, mend)


def _unknown_key(model: type[BaseModel], path: Path, here: Place, also: Iterable[str]) -> Diagnostic:
    around, name = model_at(model, path[:-1]), str(path[-1])
    if around is not None and name in unsupported_in(around):
        return _not_supported(f"`{name}`", here)
    models = [around] if around else choices_at(model, path[:-1])
    known = [*(key for each in models for key in keys_of(each)), *(also if len(path) == 1 else ())]
    shown = f"`{name}` is not known here" if _WORD.match(name) else "a key that is not known here"
    return here.key_problem("OKR101", shown, did_you_mean(name, known) or "remove it")


def _not_supported(what: str, place: Place) -> Diagnostic:
    """Return the diagnostic for a part of the language that is not there yet."""
    return place.key_problem("OKR199", f"{what} is not supported by this version", "remove it for now")


def _not_allowed(name: str, found: Any, here: Place) -> Diagnostic:
    words = re.findall(r"'([^']*)'", str(found["ctx"]["expected"]))
    given = found["input"]
    secret = is_secret_name(name) or is_secret_text(str(given))
    showable = isinstance(given, str) and _WORD.match(given) and not secret
    shown = f"`{given}`" if showable else "this"
    return here.problem("OKR103", f"{shown} is no {name.replace('_', ' ')}", did_you_mean(str(given), words))


def _wrong_shape(expected: str, name: str, given: object, here: Place) -> Diagnostic:
    subject = f"`{name}`: " if name else ""
    found = "nothing" if given is None else _shape_of(given)
    mend = "write a value, or remove the key" if given is None else f"write {_EXPECTED[expected]}"
    if expected == "string" and found in ("a number", "true or false"):
        mend = "put it in quotes if it is text"
    return here.problem("OKR104", f"{subject}expected {_EXPECTED[expected]}, found {found}", mend)


def _shape_of(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, Mapping):
        return "a mapping"
    return "text" if isinstance(value, str) else "a list" if isinstance(value, list) else "a number"
