"""Secrets stand in the YAML as references only; one written in plain is refused without echoing it."""

from __future__ import annotations

from collections.abc import Container

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.masking import is_reference, is_secret_name, is_secret_text
from okr_pipeline.config.place import Place

MEND = "write env:NAME, or file:PATH for a mounted secret, and change the secret: it is in a file now"


def check_no_secrets(
    place: Place, value: object, report: list[Diagnostic], *, name: str = "", skip: Container[str] = ()
) -> None:
    """Report every secret in *value*, which stands at *place* as *name*; keys in *skip* are left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in skip:
                check_no_secrets(place.below(key), inner, report, name=key)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            check_no_secrets(place.below(number), inner, report, name=name)
    elif (problem := _problem(place, value, name)) is not None:
        report.append(problem)


def _problem(place: Place, value: object, name: str) -> Diagnostic | None:
    text = value if isinstance(value, str) else ""
    if value is None or isinstance(value, bool) or is_reference(text):
        return None
    if text.strip() in ("env:", "file:"):
        return place.problem("OKR502", f"`{text.strip()}` names nothing", "write env:NAME or file:PATH")
    if is_secret_name(name) and value != "":
        return place.problem("OKR501", f"`{name}` is written in plain", MEND)
    if is_secret_text(text):
        return place.problem("OKR501", f"`{name}` holds a secret in plain", MEND)
    return None
