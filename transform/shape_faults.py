"""What is wrong with the shape of a TOML file that pydantic checks: each fault at its place, with what to do.

The shape is a model of `question_parts.Part`: exact types, no unknown keys. Faults name keys and types; a value is
shown only where a few fixed ones are allowed, or where its own check says it (`question_values.wrong`).
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError

from transform.contract import TransformError
from transform.toml_places import Path, Place

Found = tuple[Path, str, str]
"""Path into the file, what is wrong, remedy."""

_SAID = {
    "string_type": ("must be text", "Put it into quotes"),
    "int_type": ("must be a number", "Write it without quotes"),
    "bool_type": ("must be true or false", "Write it without quotes"),
    "date_type": ("is not a date", "Write a day without quotes, like 2020-01-20"),
    "datetime_type": ("is not a date and time", "Write it without quotes, like 2020-05-21T09:30:00+01:00"),
    "timezone_aware": ("does not say in which time zone it is", "Add the offset, like +01:00"),
    "list_type": ("must be a list", "Put it into [ ]"),
    "model_type": ("must be a table", "Write it as { ... } or under a header in [ ]"),
    "dict_type": ("must be a table", "Write it as { ... } or under a header in [ ]"),
    "greater_than_equal": ("is too small", "Count from 1"),
    "less_than_equal": ("is too large", "Write a smaller number"),
    "too_short": ("is empty", "Add at least one"),
}
_MISREAD = {
    "Unclosed array": "Close the list with ]",
    "Invalid date or datetime": "A date is written 2020-01-20 and must exist",
    "Cannot overwrite a value": "The key stands here a second time: keep one; or [x] stands beside [[x]]: write [[x]]",
    "Cannot declare": "The table stands here a second time: keep one; several of a kind are written [[x]]",
    "Expected '=' after a key": "Write key = value; a name with spaces stands in quotes",
}


def not_toml(text: str, shown: str, said: str) -> TransformError:
    """The error for a text that `tomllib` refused, saying `said`; `shown` names the file."""
    what, _, place = said.partition(" (at ")
    numbers = [int(word.strip(",)")) for word in place.split() if word.strip(",)").isdigit()]
    line, column = numbers if len(numbers) == 2 else (max(len(text.splitlines()), 1), 1)
    remedy = next(
        (remedy for start, remedy in _MISREAD.items() if what.startswith(start)),
        "Mend this line; dates are written 2020-01-20 and must exist, texts stand in quotes",
    )
    return TransformError(f"the file is not TOML: {what}", where=f"{shown}:{line}:{column}", remedy=remedy)


def place_of(found: Mapping[Path, Place], path: Path) -> Place:
    """The place of a path, or of the nearest table around what is missing."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path, (1, 1))


def nearest(name: str, known: Iterable[str], what: str) -> str:
    """The remedy for a name that is not known: the nearest one that is, else all of them."""
    names = list(known)
    near = get_close_matches(name, names, 1)
    return f"Did you mean `{near[0]}`?" if near else f"The {what} are: {', '.join(names) or 'none'}"


def shape_faults(error: ValidationError, root: type[BaseModel]) -> list[Found]:
    """The faults of a shape `root`; a key that is only misspelt is not missing too."""
    errors: list[dict[str, Any]] = [dict(one) for one in error.errors(include_url=False)]
    misspelt = {
        (*one["loc"][:-1], near)
        for one in errors
        if one["type"] == "extra_forbidden"
        for near in get_close_matches(str(one["loc"][-1]), known_keys(root, one["loc"][:-1]), 1)
    }
    return [_shape_fault(e, root) for e in errors if e["type"] != "missing" or tuple(e["loc"]) not in misspelt]


def known_keys(root: type[BaseModel], path: Path) -> list[str]:
    """The keys that the table at a path may hold."""
    return [f.alias or n for n, f in _model(root, path).model_fields.items()]


def _shape_fault(error: dict[str, Any], root: type[BaseModel]) -> Found:
    path: Path = error["loc"]
    name = next((str(p) for p in reversed(path) if isinstance(p, str)), "")
    kind, context, given = error["type"], error.get("ctx", {}), error["input"]
    if kind == "question":
        return path, f"`{name}`: {context['what']}", context["remedy"]
    if kind == "missing":
        return path, f"`{name}` is missing", _how_to_add(root, path)
    if kind == "extra_forbidden":
        return path, f"unknown key `{name}`", nearest(name, known_keys(root, path[:-1]), "keys")
    if kind == "literal_error":
        choices = str(context["expected"]).split("'")[1::2]  # 'first hearing' or 'last hearing'
        near = get_close_matches(given, choices, 1, 0.5) if isinstance(given, str) else []
        remedy = f"Did you mean {near[0]!r}?" if near else f"Use {context['expected']}"
        return path, f"`{name}` cannot be {given!r}", remedy
    what, remedy = _SAID.get(kind, (str(error["msg"]), "Correct it"))
    if kind == "string_type" and isinstance(given, int):
        remedy = f'Put it into quotes, "{given}", so that zeros in front are kept'
    return path, f"`{name}` {what}", remedy


def _model(root: type[BaseModel], path: Path) -> type[BaseModel]:
    """The shape of the table at a path."""
    model = root
    for part in path:
        if isinstance(part, int):
            continue
        field = next((f for n, f in model.model_fields.items() if part in (n, f.alias)), None)
        candidates = [field.annotation, *get_args(field.annotation)] if field else []
        model = next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), model)
    return model


def _how_to_add(root: type[BaseModel], path: Path) -> str:
    """What to write for a key that is missing; the values where there are only some."""
    name = path[-1]
    field = next((f for n, f in _model(root, path[:-1]).model_fields.items() if name in (n, f.alias)), None)
    choices = [repr(choice) for choice in get_args(field.annotation)] if field else []
    inner = get_args(field.annotation)[:1] if field and get_origin(field.annotation) is list else ()
    if inner and isinstance(inner[0], type) and issubclass(inner[0], BaseModel):
        return f"Add [[{name}]]"
    if field and isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
        return f"Add [{name}]"
    literal = field is not None and get_origin(field.annotation) is Literal
    return f"Add {name} = {' or '.join(choices)}" if literal else f"Add {name} = ..."
