"""Tables of a bundle, checked key by key: a ModelError names the one that is missing, unknown or wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from AGE2HIELib.errors import ModelError
from AGE2HIELib.preprocess.network_input import InputSpec

Kinds = Mapping[str, type | tuple[type, ...]]
NUMBER = (int, float)
LARGEST_GRID_VOXELS = 256**3  # keeps a faulty file from asking for all memory
# In MONAI's configuration files "$" begins Python, "@" a reference, "%" another file; "_target_" is a key of its own.
_EXPRESSION_SIGNS = ("$", "@", "%")
_RESERVED_KEY = "_"
_NO_PROGRAM = "Do not run this bundle; export the model again."
_LONGEST_QUOTE = 80


def parse_table(content: bytes, name: str) -> dict[str, Any]:
    """The JSON object that a file holds; ``name`` is the file's."""
    try:
        parsed = json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        raise ModelError(f"{name} is not JSON ({problem}). Export the model again.") from problem
    if not isinstance(parsed, dict):
        raise ModelError(f"{name} holds a {type(parsed).__name__}, not a table. Export the model again.")
    return parsed


def check_keys(table: Mapping[str, Any], keys: Kinds, where: str, *, others_allowed: bool = False) -> None:
    for key, kind in keys.items():
        if key not in table:
            raise ModelError(f"{where}: the key {key!r} is missing. Export the model again.")
        value = table[key]
        # bool is an int to Python, and a true threshold is none
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            wanted = kind.__name__ if isinstance(kind, type) else "number"
            raise ModelError(f"{where}: {key!r} is {value!r}, which is no {wanted}. Export the model again.")
    unknown = sorted(table.keys() - keys.keys())
    if unknown and not others_allowed:
        raise ModelError(f"{where}: unknown key {', '.join(unknown)}. Use the age2hie that wrote it, or a newer one.")


def check_spec(spec: InputSpec) -> None:
    """What holds for the input of any network."""
    numbers = [number for c in spec.channels for number in (c.offset, c.scale, c.low, c.high)]
    numeric = all(isinstance(n, NUMBER) and math.isfinite(n) for n in numbers)
    require(numeric, "a number in 'channels'", numbers, "finite")
    for channel in spec.channels:
        require(channel.scale > 0, f"'scale' of channel {channel.name}", channel.scale, "above 0")
        require(channel.low < channel.high, f"'low' of channel {channel.name}", channel.low, "below 'high'")
    shape, determinant = spec.grid.shape, float(np.linalg.det(spec.grid.affine_ras))
    require(math.prod(shape) <= LARGEST_GRID_VOXELS, "'shape'", shape, f"at most {LARGEST_GRID_VOXELS} voxels")
    require(abs(determinant) > 0, "'affine_ras' has a determinant that", determinant, "other than 0")


def check_no_program(content: Any, where: str) -> None:
    """Raises ModelError for texts and keys of a JSON content that MONAI's parser would run, fetch or call."""
    waiting = [content]
    while waiting:  # no recursion: a file may be nested deeper than Python's stack
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += [*value.values()]
            reserved = next((key for key in value if key.startswith(_RESERVED_KEY)), None)
            if reserved is not None:
                raise ModelError(f"{where}: the key {shorten(reserved)} is one that MONAI acts on. {_NO_PROGRAM}")
        elif isinstance(value, list | tuple):
            waiting += value
        elif isinstance(value, str) and value.lstrip().startswith(_EXPRESSION_SIGNS):
            raise ModelError(f"{where}: the text {shorten(value)} is one that MONAI evaluates. {_NO_PROGRAM}")


def shorten(value: object) -> str:
    """A value of a file for a message of one line."""
    text = repr(value)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}..."


def require(holds: bool, what: str, value: object, wanted: str) -> None:
    if not holds:
        raise ModelError(f"The model's {what} is {value!r}; it must be {wanted}. Export the model again.")


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is no number")
