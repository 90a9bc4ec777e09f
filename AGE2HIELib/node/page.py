"""The reference page of the node's settings, docs/reference/node.md, made from the classes that are read."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, cast, get_args, get_origin, get_type_hints

from AGE2HIELib.node.settings import NodeSettings

_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}


def node_page() -> str:
    return settings_page(NodeSettings, "node")


def settings_page(settings: type, name: str) -> str:
    """Markdown: the top of the file that ``settings`` is, then every table; ``name`` of what starts with it."""
    parts = "\n\n".join(_section(table, kind, repeated) for table, kind, repeated in _tables(settings))
    return f"""# Settings of the {name}

`make docs` makes this page from the classes that read the file (TOML). Relative paths are meant from the file's own
folder; a key that is not here, or a value out of its limits, is refused before the {name} starts.

{parts}
"""


def _tables(settings: Any) -> Iterator[tuple[str, type, bool]]:
    yield "", settings, False
    hints = get_type_hints(settings)
    for one in fields(settings):
        kind, repeated = _inner(hints[one.name])
        if is_dataclass(kind):
            yield one.name, cast(type, kind), repeated


def _inner(hint: Any) -> tuple[Any, bool]:
    """The type itself, and whether a list of it is meant."""
    if get_origin(hint) is types.UnionType:
        hint = next(one for one in get_args(hint) if one is not type(None))
    return (get_args(hint)[0], True) if get_origin(hint) is tuple else (hint, False)


def _section(name: str, kind: type, repeated: bool) -> str:
    heading = "## Top of the file" if not name else f"## {f'[[{name}]]' if repeated else f'[{name}]'}"
    told = " ".join((kind.__doc__ or "").split()).replace("``", "`")
    hints = get_type_hints(kind)
    rows = [_row(one, hints[one.name]) for one in fields(kind) if not is_dataclass(_inner(hints[one.name])[0])]
    return "\n".join([heading, "", told, "", "| key | | default |", "| --- | --- | --- |", *rows])


def _row(one: Field[Any], hint: Any) -> str:
    kind, repeated = _inner(hint)
    rules = one.metadata
    notes = [f"{_WORDS[kind]}{'s, in [ ]' if repeated else ''}"]
    if "choices" in rules:
        notes = [" or ".join(f"`{choice}`" for choice in rules["choices"])]
    if "between" in rules:
        low, high = rules["between"]
        notes.append(f"{low:,.10g} to {high:,.10g}{' ' + rules['unit'] if 'unit' in rules else ''}")
    text = str(rules["text"])
    return f"| `{one.name}` | {text[0].upper() + text[1:]} ({', '.join(notes)}) | {_default(one)} |"


def _default(one: Field[Any]) -> str:
    if one.default is MISSING:
        return "needed"
    if one.default in (None, ()):
        return ""
    if isinstance(one.default, tuple):
        return ", ".join(f"`{value}`" for value in one.default)
    if isinstance(one.default, bool):
        return f"`{str(one.default).lower()}`"
    return f"`{one.default:g}`" if isinstance(one.default, float) else f"`{one.default}`" if one.default != "" else ""
