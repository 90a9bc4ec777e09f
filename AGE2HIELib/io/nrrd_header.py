"""The text header of a NRRD file (http://teem.sourceforge.net/nrrd/format.html), with the DWMRI_ keys of NA-MIC."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.header_words import format_of, quote_known
from AGE2HIELib.io.nrrd_geometry import nrrd_place, ras_from_measurement
from AGE2HIELib.io.text_header import TextHeader, check_one_data_file, understood

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
_MOST_VOLUMES = 10_000
MOST_SKIPPED = 1 << 20  # lines or bytes before the samples
_MAGIC = re.compile(rb"NRRD00(?:0[1-5]|\.01)\s")
_FIELD = re.compile(r"([^:]*):(=?)(.*)", re.DOTALL)
_FIELDS = (
    "type", "dimension", "space", "spacedimension", "sizes", "spacings", "spacedirections", "spaceorigin", "spaceunits",
    "kinds", "endian", "encoding", "measurementframe", "datafile", "lineskip", "byteskip", "oldmin", "oldmax",
)  # fmt: skip
_TEXT_ENCODINGS = ("ascii", "text", "txt")
ENCODINGS = ("raw", "gzip", "gz", "bzip2", "bz2", *_TEXT_ENCODINGS)


@dataclass(frozen=True, kw_only=True)
class NrrdHeader(TextHeader):
    """Attributes:
    list_axis: the axis that counts volumes, None for a 3D image.
    ras_from_measurement: 3x3, from the frame of the gradients to RAS+.
    length_bytes: where the samples begin in an attached file.
    keys: the key/value pairs (``key:=value``).
    """

    list_axis: int | None
    ras_from_measurement: np.ndarray
    encoding: str
    length_bytes: int
    line_skip: int = 0
    byte_skip: int = 0
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def nominal_b(self) -> float | None:
        """``DWMRI_b-value`` in s/mm^2."""
        text = self.keys.get("dwmri_b-value")
        return None if text is None else float(text)

    @property
    def of_diffusion(self) -> bool:
        """Whether a key says that the image is a diffusion-weighted one."""
        return self.keys.get("modality", "").lower() == "dwmri" or any(
            key == "dwmri_b-value" or key.startswith("dwmri_gradient_") for key in self.keys
        )

    def gradients(self) -> np.ndarray | None:
        """``(N, 3)`` in the measurement frame; ``DWMRI_NEX_n`` repeats a gradient for n volumes.

        Three times NaN stays so: some converters write it for a volume without weighting.

        Raises:
            ValueError: a key holds no numbers, or one that is not finite, or a gradient of no volume.
        """
        rows: dict[int, list[float]] = {}
        for key, value in self.keys.items():
            if match := re.fullmatch(r"dwmri_gradient_(\d+)", key):
                first = int(match[1])
                repeats = int(self.keys.get(f"dwmri_nex_{match[1]}", 1))
                row = [float(word) for word in value.split()]
                numbers = bool(np.all(np.isfinite(row))) or (len(row) == 3 and bool(np.all(np.isnan(row))))
                if not 0 < repeats <= _MOST_VOLUMES or first + repeats > _MOST_VOLUMES or not numbers:
                    raise ValueError(f"{key} is {quote_known(value)}, {repeats} times")
                rows.update({first + n: row for n in range(repeats)})
        if rows and max(rows) != len(rows) - 1:
            raise ValueError(f"{len(rows)} gradients are numbered up to {max(rows)}")
        if not rows or any(len(row) != 3 for row in rows.values()):
            return None
        return np.array([rows[number] for number in sorted(rows)])


def parse_nrrd_header(start: bytes, name: str) -> NrrdHeader:
    """Read the header at the start of a file; raises InputError where it cannot be understood."""
    if not start.startswith(b"NRRD"):
        raise InputError(f"'{name}' does not begin with 'NRRD' ({format_of(start)}). Give a NRRD file.")
    if not _MAGIC.match(start):
        raise InputError(
            f"'{name}' is of a version of NRRD that is not known: NRRD0001 to NRRD0005 are. Save the image again."
        )
    end = re.search(rb"\r?\n\r?\n", start)
    text = start[: end.start() if end else len(start)].decode("utf-8", errors="replace")
    with understood(name):
        fields, keys = _lines(text)
        return _interpret(fields, keys, end.end() if end else len(start))


def _lines(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """(fields, key/value pairs), names in lower case and fields without blanks; ValueError where a field differs."""
    fields: dict[str, str] = {}
    keys: dict[str, str] = {}
    for line in re.split(r"\r?\n", text)[1:]:
        match = _FIELD.fullmatch(line)
        if line.startswith("#") or not match:
            continue
        name, value = match[1].strip().lower(), match[3].strip()
        if match[2]:
            keys[name] = value
            continue
        name = name.replace(" ", "")
        if fields.setdefault(name, value) != value:
            raise ValueError(f"it states its {name if name in _FIELDS else 'values'} twice, in two ways")
    return fields, keys


def _interpret(fields: dict[str, str], keys: dict[str, str], length_bytes: int) -> NrrdHeader:
    sizes = tuple(int(word) for word in fields["sizes"].split())
    axes = int(fields["dimension"])
    if axes != len(sizes):
        raise ValueError(f"{len(sizes)} sizes for {axes} axes")
    lies = nrrd_place(fields, axes)
    data_file = fields.get("datafile")
    if data_file is not None:
        check_one_data_file(data_file)
    encoding = fields["encoding"].lower()
    if encoding not in ENCODINGS:
        raise ValueError(f"its encoding is {quote_known(encoding)}")
    dtype = _dtype(fields, encoding)
    return NrrdHeader(
        dtype=dtype,
        sizes=sizes,
        list_axis=lies.list_axis,
        affine_ras=lies.affine_ras,
        ras_from_measurement=ras_from_measurement(fields, lies.signs),
        encoding=encoding,
        data_file=data_file,
        length_bytes=length_bytes,
        line_skip=_not_below(0, int(fields.get("lineskip", 0))),
        byte_skip=_not_below(0 if encoding in _TEXT_ENCODINGS else -1, int(fields.get("byteskip", 0))),
        keys=keys,
        warnings=(*lies.warnings, *_quantised(fields, dtype)),
    )


def _dtype(fields: dict[str, str], encoding: str) -> np.dtype:
    kind = fields["type"].lower()
    if kind not in _DTYPES:
        raise ValueError(f"its type is {quote_known(kind)}")
    dtype = np.dtype(_DTYPES[kind])
    if dtype.itemsize == 1 or encoding in _TEXT_ENCODINGS:
        return dtype
    endian = fields["endian"].lower()
    if endian not in ("little", "big"):
        raise ValueError(f"its endian is {quote_known(endian)}")
    return dtype.newbyteorder(">" if endian == "big" else "<")


def _quantised(fields: dict[str, str], dtype: np.dtype) -> tuple[str, ...]:
    """``old min`` and ``old max`` are the range of the values before they were made integers; no reader goes back."""
    if dtype.kind == "f" or not ("oldmin" in fields or "oldmax" in fields):
        return ()
    old = " to ".join(quote_known(fields[name]).strip("'") if name in fields else "?" for name in ("oldmin", "oldmax"))
    return (f"The NRRD file's values once had another range ({old}); they are read as they are, as in Slicer.",)


def _not_below(least: int, skipped: int) -> int:
    if not least <= skipped <= MOST_SKIPPED:
        raise ValueError(f"{skipped} lines or bytes are skipped before the samples")
    return skipped
