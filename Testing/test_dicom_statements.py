"""What one DICOM header states about its b-value, and statements that contradict each other."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from dicom_samples import ADC, adc_of, private, sequence_name, write_enhanced, write_series
from io_samples import adc_volume, write_dicom
from pydicom.dataset import Dataset

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom.b_values import b_statements, b_values_in_words, same_b, silence_means_b0, unmatched_b_values
from AGE2HIELib.io.source import read_source


def stated_b_values(header: Dataset) -> tuple[float | None, ...]:
    return b_statements(header)[0]


def header_of(**elements: object) -> Dataset:
    header = Dataset()
    for keyword, value in elements.items():
        setattr(header, keyword, value)
    return header


@pytest.mark.parametrize(
    ("name", "b"),
    [
        ("ep_b0", 0.0), ("*ep_b1000t", 1000.0), ("ep_b1000#12", 1000.0), ("ep_b50t", 50.0), ("ep_b0_1000", None),
        ("epi_dti", None), ("", None),
    ],
)  # fmt: skip
def test_what_siemens_sequence_names_say(name: str, b: float | None) -> None:
    assert stated_b_values(header_of(Manufacturer="SIEMENS", SequenceName=name)) == (b,)


def test_statements_of_vendors() -> None:
    def of(maker: str, *elements: tuple[int, int, str, object], **standard: object) -> tuple[float | None, ...]:
        header = header_of(Manufacturer=maker, **standard)
        for group, element, vr, value in elements:
            header.add_new((group, element), vr, value)
        return stated_b_values(header)

    assert of("Siemens", (0x19, 0x100C, "IS", 800), SequenceName="ep_b0") == (800.0,)
    assert of("Philips", (0x2001, 0x1003, "FL", 700.0)) == (700.0,)
    assert of("Philips", (0x2001, 0x1003, "UN", struct.pack("<f", 700.0))) == (700.0,)
    assert of("UIH", (0x65, 0x1009, "FD", 929.75)) == (929.75,)
    assert of("UIH", (0x65, 0x1009, "UN", struct.pack("<d", 929.75))) == (929.75,)
    assert of("UIH", (0x65, 0x1009, "FD", 1.25e-5)) == (1.25e-5,)
    assert of("GE", (0x43, 0x1039, "IS", [1_000_000_750, 8, 0, 0])) == (750.0,)
    assert of("GE", (0x43, 0x1039, "UN", b"1000000750\\8\\0\\0 ")) == (750.0,)
    assert of("CANON_MEC", ImageComments="b=1000(0.445,0.000,0.895)") == (1000.0,)
    assert of("Philips", DiffusionDirectionality="NONE") == (0.0,)
    assert of("GE", (0x19, 0x100C, "IS", 800)) == (None,)  # means something else there
    assert of("Philips", DiffusionBValue=0.0) == (0.0,)
    assert of("Philips") == (None,)


@pytest.mark.parametrize(
    ("direction", "image", "b"),
    [((0.5, 0.5, 0.0), 16, 500.0), ((1.0, 0.0, 0.0), 16, 1000.0), ((0, 0, 0), 14, 0.0), ((0, 0, 0), 15, 1000.0)],
)
def test_ge_scales_b_by_the_direction_and_states_it_of_its_b0(direction: tuple, image: int, b: float) -> None:
    """b times |g|^2 (dcm2niix does the same); a direction of zero in a tensor series is a b0, in a trace it is none."""
    header = header_of(Manufacturer="GE MEDICAL SYSTEMS", DiffusionBValue=1000.0)
    for element, value in zip((0xBB, 0xBC, 0xBD), direction, strict=True):
        header.add_new((0x19, 0x1000 + element), "DS", str(value))
    header.add_new((0x19, 0x10E0), "DS", "6")
    header.add_new((0x43, 0x1030), "SS", image)
    assert stated_b_values(header) == (pytest.approx(b),)


def test_frames_that_differ_are_told_apart() -> None:
    def frame(b: float | None) -> Dataset:
        diffusion = header_of(DiffusionDirectionality="DIRECTIONAL") if b is None else header_of(DiffusionBValue=b)
        return header_of(MRDiffusionSequence=[diffusion])

    header = header_of(PerFrameFunctionalGroupsSequence=[frame(0.0), frame(1000.0), frame(None)])
    assert stated_b_values(header) == (0.0, 1000.0, None)
    header.PerFrameFunctionalGroupsSequence = [frame(1000.0), frame(1000.0)]
    assert stated_b_values(header) == (1000.0,)
    assert stated_b_values(header_of(SharedFunctionalGroupsSequence=[frame(700.0)])) == (700.0,)


def test_whose_silence_is_a_b0() -> None:
    assert silence_means_b0(header_of(Manufacturer="GE MEDICAL SYSTEMS"))
    assert silence_means_b0(header_of(Manufacturer="Canon Medical Systems"))
    assert not silence_means_b0(header_of(Manufacturer="SIEMENS"))
    weighted = header_of(Manufacturer="GE MEDICAL SYSTEMS")
    for element, value in zip((0x10BB, 0x10BC, 0x10BD), "010", strict=True):
        weighted.add_new((0x19, element), "DS", value)
    assert not silence_means_b0(weighted)


@pytest.mark.parametrize(
    ("converted", "stated", "without", "left"),
    [
        ([0, 995, 1005, 1000], {0.0: 1, 1000.0: 3}, [], []),
        ([0, 1000, 1000], {0.0: 1, 1000.0: 3}, [], [1000.0]),  # an isotropic volume that was set aside
        ([0, 0, 1000], {0.0: 1, 1000.0: 2}, [0.0], [1000.0]),
        ([0, 0, 0], {0.0: 1, 1000.0: 2}, [0.0, 0.0], [1000.0, 1000.0]),
        ([0, 1000], {None: 1, 1000.0: 1}, [], []),
        ([0, 0, 1000], {0.0: 1, None: 1, 1000.0: 1}, [0.0], [None]),
        ([1000, 1000], {None: 1, 1000.0: 1}, [1000.0], [None]),
        ([5, 700, 1000], {0.0: 1, 700.0: 1, 1000.0: 1}, [], []),
        ([0, 500], {0.0: 1, 1000.0: 1}, [500.0], [1000.0]),
    ],
)
def test_volumes_are_matched_one_to_one(converted: list, stated: dict, without: list, left: list) -> None:
    assert unmatched_b_values(np.array(converted), stated) == (without, left)


def test_b_values_in_words() -> None:
    assert b_values_in_words({1000.0: 12, 0.0: 1, None: 2}) == "0 (1 volume), 1000 (12 volumes), none (2 volumes)"
    assert b_values_in_words({float(b): 1 for b in range(11)}).endswith("7 (1 volume) and 3 more")


@pytest.mark.parametrize("b", [np.nan, np.inf])
def test_what_is_no_number_states_nothing(b: float) -> None:
    assert stated_b_values(header_of(DiffusionBValue=b)) == (None,)
    assert stated_b_values(header_of(DiffusionBValue=b, DiffusionDirectionality="NONE")) == (0.0,)
    assert stated_b_values(header_of(Manufacturer="SIEMENS", DiffusionBValue=b, SequenceName="ep_b1000#1")) == (1000,)


HALF = [0.0, 1000.0, 1000.0, 1000.0]
SIEMENS = {"Manufacturer": "SIEMENS", "ImageType": ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE", "ND"]}


def siemens_halved(header: Dataset, volume: int, k: int) -> None:
    """The standard's element states half of what the sequence's name says."""
    sequence_name(HALF)(header, volume, k)
    header.DiffusionBValue = HALF[volume] / 2


def test_a_header_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    """The standard's element was believed, and the ADC was twice the right one."""
    write_series(tmp_path, HALF, siemens_halved, **SIEMENS)
    with pytest.raises(InputError) as caught:
        read_source(tmp_path)
    message = str(caught.value)
    assert "18 of its 24 files contradict themselves, stating 500 in (0018,9087) and 1000 in SequenceName" in message
    assert "give it as NIfTI with its .bval" in message


def test_one_contradicted_volume_is_enough(tmp_path: Path) -> None:
    def change(header: Dataset, volume: int, k: int) -> None:
        sequence_name(HALF)(header, volume, k)
        private(header, 0x19, "SIEMENS MR HEADER", 0x0C, "IS", 0 if volume == 2 else int(HALF[volume]))

    write_series(tmp_path, HALF, change, **SIEMENS)
    with pytest.raises(InputError, match=r"6 of its 24 files .* stating 0 in \(0019,100C\) and 1000 in SequenceName"):
        read_source(tmp_path)


def test_statements_that_agree_are_believed(tmp_path: Path) -> None:
    """The sequence's name is nominal; the element has the imaging gradients in it."""

    def change(header: Dataset, volume: int, k: int) -> None:
        sequence_name(HALF)(header, volume, k)
        header.DiffusionBValue = [5.0, 995.0, 1000.0, 1010.0][volume]

    dwi = read_source(write_series(tmp_path, HALF, change, **SIEMENS)).dwi
    np.testing.assert_array_equal(dwi.b_values, [5, 995, 1000, 1010])
    np.testing.assert_allclose(adc_of(dwi), ADC, rtol=0.01)


def test_a_contradiction_in_another_series_is_a_warning(tmp_path: Path) -> None:
    write_series(tmp_path, HALF, siemens_halved, **SIEMENS)
    write_series(tmp_path, HALF, sequence_name(HALF), uid="1.2.3.51", SeriesNumber=6, **SIEMENS)
    source = read_source(tmp_path)
    np.testing.assert_allclose(adc_of(source.dwi), ADC, rtol=1e-3)
    assert any("DICOM series 5 are in doubt" in warning for warning in source.warnings)


def test_a_map_needs_no_b_value(tmp_path: Path) -> None:
    kind = {**SIEMENS, "ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]}
    write_dicom(tmp_path, adc_volume().array, uid="1.2.3.5", SequenceName="*ep_b1000", DiffusionBValue=0.0, **kind)
    assert read_source(tmp_path).kind == "adc-dicom"


def test_frames_and_what_is_said_of_all_of_them(tmp_path: Path) -> None:
    import pydicom

    folder = write_enhanced(tmp_path, [0.0, 1000.0])
    header = pydicom.dcmread(folder / "e.dcm")
    diffusion = Dataset()
    diffusion.DiffusionBValue = 1000.0
    header.SharedFunctionalGroupsSequence[0].MRDiffusionSequence = [diffusion]
    header.save_as(folder / "e.dcm")
    with pytest.raises(InputError, match="stating 0 in its frames and 1000 in its shared groups"):
        read_source(folder)


def test_contradictions_of_vendors() -> None:
    def of(maker: str, *elements: tuple[int, int, str, object], **standard: object) -> str:
        header = header_of(Manufacturer=maker, **standard)
        for group, element, vr, value in elements:
            header.add_new((group, element), vr, value)
        return b_statements(header)[1]

    assert of("SIEMENS", DiffusionBValue=1000.0, SequenceName="ep_b1000#3") == ""
    assert of("SIEMENS", DiffusionBValue=1000.0, SequenceName="ep_b0_1000") == ""
    assert of("SIEMENS", (0x19, 0x100C, "IS", 800), SequenceName="ep_b0") == "0 in SequenceName and 800 in (0019,100C)"
    assert of("Philips", (0x2001, 0x1003, "FL", 700.0), DiffusionBValue=1000.0).startswith(
        "700 in (2001,1003) and 1000"
    )
    assert of("UIH", (0x65, 0x1009, "FD", 990.0), DiffusionBValue=1000.0) == ""
    assert of("CANON_MEC", ImageComments="b=500(0,0,1)", DiffusionBValue=1000.0).startswith("500 in ImageComments")
    assert of("GE", (0x43, 0x1039, "IS", [1_000_000_750, 8, 0, 0]), DiffusionBValue=750.0) == ""
    assert of("GE", (0x43, 0x1039, "IS", [1_000_000_750, 8, 0, 0]), DiffusionBValue=1500.0).startswith("750 in (0043")
    assert of("GE", (0x43, 0x1039, "IS", [1000, 8, 0, 0]), DiffusionBValue=0.0) == ""  # the b0 of older software
    assert of("GE", (0x19, 0x100C, "IS", 800), DiffusionBValue=1000.0) == ""  # means something else there
    assert of("", (0x19, 0x100C, "IS", 800), DiffusionBValue=1000.0) == ""  # whose element it is is not known


@pytest.mark.parametrize(
    ("one", "other", "same"), [(0, 45, True), (1000, 1049, True), (100, 119, True), (0, 51, False), (1000, 940, False)]
)
def test_what_counts_as_one_b_value(one: float, other: float, same: bool) -> None:
    assert same_b(one, other) == same
