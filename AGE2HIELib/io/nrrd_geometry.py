"""Where a NRRD image lies and which of its axes counts volumes, by the fields of its header.

Fields: http://teem.sourceforge.net/nrrd/format.html. Where they leave the place open, what ITK takes is taken and told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from AGE2HIELib.io.header_words import quote_known

# Signs that turn a frame's first two axes into right and anterior. Other spaces of the format (scanner-xyz,
# 3D-right-handed) do not say where the patient's right is, or hold an axis of time.
_RAS_FROM_SPACE = {
    "left-posterior-superior": (-1.0, -1.0, 1.0),
    "lps": (-1.0, -1.0, 1.0),
    "right-anterior-superior": (1.0, 1.0, 1.0),
    "ras": (1.0, 1.0, 1.0),
    "left-anterior-superior": (-1.0, 1.0, 1.0),
    "las": (-1.0, 1.0, 1.0),
}
_MILLIMETRES = ("mm", "millimeter", "millimeters", "millimetre", "millimetres")
_NO_UNIT = ("", "???", "none")
_PLACES = ("domain", "space", "???", "none")  # kinds of an axis along which voxels lie; the last two are no statement
_VECTOR = re.compile(r"\(([^)]*)\)|(none)|([^\s(]+)", re.IGNORECASE)
_SAME_SIZE = 1e-3  # of a voxel size stated twice


@dataclass(frozen=True)
class NrrdPlace:
    """``signs``: ``(3,)``, from the file's space to RAS+; ``list_axis``: that counts volumes, None for a 3D image."""

    affine_ras: np.ndarray
    signs: np.ndarray
    list_axis: int | None
    warnings: tuple[str, ...]


def nrrd_place(fields: dict[str, str], axes: int) -> NrrdPlace:
    """Raises ValueError for fields that cannot be, or contradict each other."""
    directions = _directions(fields, axes)
    list_axis = _list_axis(fields, axes, directions)
    _check_units(fields, axes, list_axis)
    signs, warnings = _signs(fields)
    columns, stated = _columns(fields, axes, list_axis, directions)
    affine = np.eye(4)
    affine[:3, :3] = columns
    affine[:3, 3] = _origin(fields, axes, list_axis, np.diag(columns))
    affine[:3] *= signs[:, np.newaxis]
    return NrrdPlace(affine, signs, list_axis, (*warnings, *stated))


def ras_from_measurement(fields: dict[str, str], signs: np.ndarray) -> np.ndarray:
    """Each vector of the file's measurement frame is a column; without one the gradients are in the file's space."""
    frame = np.eye(3)
    if "measurementframe" in fields:
        rows = [_numbers(match[1]) for match in _VECTOR.finditer(fields["measurementframe"]) if match[1] is not None]
        if [len(row) for row in rows] != [3, 3, 3]:
            raise ValueError(f"its measurement frame has {len(rows)} vectors, where 3 of 3 numbers were expected")
        frame = np.array(rows).T
    if not np.all(np.isfinite(frame)):
        raise ValueError("its measurement frame is not finite")
    return signs[:, np.newaxis] * frame


def _directions(fields: dict[str, str], axes: int) -> list[np.ndarray | None] | None:
    """A vector for each axis, None for one without (``none``, or NaN throughout); None where nothing is stated."""
    if "spacedirections" not in fields:
        return None
    directions: list[np.ndarray | None] = []
    for match in _VECTOR.finditer(fields["spacedirections"]):
        vector = np.array(_numbers(match[1])) if match[1] is not None else np.full(3, np.nan)
        if match[3] is not None and match[3] != "???":  # as no tool but some scripts write it
            raise ValueError(f"its space directions hold {quote_known(match[3])}")
        if vector.shape != (3,):
            raise ValueError(f"a space direction has {vector.size} numbers, where 3 were expected")
        directions.append(None if np.all(np.isnan(vector)) else vector)
    if len(directions) != axes:
        raise ValueError(f"{len(directions)} space directions for {axes} axes")
    return directions


def _list_axis(fields: dict[str, str], axes: int, directions: list[np.ndarray | None] | None) -> int | None:
    """The axis without a direction in space, or of a kind that is not a place."""
    kinds = fields.get("kinds", "").lower().split()
    if kinds and len(kinds) != axes:
        raise ValueError(f"{len(kinds)} kinds for {axes} axes")
    lists = [axis for axis, kind in enumerate(kinds) if kind not in _PLACES]
    without = [axis for axis, direction in enumerate(directions or ()) if direction is None]
    if axes == 3:
        if lists or without:
            raise ValueError(f"axis {(lists or without)[0] + 1} of its 3 axes is no direction in space")
        return None
    if axes != 4:
        raise ValueError(f"{axes} axes, where 3 or 4 were expected")
    for chosen in (without, lists, [axis for axis, kind in enumerate(kinds) if kind not in ("domain", "space")]):
        if len(chosen) == 1:
            return chosen[0]
    raise ValueError("which of its 4 axes counts the volumes is not stated")


def _check_units(fields: dict[str, str], axes: int, list_axis: int | None) -> None:
    """ITK reads no unit and takes mm."""
    stated = set(_words(fields.get("spaceunits", "")))
    stated |= {word for axis, word in enumerate(_words(fields.get("units", ""))) if axis < axes and axis != list_axis}
    others = sorted(word for word in stated if word.lower() not in (*_MILLIMETRES, *_NO_UNIT))
    if others:
        raise ValueError(f"its space unit is {' and '.join(sorted({quote_known(word) for word in others}))}, not mm")


def _words(text: str) -> list[str]:
    return re.findall(r'"([^"]*)"', text) if '"' in text else text.split()


def _signs(fields: dict[str, str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Without a space the axes are taken as L, P, S, as ITK does."""
    if "space" not in fields:
        if int(fields.get("spacedimension", 3)) != 3:
            raise ValueError(f"its space has {fields['spacedimension']} dimensions")
        return np.array(_RAS_FROM_SPACE["lps"]), (
            "The NRRD file states no orientation: left and right may be exchanged.",
        )
    space = fields["space"].lower()
    if space not in _RAS_FROM_SPACE:
        raise ValueError(
            f"its space is {quote_known(fields['space'])}, and not left-posterior-superior, right-anterior-superior or "
            "left-anterior-superior"
        )
    return np.array(_RAS_FROM_SPACE[space]), ()


def _columns(
    fields: dict[str, str], axes: int, list_axis: int | None, directions: list[np.ndarray | None] | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """(3x3 steps of the axes in the file's space, warnings)."""
    spacings = _each_axis(fields, "spacings", axes, list_axis)
    if directions is not None:
        columns = np.array([vector for vector in directions if vector is not None]).T
        if columns.shape != (3, 3):
            raise ValueError(f"{columns.shape[-1]} space directions, where 3 were expected")
        sizes = np.linalg.norm(columns, axis=0)
        if spacings is not None and not np.allclose(np.abs(spacings), sizes, rtol=_SAME_SIZE, equal_nan=True):
            raise ValueError("its spacings contradict its space directions")
        return columns, ()
    if spacings is None:
        if "axismins" in fields and "axismaxs" in fields:
            raise ValueError("its voxel size is stated by axis mins and maxs alone, and not by spacings")
        return np.eye(3), ("The NRRD file states no voxel size: 1 mm is taken, as in Slicer.",)
    if "space" in fields:
        return np.diag(spacings), (
            "The NRRD file states spacings without directions: its axes are taken as those of its space.",
        )
    return np.diag(spacings), ()


def _origin(fields: dict[str, str], axes: int, list_axis: int | None, spacings: np.ndarray) -> np.ndarray:
    """The centre of the first voxel; without a space by the axes' minima, half a step off where these are of cells."""
    if "spaceorigin" in fields:
        origin = np.array(_numbers(fields["spaceorigin"].strip().removeprefix("(").removesuffix(")")))
        if origin.shape != (3,):
            raise ValueError(f"its space origin has {origin.size} numbers, where 3 were expected")
        return origin
    minima = _each_axis(fields, "axismins", axes, list_axis)
    if minima is None or "space" in fields or "spacedirections" in fields:
        return np.zeros(3)
    centers = fields.get("centers", fields.get("centerings", "")).lower().split()
    nodes = [center == "node" for axis, center in enumerate(centers) if axis != list_axis]
    at_node = np.array(nodes if len(nodes) == 3 else [False] * 3)
    return np.where(np.isfinite(minima), minima + np.where(at_node, 0.0, spacings / 2), 0.0)


def _each_axis(fields: dict[str, str], name: str, axes: int, list_axis: int | None) -> np.ndarray | None:
    """``(3,)`` numbers of the axes that lie in space."""
    if name not in fields:
        return None
    values = _numbers(fields[name])
    if len(values) != axes:
        raise ValueError(f"{len(values)} {name} for {axes} axes")
    return np.array([value for axis, value in enumerate(values) if axis != list_axis])


def _numbers(text: str) -> list[float]:
    return [float(word) for word in text.replace(",", " ").split()]
