"""DICOM folders with files that are missing, doubled, foreign or broken."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
from pydicom.uid import JPEG2000, DeflatedExplicitVRLittleEndian, generate_uid

from AGE2HIELib.volume import DwiSeries, Volume
from fuzzing.cases import Call, Kind, Workshop
from fuzzing.sound import DICOM_FORMS, make_sound, write_adc_dicom, write_dwi_dicom

_SLICES_SEEN = slice(4, -4)  # of the sorted slices: those that hold the middle of the brain


def files(at: Workshop) -> list[Path]:
    """In the order of volumes and slices."""
    return sorted(at.scan.iterdir(), key=lambda path: (path.name.split("-")[1], int(path.name.split("-")[2])))


def _of_one_volume(at: Workshop) -> list[Path]:
    everything = files(at)
    first = everything[0].name.split("-")[1]
    return [path for path in everything if path.name.split("-")[1] == first]


def edited(at: Workshop, change: Callable[[pydicom.Dataset], None], chosen: list[Path] | None = None) -> Path:
    for path in files(at) if chosen is None else chosen:
        dataset = pydicom.dcmread(path)
        change(dataset)
        dataset.save_as(path, enforce_file_format=False)
    return at.scan


def _some(at: Workshop, count: int) -> list[Path]:
    everything = _of_one_volume(at)[_SLICES_SEEN]
    return [everything[int(n)] for n in at.rng.choice(len(everything), count, replace=False)]


def _slice_missing(at: Workshop) -> Path:
    for path in _some(at, int(at.rng.integers(1, 4))):
        path.unlink()
    return at.scan


def _position_missing(at: Workshop) -> Path:
    """The same slice of every volume is missing: the count fits, the positions do not."""
    number = str(at.one_of([path.name.split("-")[2] for path in _of_one_volume(at)[_SLICES_SEEN]]))
    for path in files(at):
        if path.name.split("-")[2] == number:
            path.unlink()
    return at.scan


def _doubled(at: Workshop) -> Path:
    """The same files twice, under other names: one instance is one slice."""
    for number, path in enumerate(files(at)):
        if at.rng.uniform() < 0.7:
            shutil.copy(path, at.scan / f"copy of {number}")
    return at.scan


def _slice_sent_twice(at: Workshop) -> Path:
    """A slice that was stored again under a new instance number and UID."""
    for path in _some(at, 1):
        dataset = pydicom.dcmread(path)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.InstanceNumber = 900
        dataset.save_as(at.scan / "again", enforce_file_format=False)
    return at.scan


def _cut(at: Workshop) -> Path:
    for path in _some(at, int(at.rng.integers(1, 3))):
        content = path.read_bytes()
        path.write_bytes(content[: int(at.rng.uniform(0.02, 0.99) * len(content))])
    return at.scan


def _bits(at: Workshop) -> Path:
    """Bits of one slice's header or pixels."""
    for path in _some(at, 1):
        content = bytearray(path.read_bytes())
        for place in at.rng.integers(132, len(content), int(at.one_of((1, 4, 16)))):
            content[place] ^= 1 << int(at.rng.integers(8))
        path.write_bytes(content)
    return at.scan


def _header_bits(at: Workshop) -> Path:
    for path in _some(at, 3):
        content = bytearray(path.read_bytes())
        for place in at.rng.integers(0, 1400, 6):
            content[place] ^= 1 << int(at.rng.integers(8))
        path.write_bytes(content)
    return at.scan


def _tag_missing(at: Workshop) -> Path:
    keyword = str(at.one_of(("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient", "Rows", "PixelData")))
    return edited(at, lambda dataset: delattr(dataset, keyword))


def _modality_missing(at: Workshop) -> Path:
    """The class of the object says that it is MR."""
    return edited(at, lambda dataset: delattr(dataset, "Modality"))


def _tag_senseless(at: Workshop) -> Path:
    values: tuple[tuple[str, object], ...] = (
        ("Rows", 0), ("Columns", 60000), ("Rows", 7), ("BitsAllocated", 8), ("BitsAllocated", 64),
        ("SamplesPerPixel", 3),
        ("PixelSpacing", [0, 0]), ("PixelSpacing", [1e9, 1e9]), ("ImageOrientationPatient", [0] * 6),
        ("ImageOrientationPatient", [1, 0, 0, 1, 0, 0]), ("NumberOfFrames", 100000), ("NumberOfFrames", -3),
    )  # fmt: skip
    keyword, value = values[int(at.rng.integers(len(values)))]
    return edited(at, lambda dataset: setattr(dataset, keyword, value))


def _one_slice_differs(at: Workshop) -> Path:
    """A slice of another size, orientation or spacing in between."""
    values: tuple[tuple[str, object], ...] = (
        ("PixelSpacing", [5.0, 5.0]),
        ("ImageOrientationPatient", [0, 1, 0, 0, 0, -1]),
        ("Rows", 40),
    )
    keyword, value = values[int(at.rng.integers(len(values)))]

    def change(dataset: pydicom.Dataset) -> None:
        setattr(dataset, keyword, value)
        if keyword == "Rows":
            dataset.PixelData = dataset.PixelData[: 40 * dataset.Columns * 2]

    return edited(at, change, _some(at, 1))


def _bad_text(at: Workshop) -> Path:
    """Numbers that are words, UIDs that are none, letters beyond their character set."""
    place = at.one_of(("SeriesNumber", "SeriesDescription", "PatientName"))

    def change(dataset: pydicom.Dataset) -> None:
        if place == "SeriesNumber":
            dataset.SeriesNumber = None
        elif place == "SeriesDescription":
            dataset.SeriesDescription = "Diffusion  $(touch x) 'é'\n\x1b[31m"
        else:
            dataset.PatientName = "Ünïcode^Zoë^\x1b"

    return edited(at, change)


def _numbers_shuffled(at: Workshop) -> Path:
    """Instance numbers say nothing about where a slice lies."""
    numbers = iter(at.rng.permutation(len(files(at))) + 1)
    return edited(at, lambda dataset: setattr(dataset, "InstanceNumber", int(next(numbers))))


def _among_others(at: Workshop) -> Path:
    """Notes, pictures, a DICOMDIR and folders beside the slices."""
    (at.scan / "notes.txt").write_text("seen")
    (at.scan / "DICOMDIR").write_bytes(bytes(128) + b"DICM" + at.rng.bytes(300))
    (at.scan / "pictures").mkdir()
    (at.scan / "pictures" / "a.png").write_bytes(b"\x89PNG" + at.rng.bytes(500))
    (at.scan / "loop").symlink_to(at.scan, target_is_directory=True)
    (at.scan / "broken link").symlink_to(at.scan / "nowhere")
    return at.scan


def _with_t1(at: Workshop) -> Path:
    """A T1 series of the same study beside it."""
    from fuzzing.anatomy_damaged import _infant_t1

    t1 = _infant_t1()
    pixels = np.clip(t1.array * 5, 0, 4000)[:, :, ::6]
    from io_samples import write_dicom

    write_dicom(at.scan / "t1", pixels, uid="1.2.3.99", number=2, ImageType=["ORIGINAL", "PRIMARY", "M"])
    return at.scan


def _two_infants(at: Workshop) -> Path:
    """Two series that could each be meant."""
    other = replace(at.content, array=np.ascontiguousarray(np.flip(at.content.array, axis=-3)))
    if isinstance(other, DwiSeries):
        write_dwi_dicom(other, at.scan / "other", uid="1.2.3.55", number=8)
    else:
        assert isinstance(other, Volume)
        write_adc_dicom(other, at.scan / "other", uid="1.2.3.57", number=9)
    return at.scan


def _series_mixed(at: Workshop) -> Path:
    """Slices of two acquisitions under one series UID."""
    other = make_sound(1 if at.content.array.shape[-1] == 18 else 0).content(at.form)
    if isinstance(other, DwiSeries):
        write_dwi_dicom(other, at.scan / "other", uid="1.2.3.5")
    else:
        assert isinstance(other, Volume)
        write_adc_dicom(other, at.scan / "other", uid="1.2.3.7")
    return at.scan


def _other_modality(at: Workshop) -> Path:
    modality = str(at.one_of(("CT", "PT", "US", "SR")))
    return edited(at, lambda dataset: setattr(dataset, "Modality", modality))


def _one_b(at: Workshop) -> Path:
    """All files say the same b-value, or one that is no number of a scanner."""
    value = float(at.one_of((0.0, 1000.0, -1000.0, 1e12)))
    return edited(at, lambda dataset: setattr(dataset, "DiffusionBValue", value))


def _b_exchanged(at: Workshop) -> Path:
    return edited(at, lambda dataset: setattr(dataset, "DiffusionBValue", 1000.0 - dataset.DiffusionBValue))


def _syntax(at: Workshop) -> Path:
    """Pixels that are not packed the way the file says."""
    syntax = (JPEG2000, DeflatedExplicitVRLittleEndian, pydicom.uid.UID("1.2.840.10008.1.2.2"))[int(at.rng.integers(3))]
    for path in files(at):
        content = path.read_bytes()
        now = b"1.2.840.10008.1.2.1\x00"
        new = str(syntax).encode()
        path.write_bytes(content.replace(now, (new + b"\x00" * len(now))[: len(now)], 1))
    return at.scan


def _secondary(at: Workshop) -> Path:
    """The colour picture of a map, as a PACS keeps it."""

    def change(dataset: pydicom.Dataset) -> None:
        dataset.PhotometricInterpretation, dataset.SamplesPerPixel, dataset.PlanarConfiguration = "RGB", 3, 0
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
        dataset.PixelData = bytes(dataset.Rows * dataset.Columns * 3 + dataset.Rows * dataset.Columns % 2)

    return edited(at, change)


def _signed(at: Workshop) -> Path:
    """Rescaled pixels: the stored value is half of the true one."""

    def change(dataset: pydicom.Dataset) -> None:
        pixels = np.frombuffer(dataset.PixelData, "<u2") * 10
        dataset.PixelData, dataset.RescaleSlope, dataset.RescaleIntercept = pixels.astype("<u2").tobytes(), "0.1", "0"

    return edited(at, change)


def _scale_senseless(at: Workshop) -> Path:
    slope, intercept = at.one_of((("-1", "0"), ("1", "-32768"), ("1e30", "0"), ("0.02", "0")))

    def change(dataset: pydicom.Dataset) -> None:
        dataset.RescaleSlope, dataset.RescaleIntercept = slope, intercept

    return edited(at, change)


def _series_number_asked(at: Workshop) -> Call:
    asked = str(at.one_of(("99", "-1", "5+7", "++", "$(id)", "5;ls", "")))
    return Call(at.scan, (f"--series={asked}",))


def _one_file(at: Workshop) -> Call:
    return Call(files(at)[5])


KINDS = (
    Kind("DICOM slices missing from a volume", "refused", ("dwi.dicom",), _slice_missing),
    Kind("DICOM slice missing at one position", "refused", DICOM_FORMS, _position_missing),
    Kind("DICOM files twice", "sound", DICOM_FORMS, _doubled, most=6),
    Kind("DICOM slice stored again", "either", DICOM_FORMS, _slice_sent_twice),
    Kind("DICOM files truncated", "refused", DICOM_FORMS, _cut),
    Kind("DICOM bits flipped", "either", DICOM_FORMS, _bits),
    Kind("DICOM header bits flipped", "either", DICOM_FORMS, _header_bits),
    Kind("DICOM tag missing", "refused", DICOM_FORMS, _tag_missing),
    Kind("DICOM modality missing", "sound", DICOM_FORMS, _modality_missing),
    Kind("DICOM tag senseless", "refused", DICOM_FORMS, _tag_senseless),
    Kind("DICOM slice of another grid", "refused", DICOM_FORMS, _one_slice_differs),
    Kind("DICOM texts odd", "sound", DICOM_FORMS, _bad_text, most=6),
    Kind("DICOM instance numbers shuffled", "sound", DICOM_FORMS, _numbers_shuffled),
    Kind("DICOM among other files", "sound", DICOM_FORMS, _among_others, most=4),
    Kind("DICOM beside a T1 series", "sound", DICOM_FORMS, _with_t1, most=4),
    Kind("DICOM: two series that could be meant", "refused", DICOM_FORMS, _two_infants, most=4),
    Kind("DICOM: two acquisitions in one series", "refused", DICOM_FORMS, _series_mixed, most=6),
    Kind("DICOM of another modality", "refused", DICOM_FORMS, _other_modality, most=6),
    Kind("DICOM with one b-value", "refused", ("dwi.dicom",), _one_b, most=6),
    Kind("DICOM b-values exchanged", "refused", ("dwi.dicom",), _b_exchanged, most=3),
    Kind("DICOM transfer syntax wrong", "refused", DICOM_FORMS, _syntax, most=6),
    Kind("DICOM colour pictures", "refused", DICOM_FORMS, _secondary, most=3),
    Kind("DICOM rescaled", "sound", DICOM_FORMS, _signed, most=4),
    Kind("DICOM rescaled senselessly", "refused", ("adc.dicom",), _scale_senseless, most=6),
    Kind("DICOM series that is not there", "refused", DICOM_FORMS, _series_number_asked, most=8),
    Kind("one DICOM file of many", "refused", DICOM_FORMS, _one_file, most=4),
)
