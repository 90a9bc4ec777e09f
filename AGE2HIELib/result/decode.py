"""JSON into frozen dataclasses by their annotations, and back.

The standard library is enough: the Slicer panel reads the records of a saved scene before anything is installed in
Slicer's Python, which brings neither pydantic nor msgspec. See docs/reference/result.md for what was measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


_WORDS = {str: "a text", bool: "true or false", int: "a whole number"}


class RecordError(ValueError):
    """JSON that is not what a type says; the text names the place in it."""


def decode(kind: type[T], value: Any) -> T:
    """An instance of a dataclass from the object that ``json.loads`` gives. Keys that the class does not know are left
    aside, and those that have a default may be missing. Raises RecordError.
    """
    decoded: T = _decode(kind, value, "")
    return decoded


def encode(value: Any) -> Any:
    """What ``json.dumps`` writes of a value that holds dataclasses."""
    if is_dataclass(value) and not isinstance(value, type):
        return {key: encode(getattr(value, key)) for key in json_keys(type(value))}
    if isinstance(value, Mapping):
        return {key: encode(inner) for key, inner in value.items()}
    return [encode(inner) for inner in value] if isinstance(value, tuple | list) else value


def json_keys(kind: Any) -> tuple[str, ...]:
    """Keys of a dataclass in JSON: its fields, or its ``KEYS``, which may name properties as well."""
    keys: tuple[str, ...] = getattr(kind, "KEYS", ()) or tuple(field.name for field in fields(kind))
    return keys


@cache
def types_of(kind: Any) -> dict[str, Any]:
    """Types of the fields of a dataclass, by name."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


@cache
def required_keys(kind: Any) -> tuple[str, ...]:
    """Those of a dataclass that every version has written: they have no default."""
    found = (field for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING)
    return tuple(field.name for field in found)


def _decode(kind: Any, value: Any, place: str) -> Any:
    if is_dataclass(kind):
        return _object(kind, value, place)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return None if value is None and NoneType in inner else _one_of(inner, value, place)
    if origin is Literal:
        return _must(value in inner, value, f"one of {', '.join(inner)}", place)
    if origin is tuple:
        return _items(inner, _must(isinstance(value, list), value, "a list", place), place)
    if origin is Mapping:
        _must(isinstance(value, dict), value, "an object", place)
        return {key: _decode(inner[1], each, f"{place}.{key}") for key, each in value.items()}
    return _plain(kind, value, place)


def _object(kind: Any, value: Any, place: str) -> Any:
    _must(isinstance(value, dict), value, "an object", place)
    missing = [name for name in required_keys(kind) if name not in value]
    if missing:
        raise RecordError(f"{_at(place)}lacks {', '.join(missing)}")
    dot = f"{place}." if place else ""
    known = {name: _decode(hint, value[name], dot + name) for name, hint in types_of(kind).items() if name in value}
    made = kind(**known)
    for name in json_keys(kind):  # what follows from the fields must be said as it follows
        if name not in known and name in value and value[name] != encode(getattr(made, name)):
            raise RecordError(f"{dot}{name} is {value[name]!r}, which the rest contradicts")
    return made


def _items(inner: tuple[Any, ...], values: list[Any], place: str) -> tuple[Any, ...]:
    if inner[-1] is not Ellipsis:
        _must(len(values) == len(inner), values, f"{len(inner)} values", place)
    kinds: Iterable[Any] = [inner[0]] * len(values) if inner[-1] is Ellipsis else inner
    return tuple(
        _decode(kind, each, f"{place}[{number}]") for number, (kind, each) in enumerate(zip(kinds, values, strict=True))
    )


def _one_of(kinds: tuple[Any, ...], value: Any, place: str) -> Any:
    """By the first type that takes it; the error is the last one's."""
    *others, last = (kind for kind in kinds if kind is not NoneType)
    for kind in others:
        try:
            return _decode(kind, value, place)
        except RecordError:
            continue
    return _decode(last, value, place)


def _plain(kind: Any, value: Any, place: str) -> Any:
    if kind is not float:
        return _must(type(value) is kind, value, _WORDS[kind], place)
    _must(type(value) in (int, float) and math.isfinite(value), value, "a number", place)
    return float(value)


def _must(holds: bool, value: Any, what: str, place: str) -> Any:
    if not holds:
        raise RecordError(f"{_at(place)}is {value!r:.60}, and not {what}")
    return value


def _at(place: str) -> str:
    return f"{place} " if place else "the record "
