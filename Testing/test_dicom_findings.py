"""Groups of the structured report for lesion, injury scores and clinical variables: their values and units."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from hospital import Run

from AGE2HIELib.report.hospital.stamp import stamp_of
from AGE2HIELib.report.hospital.structured import structured_report
from AGE2HIELib.result.findings import ClinicalPart, ClinicalReading, Lesion
from AGE2HIELib.result.record import Result
from AGE2HIELib.result.stored import parse_result

JOINT = ClinicalReading(
    given=("cord_ph", "age_days"),
    missing=("sex",),
    meaning="",
    probability_image=0.5,
    probability_adverse=0.61,
    interval=(0.42, 0.77),
    image_logit=-0.3,
    parts=(ClinicalPart("cord_ph", "pH of cord blood", True, 0.7), ClinicalPart("sex", "Sex", False, 0.1)),
    assumption="Variables were drawn.",
)
LESION = Lesion("rule", "clusters of low ADC", 10.654, 451.5, 0.0236, (0.015, 0.044), "right", ())


@pytest.fixture
def record(predicted: Run) -> Result:
    """A prediction with lesion, scores and clinical variables."""
    found = parse_result((predicted.folder / "result.json").read_text())
    return replace(found, clinical=JOINT)


@pytest.fixture
def header(study: Path) -> pydicom.Dataset:
    return pydicom.dcmread(min(study.iterdir()))


def report_of(record: Result, header: pydicom.Dataset) -> pydicom.Dataset:
    return structured_report(record, [header], stamp_of(record, [header]))


def groups(report: pydicom.Dataset) -> dict[str, pydicom.Dataset]:
    """Measurement groups by their tracking identifier."""
    found = {}
    for item in walked(report):
        if item.get("ValueType") == "CONTAINER" and item.ConceptNameCodeSequence[0].get("CodeValue") == "125007":
            named = [
                child for child in item.ContentSequence if child.ConceptNameCodeSequence[0].get("CodeValue") == "112039"
            ]
            found[str(named[0].TextValue)] = item
    return found


def name_code(item: pydicom.Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].get("CodeValue", ""))


def walked(item: pydicom.Dataset) -> Iterator[pydicom.Dataset]:
    yield item
    for child in item.get("ContentSequence", []):
        yield from walked(child)


def numbers(group: pydicom.Dataset) -> dict[str, tuple[float, str]]:
    """(value, UCUM unit) by name."""
    found = {}
    for item in walked(group):
        if item.get("ValueType") == "NUM":
            value = item.MeasuredValueSequence[0]
            unit = value.MeasurementUnitsCodeSequence[0]
            assert unit.CodingSchemeDesignator == "UCUM"
            found[item.ConceptNameCodeSequence[0].CodeMeaning] = (float(value.NumericValue), unit.CodeValue)
    return found


def codes(group: pydicom.Dataset) -> dict[str, tuple[str, str]]:
    """(scheme, value) by name."""
    return {
        item.ConceptNameCodeSequence[0].CodeMeaning: (
            item.ConceptCodeSequence[0].CodingSchemeDesignator,
            item.ConceptCodeSequence[0].get("CodeValue", item.ConceptCodeSequence[0].get("LongCodeValue")),
        )
        for item in walked(group)
        if item.get("ValueType") == "CODE"
    }


def test_a_lesion_has_its_volumes_in_ml_and_its_share_in_percent(record: Result, header: pydicom.Dataset) -> None:
    group = groups(report_of(replace(record, lesion=LESION), header))["AGE2HIE lesion"]
    assert numbers(group) == {
        "Volume": (10.654, "ml"),
        "Lesion, percent of the brain": (pytest.approx(2.36), "%"),
        "Lesion, lower end of its 90 % interval": (pytest.approx(1.5), "%"),
        "Lesion, upper end of its 90 % interval": (pytest.approx(4.4), "%"),
        "Volume of the brain": (451.5, "ml"),
    }
    assert codes(group)["Laterality"] == ("SCT", "24028007")  # right
    words = " ".join(str(item.get("TextValue", "")) for item in walked(group))
    assert "clusters of low ADC" in words
    assert "Computed from diffusion alone, not read by a radiologist." in words


@pytest.mark.parametrize(("side", "code"), [("left", "7771000"), ("both", "51440002"), ("none", "side-none")])
def test_the_side_of_a_lesion_is_the_patients(side: str, code: str, record: Result, header: pydicom.Dataset) -> None:
    lesion = replace(LESION, side=side, volume_ml=0.0 if side == "none" else 1.0)
    group = groups(report_of(replace(record, lesion=lesion), header))["AGE2HIE lesion"]
    assert codes(group)["Laterality"][1] == code
    assert numbers(group)["Volume"] == (lesion.volume_ml, "ml")


def test_the_report_has_the_lesion_of_the_record(predicted: Run) -> None:
    """As it was written, in the phantom's study."""
    lesion = predicted.record["lesion"]
    group = groups(pydicom.dcmread(predicted.folder / "dicom" / "report.dcm"))["AGE2HIE lesion"]
    found = numbers(group)
    assert found["Volume"] == (pytest.approx(lesion["volume_ml"], rel=1e-6), "ml")
    assert found["Lesion, percent of the brain"] == (pytest.approx(100 * lesion["share"], rel=1e-6), "%")
    assert found["Volume of the brain"] == (pytest.approx(lesion["brain_ml"], rel=1e-6), "ml")


def test_the_joint_number_and_what_each_part_gives_of_it(record: Result, header: pydicom.Dataset) -> None:
    group = groups(report_of(record, header))["AGE2HIE score with clinical variables"]
    assert numbers(group) == {
        "Demonstration score, with clinical variables": (0.61, "1"),
        "With clinical variables, lower end of the 90 % interval": (0.42, "1"),
        "With clinical variables, upper end of the 90 % interval": (0.77, "1"),
        "Log-odds from the image": (-0.3, "1"),
        "Log-odds from pH of cord blood": (0.7, "1"),
    }
    words = " ".join(str(item.get("TextValue", "")) for item in walked(group))
    assert "what was not given is averaged over. Variables were drawn." in words
    real = groups(report_of(replace(record, demonstration=False), header))
    found = numbers(real["AGE2HIE score with clinical variables"])
    assert found["Probability of an adverse outcome, with clinical variables"] == (0.61, "1")


def test_without_a_joint_number_there_is_no_group_of_it(record: Result, header: pydicom.Dataset) -> None:
    for clinical in (None, ClinicalReading(("cord_ph",), ())):
        found = groups(report_of(replace(record, clinical=clinical), header))
        assert "AGE2HIE score with clinical variables" not in found
        assert "AGE2HIE lesion" in found


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is not installed (dicom3tools)")
def test_the_validator_finds_no_error_in_any_group(record: Result, header: pydicom.Dataset, tmp_path: Path) -> None:
    report = report_of(record, header)
    assert set(groups(report)) == {
        "AGE2HIE score",
        "AGE2HIE score with clinical variables",
        "AGE2HIE lesion",
        "AGE2HIE injury scores",
        "AGE2HIE quality gate",
    }
    report.save_as(tmp_path / "report.dcm", enforce_file_format=True)
    done = subprocess.run(["dciodvfy", str(tmp_path / "report.dcm")], capture_output=True, text=True, check=False)
    assert "Error" not in done.stdout + done.stderr, done.stderr
    assert "Abort" not in done.stderr
