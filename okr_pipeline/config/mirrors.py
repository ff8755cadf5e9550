"""What a text mirror knows of a place below it: the model that stands there, and what an option is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel

Path = tuple[str | int, ...]


def model_at(model: type[BaseModel], path: tuple[str | int, ...]) -> type[BaseModel] | None:
    """Return the model of the mapping at *path* within *model*; None if it is no single model."""
    current: Any = model
    for part in path:
        current = _inside(current, part)
    return _as_model(current)


def choices_at(model: type[BaseModel], path: Path) -> list[type[BaseModel]]:
    """Return the models that the mapping at *path* within *model* may be."""
    current: Any = model
    for part in path:
        current = _inside(current, part)
    return _models_in(current)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [model for choice in get_args(annotation) for model in _models_in(choice)]


def _inside(annotation: Any, part: str | int) -> Any:
    """Return the annotation of what stands under *part*; None when that is not certain."""
    model = _as_model(annotation)
    if model is not None:
        fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
        return fields.get(str(part))
    arguments = get_args(annotation)
    if get_origin(annotation) in (dict, Mapping):
        return arguments[1]
    if get_origin(annotation) in (list, tuple):
        return arguments[0]
    choices = [inside for choice in arguments if (inside := _inside(choice, part)) is not None]
    return choices[0] if len(choices) == 1 else None


def _as_model(annotation: Any) -> type[BaseModel] | None:
    choices = (annotation,) if isinstance(annotation, type) else get_args(annotation)
    if get_origin(annotation) in (dict, list, tuple, Mapping):
        return None
    models = [choice for choice in choices if isinstance(choice, type) and issubclass(choice, BaseModel)]
    return models[0] if len(models) == 1 else None


def meaning_at(model: type[BaseModel], path: Path) -> str | None:
    """Return what the option at *path* is for, in the words of its connector; None if it does not say."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    if not path:
        return None
    meanings = {
        field.description
        for around in choices_at(model, path[:-1])
        for name, field in around.model_fields.items()
        if path[-1] in (name, field.alias)
    }
    [meaning] = meanings if len(meanings) == 1 else [None]
    return meaning and f"{path[-1]}: {meaning}"
