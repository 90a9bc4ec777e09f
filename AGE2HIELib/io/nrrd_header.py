"""The text header of a NRRD file (http://teem.sourceforge.net/nrrd/format.html), with the DWMRI_ keys of NA-MIC."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from AGE2HIELib.errors import InputError

_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_DTYPES = {name: code for code, names in _TYPES.items() for name in names}
# Signs that turn a frame's first two axes into right and anterior.
_RAS_FROM_SPACE = {
    "left-posterior-superior": (-1.0, -1.0, 1.0),
    "lps": (-1.0, -1.0, 1.0),
    "right-anterior-superior": (1.0, 1.0, 1.0),
    "ras": (1.0, 1.0, 1.0),
    "left-anterior-superior": (-1.0, 1.0, 1.0),
    "las": (-1.0, 1.0, 1.0),
}
ENCODINGS = ("raw", "gzip", "gz", "bzip2", "bz2", "ascii", "text", "txt")
_MOST_VOLUMES = 10_000
_MOST_SKIPPED = 1 << 20  # lines or bytes before the samples
_VECTOR = re.compile(r"\(([^)]*)\)|none", re.IGNORECASE)


@dataclass(frozen=True)
class NrrdHeader:
    """What a NRRD header says, frames already in RAS+.

    Attributes:
        list_axis: the axis that counts volumes, None for a 3D image.
        ras_from_measurement: 3x3, from the frame of the gradients to RAS+.
        length_bytes: where the samples begin in an attached file.
        keys: the key/value pairs (``key:=value``).
    """

    dtype: np.dtype
    sizes: tuple[int, ...]
    list_axis: int | None
    affine_ras: np.ndarray
    ras_from_measurement: np.ndarray
    encoding: str
    data_file: str | None
    length_bytes: int
    line_skip: int = 0
    byte_skip: int = 0
    keys: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def nominal_b(self) -> float | None:
        """``DWMRI_b-value`` in s/mm^2."""
        text = self.keys.get("dwmri_b-value")
        return None if text is None else float(text)

    def gradients(self) -> np.ndarray | None:
        """``(N, 3)`` in the measurement frame; ``DWMRI_NEX_n`` repeats a gradient for n volumes.

        Raises:
            ValueError: a key holds no numbers, or one that is not finite, or a gradient of no volume.
        """
        rows: dict[int, list[float]] = {}
        for key, value in self.keys.items():
            if match := re.fullmatch(r"dwmri_gradient_(\d+)", key):
                first = int(match[1])
                repeats = int(self.keys.get(f"dwmri_nex_{match[1]}", 1))
                row = [float(word) for word in value.split()]
                if not 0 < repeats <= _MOST_VOLUMES or first + repeats > _MOST_VOLUMES or not np.all(np.isfinite(row)):
                    raise ValueError(f"{key} is {value[:40]!r}, {repeats} times")
                rows.update({first + n: row for n in range(repeats)})
        if rows and max(rows) != len(rows) - 1:
            raise ValueError(f"{len(rows)} gradients are numbered up to {max(rows)}")
        if not rows or any(len(row) != 3 for row in rows.values()):
            return None
        return np.array([rows[number] for number in sorted(rows)])


def parse_header(start: bytes, name: str) -> NrrdHeader:
    """Read the header at the start of a file; raises InputError where it cannot be understood."""
    if not start.startswith(b"NRRD"):
        raise InputError(f"'{name}' does not begin with 'NRRD' but with {start[:8]!r}. Give a NRRD file.")
    end = re.search(rb"\r?\n\r?\n", start)
    text = start[: end.start() if end else len(start)].decode("utf-8", errors="replace")
    fields, keys = _lines(text)
    try:
        return _interpret(fields, keys, end.end() if end else len(start))
    except (KeyError, ValueError, IndexError) as error:
        raise InputError(f"The header of '{name}' cannot be understood ({error}). Save the image again.") from error


def _lines(text: str) -> tuple[dict[str, str], dict[str, str]]:
    fields: dict[str, str] = {}
    keys: dict[str, str] = {}
    for line in text.splitlines()[1:]:
        if line.startswith("#"):
            continue
        if ":=" in line:
            key, value = line.split(":=", 1)
            keys[key.strip().lower()] = value.strip()
        elif ":" in line:
            key, value = line.split(":", 1)
            fields[key.strip().lower().replace(" ", "")] = value.strip()
    return fields, keys


def _interpret(fields: dict[str, str], keys: dict[str, str], length_bytes: int) -> NrrdHeader:
    sizes = tuple(int(word) for word in fields["sizes"].split())
    list_axis = _list_axis(sizes, fields)
    affine_ras, signs, warnings = _affine_ras(fields, list_axis, len(sizes))
    data_file = fields.get("datafile")
    if data_file is not None and (data_file.startswith("LIST") or "%" in data_file):
        raise ValueError("its samples are spread over several files")
    encoding = fields["encoding"].lower()
    if encoding not in ENCODINGS:
        raise ValueError(f"its encoding is '{encoding}'")
    axes = int(fields["dimension"])
    if axes != len(sizes):
        raise ValueError(f"{len(sizes)} sizes for {axes} axes")
    endian = fields.get("endian", "little").lower()
    if endian not in ("little", "big"):
        raise ValueError(f"its endian is '{endian}'")
    order = ">" if endian == "big" else "<"
    return NrrdHeader(
        dtype=np.dtype(order + _DTYPES[fields["type"].lower()]),
        sizes=sizes,
        list_axis=list_axis,
        affine_ras=affine_ras,
        ras_from_measurement=_ras_from_measurement(fields, signs),
        encoding=encoding,
        data_file=data_file,
        length_bytes=length_bytes,
        line_skip=_not_below(0, int(fields.get("lineskip", 0))),
        byte_skip=_not_below(-1, int(fields.get("byteskip", 0))),
        keys=keys,
        warnings=warnings,
    )


def _not_below(least: int, skipped: int) -> int:
    if not least <= skipped <= _MOST_SKIPPED:
        raise ValueError(f"{skipped} lines or bytes are skipped before the samples")
    return skipped


def _list_axis(sizes: tuple[int, ...], fields: dict[str, str]) -> int | None:
    """The axis without a direction in space, or of a kind that is not a place."""
    if len(sizes) == 3:
        return None
    if len(sizes) != 4:
        raise ValueError(f"{len(sizes)} axes, where 3 or 4 were expected")
    directions = [match.group(0).lower() for match in _VECTOR.finditer(fields.get("spacedirections", ""))]
    if directions.count("none") == 1:
        return directions.index("none")
    kinds = fields.get("kinds", "").lower().split()
    lists = [axis for axis, kind in enumerate(kinds) if kind not in ("domain", "space")]
    if len(lists) == 1:
        return lists[0]
    raise ValueError("which of its 4 axes counts the volumes is not stated")


def _affine_ras(
    fields: dict[str, str], list_axis: int | None, axes: int
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """(affine, signs of the file's frame, warnings); without a space the axes are taken as L, P, S like ITK does."""
    space = fields.get("space", "").lower()
    if space and space not in _RAS_FROM_SPACE:
        raise ValueError(f"its space is '{space}'")
    signs = np.array(_RAS_FROM_SPACE.get(space, _RAS_FROM_SPACE["lps"]))
    warnings = () if space else ("The NRRD file states no orientation: left and right may be exchanged.",)
    units = set(re.findall(r'"([^"]*)"', fields.get("spaceunits", "")))
    if units - {"mm", "", "???"}:
        raise ValueError(f"its space unit is {sorted(units)}, not mm")
    affine = np.eye(4)
    if "spacedirections" in fields:
        columns = [_vector(m.group(1)) for m in _VECTOR.finditer(fields["spacedirections"]) if m.group(1) is not None]
        affine[:3, :3] = np.array(columns).T
    elif "spacings" in fields:
        spacings = [float(word) for word in fields["spacings"].split()]
        affine[:3, :3] = np.diag([s for axis, s in enumerate(spacings) if axis != list_axis])
    if "spaceorigin" in fields:
        affine[:3, 3] = _vector(fields["spaceorigin"].strip("() "))
    affine[:3] *= signs[:, np.newaxis]
    return affine, signs, warnings


def _ras_from_measurement(fields: dict[str, str], signs: np.ndarray) -> np.ndarray:
    """Each vector of the file's measurement frame is a column; without one the gradients are in the file's space."""
    frame = np.eye(3)
    if "measurementframe" in fields:
        frame = np.array([_vector(match.group(1)) for match in _VECTOR.finditer(fields["measurementframe"])]).T
    if not np.all(np.isfinite(frame)):
        raise ValueError("its measurement frame is not finite")
    if frame.shape != (3, 3):
        raise ValueError(f"its measurement frame has {len(frame.T)} vectors, where 3 of 3 numbers were expected")
    return signs[:, np.newaxis] * frame


def _vector(text: str) -> list[float]:
    return [float(word) for word in text.replace(",", " ").split()]
