"""Headers that lie: sizes, types, scales and places of the samples."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np

from AGE2HIELib.volume import DwiSeries, Volume
from fuzzing.cases import Kind, Workshop
from fuzzing.files_damaged import data_file
from fuzzing.sound import FILE_FORMS, NIFTI_FORMS

# offsets in a NIfTI-1 header (https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h)
_DIM, _DATATYPE, _PIXDIM, _OFFSET, _SLOPE, _MAGIC = 40, 70, 76, 108, 112, 344


def nifti_changed(at: Workshop, change: Callable[[bytearray], None]) -> Path:
    packed = at.form.endswith(".gz")
    content = bytearray(gzip.decompress(at.scan.read_bytes()) if packed else at.scan.read_bytes())
    change(content)
    at.scan.write_bytes(gzip.compress(bytes(content), 1) if packed else bytes(content))
    return at.scan


def put(content: bytearray, place: int, values: object, dtype: str) -> None:
    raw = np.array(values, dtype).tobytes()
    content[place : place + len(raw)] = raw


def _sizes(content: bytes | bytearray) -> list[int]:
    return [int(size) for size in np.frombuffer(content[_DIM : _DIM + 16], "<i2")]


def with_sizes(at: Workshop, new: Callable[[list[int]], list[int]]) -> Path:
    """The sizes that the header states, changed; in every format."""
    if at.form in NIFTI_FORMS:

        def change(content: bytearray) -> None:
            dim = _sizes(content)
            sizes = new(dim[1 : 1 + dim[0]])
            put(content, _DIM, np.clip([len(sizes), *sizes], -32768, 32767), "<i2")

        return nifti_changed(at, change)
    pattern = rb"DimSize = ([0-9 ]+)" if at.form == "adc.mha" else rb"sizes: ([0-9 ]+)"
    return text_changed(at, pattern, lambda text: " ".join(str(n) for n in new([int(w) for w in text.split()])))


def text_changed(at: Workshop, pattern: bytes, new: Callable[[str], str]) -> Path:
    """The first group of a line of a text header, replaced."""
    content = at.scan.read_bytes()
    match = re.search(pattern, content)
    assert match is not None, (at.form, pattern)
    at.scan.write_bytes(content[: match.start(1)] + new(match[1].decode()).encode() + content[match.end(1) :])
    return at.scan


def _one_size(at: Workshop, factor: float, least: int) -> Path:
    axis = int(at.rng.integers(3))

    def change(sizes: list[int]) -> list[int]:
        changed = list(sizes)
        changed[axis] = max(0, int(sizes[axis] * factor) + least)
        return changed

    return with_sizes(at, change)


def _larger(at: Workshop) -> Path:
    return _one_size(at, float(at.rng.uniform(1.0, 3.0)), 1)


def _smaller(at: Workshop) -> Path:
    return _one_size(at, float(at.rng.uniform(0.4, 0.95)), 0)


def _enormous(at: Workshop) -> Path:
    return with_sizes(at, lambda sizes: [32000, 32000, 32000, *sizes[3:]])


def _odd_sizes(at: Workshop) -> Path:
    odd = ([0, 0, 0], [-1, 5, 5], [1, 1, 1], [160, 0, 18], [-160, -160, 18], [3])
    chosen = list(at.one_of(odd))
    return with_sizes(at, lambda sizes: [*chosen, *(sizes[3:] if len(chosen) == 3 else [])])


def _sizes_in_another_order(at: Workshop) -> Path:
    """As many samples, but rows and slices are mixed up."""
    return with_sizes(at, lambda sizes: [sizes[2], sizes[0], sizes[1], *sizes[3:]])


def _nifti_type(at: Workshop) -> Path:
    """The samples read as another type: of the same size (int16 as int32 does not fit) or of another."""
    codes = {
        2: 8,
        4: 16,
        8: 32,
        16: 32,
        32: 64,
        64: 64,
        128: 24,
        512: 16,
        768: 32,
        1536: 128,
        1792: 128,
        2304: 32,
        77: 16,
    }

    def change(content: bytearray) -> None:
        now = int(np.frombuffer(content[_DATATYPE : _DATATYPE + 2], "<i2")[0])
        # int16 read as uint16 is the same image, so it is not among the choices; neither is the type itself
        choices = [code for code in codes if code != now and not (now == 4 and code == 512)]
        code = int(at.one_of(choices))
        put(content, _DATATYPE, [code, codes[code]], "<i2")

    return nifti_changed(at, change)


def _nifti_fields(at: Workshop) -> Path:
    """Fields without which nothing can be read."""
    ways: tuple[Callable[[bytearray], None], ...] = (
        lambda c: put(c, 0, [int(at.rng.integers(1, 1 << 30))], "<i4"),
        lambda c: put(c, _MAGIC, list(b"none"), "u1"),
        lambda c: put(c, _OFFSET, [1e9], "<f4"),
        lambda c: put(c, _OFFSET, [-500.0], "<f4"),
        lambda c: put(c, _OFFSET, [np.nan], "<f4"),
        lambda c: put(c, _OFFSET, [np.inf], "<f4"),
        lambda c: put(c, _DIM, [0], "<i2"),
        lambda c: put(c, _DIM, [7], "<i2"),
        lambda c: put(c, _DIM, [-3], "<i2"),
        lambda c: put(c, 0, np.frombuffer(at.rng.bytes(348), "u1"), "u1"),
    )
    return nifti_changed(at, ways[int(at.rng.integers(len(ways)))])


def _slope(at: Workshop) -> Path:
    pair = at.one_of(((-1.0, 0.0), (1e30, 0.0), (1.0, 1e6), (1.0, -1e6), (0.0371, 0.0), (1e-30, 0.0), (1.0, np.inf)))
    return nifti_changed(at, lambda content: put(content, _SLOPE, pair, "<f4"))


def _no_slope(at: Workshop) -> Path:
    """0 and NaN mean: no scale (the standard says so)."""
    pair = at.one_of(((0.0, 0.0), (np.nan, np.nan), (0.0, np.nan)))
    return nifti_changed(at, lambda content: put(content, _SLOPE, pair, "<f4"))


def _known_scale(at: Workshop) -> Path:
    """An ADC map in 1e-3 mm2/s or mm2/s by its slope; a series with a gain."""
    return nifti_changed(at, lambda content: put(content, _SLOPE, (float(at.one_of((1e-3, 1e-6))), 0.0), "<f4"))


def _nrrd_fields(at: Workshop) -> Path:
    ways = (
        (rb"sizes: ([0-9 ]+)", "many"),
        (rb"type: (\w+)", "block"),
        (rb"encoding: (\w+)", "hex"),
        (rb"endian: (\w+)", "sideways"),
        (rb"space: ([\w-]+)", "scanner-xyz"),
        (rb"space origin: (\([^)]*\))", "(nan,0,0)"),
        (rb"space directions: ([^\n]*)", "(1,0,0) (0,1,0)"),
        (rb"space directions: ([^\n]*)", "none none none none"),
        (rb"(NRRD)0", "DRRN"),
        (rb"(dimension: \d)", "dimension: 16"),
        (rb"(sizes: )", "size: "),
    )
    pattern, new = ways[int(at.rng.integers(len(ways)))]
    return text_changed(at, pattern, lambda _: new)


def _mha_fields(at: Workshop) -> Path:
    ways = (
        (rb"ElementType = (\w+)", "MET_LONG_LONG_ARRAY"),
        (rb"ElementType = (\w+)", "MET_DOUBLE"),
        (rb"NDims = (\d)", "2"),
        (rb"NDims = (\d)", "9"),
        (rb"NDims = (\d)", "-3"),
        (rb"ElementSpacing = ([^\n]*)", "0 0 0"),
        (rb"ElementSpacing = ([^\n]*)", "nan nan nan"),
        (rb"TransformMatrix = ([^\n]*)", "1 0 0 1 0 0 0 0 1"),
        (rb"TransformMatrix = ([^\n]*)", "0 0 0 0 0 0 0 0 0"),
        (rb"(ElementDataFile) =", "ElementData"),
        (rb"(CompressedData) = True", "NoData"),
    )
    pattern, new = ways[int(at.rng.integers(len(ways)))]
    return text_changed(at, pattern, lambda _: new)


def _packed_size(at: Workshop) -> Path:
    """A number that nothing rests on: the packed samples end where their checksum is."""
    return text_changed(at, rb"CompressedDataSize = (\d+)", lambda _: str(at.one_of(("99999999999999", "-5", "17"))))


def _elsewhere(at: Workshop) -> Path:
    """Samples that are said to lie in a file outside the folder."""
    secret = at.folder.parent / "secret.raw"
    secret.write_bytes(data_file(at).read_bytes() if at.form == "dwi.nhdr" else at.rng.bytes(1 << 21))
    target = str(at.one_of(("../secret.raw", str(secret), "/etc/passwd", "/dev/zero", "/proc/self/mem", "..", "")))
    if at.form == "dwi.nhdr":
        return text_changed(at, rb"data file: ([^\n]*)", lambda _: target)
    text_changed(at, rb"ElementDataFile = (LOCAL)", lambda _: target)
    return text_changed(at, rb"CompressedData = (True)", lambda _: "False")


def _integers(at: Workshop) -> Path:
    dtype = np.dtype(str(at.one_of(("<i2", "<u2", "<i4", "<u4", "<i8", "<f8"))))
    array = np.clip(np.rint(np.nan_to_num(at.content.array)), 0, 32767).astype(dtype)
    return at.rewritten(_replaced(at.content, array)) if at.form != "adc.mha" else _nifti_of(at, array)


def _nifti_of(at: Workshop, array: np.ndarray) -> Path:
    assert isinstance(at.content, Volume)
    path = at.folder / "typed.nii.gz"
    image = nibabel.Nifti1Image(array, at.content.affine_ras, dtype=array.dtype)
    nibabel.save(image, path)
    return path


def _replaced(content: Volume | DwiSeries, array: np.ndarray) -> Volume | DwiSeries:
    if isinstance(content, Volume):
        return Volume(array, content.affine_ras)
    return DwiSeries(array, content.affine_ras, content.b_values, content.directions_ras)


def _bytes_only(at: Workshop) -> Path:
    """Values cut to 8 bits, as a screenshot exporter does."""
    return _nifti_of(at, (np.rint(np.nan_to_num(at.content.array)).astype(np.int64) % 256).astype(np.uint8))


def _no_number(at: Workshop) -> Path:
    array = np.nan_to_num(at.content.array)
    if bool(at.one_of((True, False))):
        return _nifti_of(at, array.astype(np.complex64))
    colours = np.zeros(array.shape, np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]))
    colours["R"] = array.astype(np.int64) % 256
    return _nifti_of(at, colours)


def _big_endian(at: Workshop) -> Path:
    assert isinstance(at.content, Volume)
    path = at.folder / "big.nii.gz"
    header = nibabel.Nifti1Header(endianness=">")
    header.set_data_dtype(">f4")
    nibabel.save(nibabel.Nifti1Image(at.content.array.astype(">f4"), at.content.affine_ras, header), path)
    return path


def _big_endian_text(at: Workshop) -> Path:
    path = data_file(at)
    path.write_bytes(np.frombuffer(path.read_bytes(), "<i2").astype(">i2").tobytes())
    return text_changed(at, rb"endian: (little)", lambda _: "big")


def _wrong_endian(at: Workshop) -> Path:
    return text_changed(at, rb"endian: (little)", lambda _: "big")


KINDS = (
    Kind("header states a larger size", "refused", FILE_FORMS, _larger),
    Kind("header states a smaller size", "refused", FILE_FORMS, _smaller),
    Kind("header states 32,000 voxels an axis", "refused", FILE_FORMS, _enormous),
    Kind("sizes of 0, 1 or below", "refused", FILE_FORMS, _odd_sizes),
    Kind("sizes in another order", "refused", FILE_FORMS, _sizes_in_another_order),
    Kind("samples read as another type", "refused", NIFTI_FORMS, _nifti_type),
    Kind("broken NIfTI fields", "either", NIFTI_FORMS, _nifti_fields),
    Kind("senseless slope or intercept", "refused", ("adc.nii", "adc.nii.gz"), _slope),
    Kind("slope that means none", "sound", NIFTI_FORMS, _no_slope, most=4),
    Kind("slope of a known unit", "sound", NIFTI_FORMS, _known_scale, most=6),
    Kind("broken NRRD fields", "refused", ("dwi.nrrd", "dwi.nhdr"), _nrrd_fields),
    Kind("broken MHA fields", "refused", ("adc.mha",), _mha_fields),
    Kind("packed size stated wrongly", "sound", ("adc.mha",), _packed_size, most=3),
    Kind("samples in a file elsewhere", "refused", ("dwi.nhdr", "adc.mha"), _elsewhere),
    Kind("integer and double types", "sound", ("adc.nii", "adc.nrrd", "adc.mha", "adc.nii.gz"), _integers),
    Kind("values cut to 8 bits", "refused", ("adc.nii",), _bytes_only, most=4),
    Kind("complex values and colours", "refused", ("adc.nii",), _no_number, most=6),
    Kind("big-endian NIfTI", "sound", ("adc.nii",), _big_endian, most=4),
    Kind("big-endian NRRD", "sound", ("dwi.nhdr",), _big_endian_text, most=4),
    Kind("endianness stated wrongly", "refused", ("dwi.nhdr", "dwi.nrrd"), _wrong_endian, most=6),
)
