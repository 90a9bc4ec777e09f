"""Messages repeat no free text of a header: it goes to stderr and into cases.tsv, and may be a patient's name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from io_samples import adc_volume, dwi_series

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.header_words import format_of, quote_known, reason
from AGE2HIELib.io.images import load_image, write_volume
from AGE2HIELib.io.nrrd import write_dwi_nrrd
from AGE2HIELib.io.source import read_source

NAME = "Quellenthal"
MHA_KEYS = (
    "NDims", "BinaryData", "BinaryDataByteOrderMSB", "CompressedData", "TransformMatrix", "Offset", "ElementSpacing",
    "DimSize", "ElementType", "ElementDataFile", "DistanceUnits", "HeaderSize", "ElementNumberOfChannels",
    "AnatomicalOrientation", "ElementToIntensityFunctionSlope",
)  # fmt: skip
NRRD_FIELDS = (
    "type", "dimension", "space", "sizes", "space directions", "kinds", "endian", "encoding", "space origin",
    "measurement frame", "data file", "line skip", "byte skip", "space units", "old min", "spacings", "centerings",
)  # fmt: skip
DWI_KEYS = ("DWMRI_b-value", "DWMRI_gradient_0002", "DWMRI_NEX_0002", "modality")


def said_of(path: Path) -> str:
    try:
        source = read_source(path)
    except InputError as error:
        return str(error)
    return " ".join(source.warnings)


def edited(path: Path, prefix: str, line: str) -> Path:
    """With this line in place of the one that begins so, or in front of the last where there is none."""
    head, separator, samples = path.read_bytes().partition(b"\n\n" if path.suffix == ".nrrd" else b"ElementDataFile")
    lines = [text for text in head.decode("ascii").split("\n") if not text.startswith(prefix)]
    content = "\n".join([*lines, line]) if path.suffix == ".nrrd" else "\n".join([*lines, line, ""])
    path.write_bytes(content.encode() + separator + samples)
    return path


@pytest.mark.parametrize("key", MHA_KEYS)
def test_no_word_of_a_metaimage_header(tmp_path: Path, key: str) -> None:
    write_volume(adc_volume(), tmp_path / "a.mha")
    if key == "ElementDataFile":
        content = (tmp_path / "a.mha").read_bytes()
        (tmp_path / "a.mha").write_bytes(content.replace(b"ElementDataFile = LOCAL", f"{key} = {NAME} 3".encode()))
    else:
        edited(tmp_path / "a.mha", key + " ", f"{key} = {NAME} 3")
    assert NAME not in said_of(tmp_path / "a.mha")


@pytest.mark.parametrize("field", NRRD_FIELDS)
def test_no_word_of_a_nrrd_header(tmp_path: Path, field: str) -> None:
    write_volume(adc_volume(), tmp_path / "a.nrrd")
    assert NAME not in said_of(edited(tmp_path / "a.nrrd", field, f"{field}: {NAME} 3"))


@pytest.mark.parametrize("key", DWI_KEYS)
def test_no_word_of_diffusion_keys(tmp_path: Path, key: str) -> None:
    write_dwi_nrrd(dwi_series(), tmp_path / "a.nrrd")
    assert NAME not in said_of(edited(tmp_path / "a.nrrd", key, f"{key}:={NAME} 3"))


@pytest.mark.parametrize("name", ["a.nrrd", "a.mha", "a.nii"])
def test_no_beginning_of_a_file_and_no_key(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"{NAME}, born 2026\n" * 40)
    assert NAME[:6] not in said_of(tmp_path / name)
    if name != "a.nii":
        write_volume(adc_volume(), tmp_path / name)
        twice = f"{NAME}: 1\n{NAME}: 2" if name == "a.nrrd" else f"{NAME} = 1\n{NAME} = 2"
        edited(tmp_path / name, NAME, twice)
        assert NAME not in said_of(tmp_path / name)
        with pytest.raises(InputError, match="twice, in two ways"):
            load_image(tmp_path / name)


def test_what_is_quoted() -> None:
    assert quote_known("cm") == "'cm'"
    assert quote_known("1.5 -2e-3 (nan,0,inf)") == "'1.5 -2e-3 (nan,0,inf)'"
    assert quote_known(f"cm {NAME}") == quote_known("1_000") == "another word"
    assert quote_known(" ") == "empty"


def test_what_is_said_of_an_error() -> None:
    for error in (ValueError, IndexError):
        assert reason(error("3 sizes for 4 axes")) == "3 sizes for 4 axes"
    assert reason(KeyError("endian")) == "it states no endian"
    for convert in (int, float, np.float32):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are what is tested
            convert(NAME)
        assert reason(caught.value) == "a word stands where a number was expected"


def test_formats_are_told_by_their_signs() -> None:
    assert format_of(b"\x1f\x8b\x08") == "gzip"
    assert format_of(b"ObjectType = Image") == "MetaImage"
    assert format_of(NAME.encode()) == "other bytes"
