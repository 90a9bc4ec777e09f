"""DICOM objects of one scan are the same again, whoever else's lie beside them; their codes, letters and statements."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hospital import Run, atlas_of, predict
from placed_scans import LESION, REGIONS, PlacedScan, placed_scan
from pydicom import Dataset

from AGE2HIELib.preprocess.atlas import Region
from AGE2HIELib.report.hospital.anatomy import anatomy_of
from AGE2HIELib.report.hospital.objects import write_objects
from AGE2HIELib.result.record import Settings
from AGE2HIELib.result.verdicts import Check

JAPANESE = "Yamada^Tarou=山田^太郎=やまだ^たろう"


def sums(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def uids(objects: dict[str, Dataset]) -> set[str]:
    """Those of the instances and of their series."""
    return {str(one[keyword].value) for one in objects.values() for keyword in ("SOPInstanceUID", "SeriesInstanceUID")}


def test_a_second_prediction_writes_the_same_files(
    predicted: Run, study: Path, untrained_model: Path, tmp_path: Path
) -> None:
    again = predict(study, untrained_model, tmp_path / "out", "--dicom")
    assert again.code == 0, again.said
    first = sums(predicted.folder / "dicom")
    assert len(first) > 10
    assert sums(again.folder / "dicom") == first


def test_names_and_order_of_files_and_where_it_ran_change_nothing(tmp_path: Path) -> None:
    scan = placed_scan(tmp_path / "scan", volumes=2)
    first = scan.write(tmp_path / "a", settings=Settings(device="cpu"))
    moved = []
    for number, file in enumerate(reversed(scan.files)):
        moved.append(file.rename(file.with_name(f"IM{number:03d}")))
    again = replace(scan, files=tuple(moved)).write(tmp_path / "b", settings=Settings(device="cuda", examine=True))
    assert uids(first) == uids(again)
    assert sums(tmp_path / "a") == sums(tmp_path / "b")


def aged(value: float) -> Check:
    return Check("postnatal age", value, "0 to 14 days", True, "", "", "warn")


CHANGES: dict[str, Any] = {
    "another model": lambda record: replace(record, model=replace(record.model, sha256="9" * 64)),
    "another atlas": lambda record: replace(record, atlas=replace(record.atlas, sha256="9" * 64)),
    "other pixels": lambda record: replace(record, input=replace(record.input, sha256="9" * 64)),
    "another prevalence": lambda record: replace(record, settings=Settings(prevalence=0.2)),
    "a mask": lambda record: replace(record, settings=Settings(mask_sha256="9" * 64)),
    "a warning that holds": lambda record: replace(
        record, quality=replace(record.quality, checks=(*record.quality.checks, aged(3.0)))
    ),
}


@pytest.mark.parametrize("kind", list(CHANGES))
def test_what_changes_a_result_changes_every_uid(kind: str, tmp_path: Path) -> None:
    """So that nothing in an archive is taken for the other, or replaced by it."""
    scan = placed_scan(tmp_path / "scan")
    first = scan.write(tmp_path / "a")
    other = replace(scan, record=CHANGES[kind](scan.record)).write(tmp_path / "b")
    assert not uids(first) & uids(other)
    assert len(uids(first)) == len(uids(other)) == 2 * len(first)


def of_another(scan: PlacedScan) -> PlacedScan:
    for number, path in enumerate(scan.files):
        file = pydicom.dcmread(path)
        file.PatientName, file.PatientID, file.StudyInstanceUID = "Other^Infant", "MRN-1", "1.2.9"
        file.SeriesInstanceUID, file.SOPInstanceUID = "1.2.9.1", f"1.2.9.1.{number + 1}"
        file.file_meta.MediaStorageSOPInstanceUID = file.SOPInstanceUID
        file.save_as(path)
    return scan


def test_the_same_pixels_of_another_patient_have_objects_of_their_own(tmp_path: Path) -> None:
    one = placed_scan(tmp_path / "one").write(tmp_path / "a")
    other = of_another(placed_scan(tmp_path / "other")).write(tmp_path / "b")
    assert not uids(one) & uids(other)
    for objects, name, study in ((one, "Quellenthal^Zenobia", "1.2.3"), (other, "Other^Infant", "1.2.9")):
        assert {str(item.PatientName) for item in objects.values()} == {name}
        assert {item.StudyInstanceUID for item in objects.values()} == {study}
    for path in (tmp_path / "b").iterdir():
        content = path.read_bytes()
        assert b"Quellenthal" not in content
        assert b"1.2.3.4." not in content


def test_dates_are_the_scans(tmp_path: Path) -> None:
    for one in placed_scan(tmp_path / "scan").write(tmp_path / "a").values():
        assert (one.ContentDate, one.ContentTime) == ("20200104", "1210")
        assert "InstanceCreationDate" not in one


def test_japanese_names_come_through_every_object(tmp_path: Path) -> None:
    scan = placed_scan(tmp_path / "scan")
    for path in scan.files:
        file = pydicom.dcmread(path)
        file.SpecificCharacterSet, file.PatientName = ["", "ISO 2022 IR 87"], JAPANESE
        file.save_as(path)
    found = scan.write(tmp_path / "a")
    assert len(found) == 7
    for one in found.values():
        assert str(one.PatientName) == JAPANESE
        assert list(one.SpecificCharacterSet) == ["ISO 2022 IR 6", "ISO 2022 IR 87"]


def test_an_atlas_with_names_beyond_ascii_is_written_in_utf_8(tmp_path: Path) -> None:
    scan = placed_scan(tmp_path / "scan")
    regions = (Region(9, "視床", "left"), Region(41, "Thalamus, große Kerne", "right"), REGIONS[2])
    write_objects(scan.record, scan.maps, atlas_of(*regions), scan.files, tmp_path / "a")
    found = pydicom.dcmread(tmp_path / "a" / "segmentation-regions.dcm")
    assert found.SpecificCharacterSet == "ISO_IR 192"
    assert [one.SegmentLabel for one in found.SegmentSequence[:2]] == ["left 視床", "right Thalamus, große Kerne"]
    assert found.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "視床"


def code(item: Dataset) -> tuple[str, str]:
    return str(item.CodingSchemeDesignator), str(item.get("CodeValue", item.get("LongCodeValue")))


def test_segments_have_snomed_codes_and_the_patients_side(tmp_path: Path) -> None:
    found = placed_scan(tmp_path / "scan").write(tmp_path / "a")
    left, right, stem = found["segmentation-regions"].SegmentSequence
    for segment, side in ((left, "7771000"), (right, "24028007")):
        kind = segment.SegmentedPropertyTypeCodeSequence[0]
        assert code(kind) == ("SCT", "42695009")  # thalamus
        assert code(kind.SegmentedPropertyTypeModifierCodeSequence[0]) == ("SCT", side)
    assert (left.SegmentLabel, right.SegmentLabel) == ("left thalamus", "right thalamus")
    assert code(stem.SegmentedPropertyTypeCodeSequence[0]) == ("SCT", "119238007")
    assert "SegmentedPropertyTypeModifierCodeSequence" not in stem.SegmentedPropertyTypeCodeSequence[0]
    (lesion,) = found["segmentation-lesion"].SegmentSequence
    assert code(lesion.SegmentedPropertyCategoryCodeSequence[0]) == ("SCT", "49755003")
    kind = lesion.SegmentedPropertyTypeCodeSequence[0]
    assert code(kind) == ("SCT", "52988006")
    assert code(kind.SegmentedPropertyTypeModifierCodeSequence[0]) == ("SCT", "7771000")
    assert code(lesion.AnatomicRegionSequence[0]) == ("SCT", "12738006")


@pytest.mark.parametrize(
    ("name", "structure", "part"),
    [
        ("frontal cortex", "40146001", "83251001"),
        ("occipital white matter", "68523003", "31065004"),
        ("lentiform nucleus", "lentiform-nucleus", "12738006"),
        ("posterior limb of the internal capsule", "plic", "85637007"),
        ("third and fourth ventricle", "35764002", None),
        ("corpus callosum", "88442005", None),
        ("Putamen", "89278009", None),  # of a user's own atlas: CID 7153 has it
        ("my region", "region-my-region", "12738006"),
    ],
)
def test_regions_have_the_codes_of_the_standard(name: str, structure: str, part: str | None) -> None:
    found = anatomy_of(name)
    assert found.structure.value == structure
    assert (found.part.value if found.part is not None else None) == part


def test_maps_have_quantity_unit_and_range(tmp_path: Path) -> None:
    scan = placed_scan(tmp_path / "scan")
    found = scan.write(tmp_path / "a")
    wanted = {
        "map-adc": ("113041", "um2/s", scan.maps.adc),
        "map-z": ("113071", "1", scan.maps.z),
        "map-saliency": ("130404", "1", scan.maps.saliency),
    }
    for name, (quantity, unit, volume) in wanted.items():
        mapping = found[name].SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
        assert code(mapping.MeasurementUnitsCodeSequence[0]) == ("UCUM", unit)
        assert code(mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0]) == ("DCM", quantity)
        assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (1, 0)
        assert volume is not None
        ends = mapping.DoubleFloatRealWorldValueFirstValueMapped, mapping.DoubleFloatRealWorldValueLastValueMapped
        np.testing.assert_allclose(ends, (volume.array.min(), volume.array.max()), rtol=1e-6)
    fitted = replace(scan.record.input, b_values_used=(0.0, 1000.0))
    mapping = scan.write(tmp_path / "b", input=fitted)["map-adc"].SharedFunctionalGroupsSequence[0]
    quantity = mapping.RealWorldValueMappingSequence[0].QuantityDefinitionSequence[0].ConceptCodeSequence[0]
    assert code(quantity) == ("DCM", "113290")  # mono-exponential


def test_voxels_without_a_value_stay_without_one(tmp_path: Path) -> None:
    scan = placed_scan(tmp_path / "scan")
    holes = scan.maps.adc.array.copy()
    holes[2:4, 3, 1] = np.nan
    found = replace(scan, maps=replace(scan.maps, adc=scan.maps.adc.like(holes))).write(tmp_path / "a")["map-adc"]
    pixels = np.frombuffer(found.FloatPixelData, "<f4")
    assert np.isnan(pixels).sum() == 2
    nothing = scan.maps.adc.like(np.full_like(holes, np.nan))
    found = replace(scan, maps=replace(scan.maps, adc=nothing)).write(tmp_path / "b")["map-adc"]
    assert np.isnan(np.frombuffer(found.FloatPixelData, "<f4")).all()


def test_the_report_names_the_segment_of_the_lesion(tmp_path: Path) -> None:
    found = placed_scan(tmp_path / "scan").write(tmp_path / "a")
    segmentation, report = found["segmentation-lesion"], found["report"]
    (study,) = report.CurrentRequestedProcedureEvidenceSequence
    evidence = {one.ReferencedSOPInstanceUID for s in study.ReferencedSeriesSequence for one in s.ReferencedSOPSequence}
    assert segmentation.SOPInstanceUID in evidence
    named = _referenced_segments(report)
    assert [(one.ReferencedSOPInstanceUID, one.ReferencedSegmentNumber) for one in named] == [
        (segmentation.SOPInstanceUID, 1)
    ]


def _referenced_segments(item: Dataset) -> list[Dataset]:
    found = []
    for child in item.get("ContentSequence", []):
        if child.ValueType == "IMAGE" and child.ConceptNameCodeSequence[0].CodeValue == "121191":
            found.append(child.ReferencedSOPSequence[0])
        found += _referenced_segments(child)
    return found


def test_nothing_that_is_lesion_has_no_segmentation_and_a_refused_scan_the_report_alone(tmp_path: Path) -> None:
    scan = placed_scan(tmp_path / "scan")
    assert scan.maps.lesion is not None
    healthy = replace(scan.maps, lesion=scan.maps.lesion.like(np.zeros(scan.maps.lesion.array.shape, bool)))
    found = replace(scan, maps=healthy).write(tmp_path / "a", lesion=replace(LESION, side="none", volume_ml=0.0))
    assert set(found) == {"map-adc", "map-saliency", "map-z", "report", "saliency-001", "segmentation-regions"}
    refused = replace(scan.maps, lesion=None, saliency=None)
    assert set(replace(scan, maps=refused).write(tmp_path / "b", lesion=None)) == {"report"}


def test_what_it_is_for_stands_where_people_see_it(tmp_path: Path) -> None:
    found = placed_scan(tmp_path / "scan").write(tmp_path / "a")
    for name, one in found.items():
        assert "research use only" in one.SeriesDescription, name
        assert len(one.SeriesDescription) <= 64
        synthetic = name != "map-adc"  # it needs neither model nor atlas
        assert ("DEMONSTRATION" in one.SeriesDescription) == synthetic, name
        if name.startswith(("map", "segmentation")):
            assert "Research use only. Not a medical device." in one.ImageComments
    assert "DEMONSTRATION: the model saw synthetic data only." in found["map-saliency"].ImageComments
    assert "not read by a radiologist" in found["segmentation-lesion"].ContentDescription
