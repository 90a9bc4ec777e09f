"""Segmentations and maps in DICOM lie on the scan's voxels, and each frame names the image that it comes from."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from placed_scans import ORIENTATIONS, REGIONS, SHAPE, PlacedScan, enhanced_file, placed_scan, scan_header, written
from pydicom import Dataset

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import LPS_FROM_RAS
from AGE2HIELib.report.hospital.identity import read_identity
from AGE2HIELib.volume import Volume

_CLOSE_MM = 1e-3
MAPS = {"map-adc": "adc", "map-z": "z", "map-saliency": "saliency"}


def values_at(volume: Volume, places_lps: np.ndarray) -> np.ndarray:
    """Of the voxels whose centres lie at (N, 3) places; a place off every centre fails."""
    affine = LPS_FROM_RAS @ volume.affine_ras
    indices = np.linalg.solve(affine, np.vstack([places_lps.T, np.ones(len(places_lps))]))[:3]
    nearest = np.rint(indices).astype(int)
    assert np.abs(affine[:3, :3] @ (indices - nearest)).max() < _CLOSE_MM
    return np.asarray(volume.array[tuple(nearest)])


def voxels_of(frame: Dataset, image: Dataset) -> np.ndarray:
    """(rows * columns, 3) places of a frame's pixels, LPS+ mm, by the standard's own formula (PS3.3 C.7.6.2.1.1)."""
    shared = image.SharedFunctionalGroupsSequence[0]
    row, column = np.reshape(np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float), (2, 3))
    between_rows, between_columns = map(float, shared.PixelMeasuresSequence[0].PixelSpacing)
    origin = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, float)
    i, j = np.meshgrid(np.arange(image.Columns), np.arange(image.Rows))
    places = origin + i[..., None] * row * between_columns + j[..., None] * column * between_rows
    return np.asarray(places.reshape(-1, 3))


def frames_of(image: Dataset) -> Iterator[tuple[Dataset, np.ndarray]]:
    """Each frame and its pixels."""
    size = image.NumberOfFrames, image.Rows, image.Columns
    if "FloatPixelData" in image:
        pixels = np.frombuffer(image.FloatPixelData, "<f4").reshape(size)
    else:
        pixels = image.pixel_array.reshape(size)
    yield from zip(image.PerFrameFunctionalGroupsSequence, pixels, strict=True)


@pytest.mark.parametrize("orientation", list(ORIENTATIONS))
def test_every_voxel_of_every_map_lies_on_the_scans(orientation: str, tmp_path: Path) -> None:
    scan = placed_scan(tmp_path / "scan", orientation)
    found = scan.write(tmp_path / "dicom")
    for name, attribute in MAPS.items():
        image = found[name]
        for frame, pixels in frames_of(image):
            wanted = values_at(getattr(scan.maps, attribute), voxels_of(frame, image))
            np.testing.assert_array_equal(pixels.ravel(), wanted.astype(np.float32))
        assert image.NumberOfFrames == SHAPE[2]


@pytest.mark.parametrize("orientation", list(ORIENTATIONS))
def test_frames_of_a_map_follow_one_another_along_their_normal(orientation: str, tmp_path: Path) -> None:
    """Readers that know the first position alone (dcmqi, by which Slicer reads maps) find the others by counting."""
    image = placed_scan(tmp_path / "scan", orientation).write(tmp_path / "dicom")["map-adc"]
    shared = image.SharedFunctionalGroupsSequence[0]
    row, column = np.reshape(np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float), (2, 3))
    step = np.cross(row, column) * float(shared.PixelMeasuresSequence[0].SpacingBetweenSlices)
    frames = image.PerFrameFunctionalGroupsSequence
    places = np.array([frame.PlanePositionSequence[0].ImagePositionPatient for frame in frames], float)
    np.testing.assert_allclose(places, places[0] + np.arange(len(places))[:, None] * step, atol=_CLOSE_MM)
    assert [frame.FrameContentSequence[0].DimensionIndexValues for frame in frames] == list(range(1, len(frames) + 1))


@pytest.mark.parametrize("orientation", list(ORIENTATIONS))
def test_every_voxel_of_every_segment_lies_on_the_scans_and_on_its_side(orientation: str, tmp_path: Path) -> None:
    scan = placed_scan(tmp_path / "scan", orientation)
    found = scan.write(tmp_path / "dicom")
    labels, lesion = scan.maps.regions, scan.maps.lesion
    assert labels is not None
    assert lesion is not None
    counted = dict.fromkeys(range(1, len(REGIONS) + 1), 0)
    for frame, pixels in frames_of(found["segmentation-regions"]):
        number = frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        places = voxels_of(frame, found["segmentation-regions"])
        region = REGIONS[number - 1]
        np.testing.assert_array_equal(pixels.ravel() > 0, values_at(labels, places) == region.value)
        if region.hemisphere != "midline":  # LPS+: x grows to the patient's left
            assert np.all((places[pixels.ravel() > 0][:, 0] > 3.25) == (region.hemisphere == "left"))
        counted[number] += int(pixels.sum())
    assert counted == {number: int((labels.array == one.value).sum()) for number, one in enumerate(REGIONS, 1)}
    total = 0
    for frame, pixels in frames_of(found["segmentation-lesion"]):
        places = voxels_of(frame, found["segmentation-lesion"])
        np.testing.assert_array_equal(pixels.ravel() > 0, values_at(lesion, places))
        assert places[pixels.ravel() > 0][:, 0].min() > 3.25
        total += int(pixels.sum())
    assert total == lesion.array.sum() > 0


def test_highdicom_reads_maps_and_segments_onto_the_scans_grid(tmp_path: Path) -> None:
    scan = placed_scan(tmp_path / "scan", "oblique, slices from above")
    scan.write(tmp_path / "dicom")
    read = hd.imread(tmp_path / "dicom" / "map-adc.dcm").get_volume()
    places = read.map_indices_to_reference(np.indices(read.spatial_shape).reshape(3, -1).T)
    np.testing.assert_array_equal(read.array.ravel(), values_at(scan.maps.adc, places))
    segments = hd.seg.segread(tmp_path / "dicom" / "segmentation-regions.dcm")
    read = segments.get_volume(combine_segments=True)
    places = read.map_indices_to_reference(np.indices(read.spatial_shape).reshape(3, -1).T)
    assert scan.maps.regions is not None
    numbers = {region.value: number for number, region in enumerate(REGIONS, 1)}
    wanted = [numbers[int(label)] for label in values_at(scan.maps.regions, places)]
    np.testing.assert_array_equal(read.array.ravel(), wanted)


def sources(image: Dataset) -> list[tuple[Dataset, Dataset]]:
    """Each frame and the image that it comes from."""
    frames = image.PerFrameFunctionalGroupsSequence
    return [(frame, frame.DerivationImageSequence[0].SourceImageSequence[0]) for frame in frames]


@pytest.mark.parametrize("orientation", ["oblique", "oblique, slices from above", "sagittal"])
def test_each_frame_names_the_first_image_at_its_place(orientation: str, tmp_path: Path) -> None:
    scan = placed_scan(tmp_path / "scan", orientation, volumes=3)
    headers = [pydicom.dcmread(file) for file in scan.files]
    first = {str(one.SOPInstanceUID): one for one in headers if one.InstanceNumber <= SHAPE[2]}
    for name, image in scan.write(tmp_path / "dicom").items():
        if not name.startswith(("map", "segmentation")):
            continue
        for frame, source in sources(image):
            at = first[source.ReferencedSOPInstanceUID].ImagePositionPatient
            np.testing.assert_allclose(frame.PlanePositionSequence[0].ImagePositionPatient, at, atol=_CLOSE_MM)
            assert source.SpatialLocationsPreserved == "YES"
        named = {one.ReferencedSOPInstanceUID for _, one in sources(image)}
        (series,) = image.ReferencedSeriesSequence
        assert {one.ReferencedSOPInstanceUID for one in series.ReferencedInstanceSequence} == named


def test_frames_of_an_enhanced_image_are_named_by_their_numbers(tmp_path: Path) -> None:
    scan = placed_scan(tmp_path / "scan", "oblique")
    file = enhanced_file(scan, tmp_path / "enhanced.dcm")
    frames = pydicom.dcmread(file).PerFrameFunctionalGroupsSequence
    found = replace(scan, files=(file,)).write(tmp_path / "dicom")
    for name in ("map-adc", "segmentation-regions"):
        for frame, source in sources(found[name]):
            at = frames[source.ReferencedFrameNumber - 1].PlanePositionSequence[0].ImagePositionPatient
            np.testing.assert_allclose(frame.PlanePositionSequence[0].ImagePositionPatient, at, atol=_CLOSE_MM)


def without(scan: PlacedScan, *keywords: str) -> PlacedScan:
    for path in scan.files:
        file = pydicom.dcmread(path)
        for keyword in keywords:
            delattr(file, keyword)
        file.save_as(path)
    return scan


def mosaic(folder: Path) -> PlacedScan:
    """One file whose rows and columns are those of all slices together."""
    header = scan_header(1)
    header.Rows, header.Columns = 3 * SHAPE[1], 3 * SHAPE[0]
    header.ImagePositionPatient, header.ImageOrientationPatient = [-90, -120, 20], [1, 0, 0, 0, 1, 0]
    return replace(placed_scan(folder, "axial"), files=(written(header, folder / "mosaic.dcm"),))


def turned(folder: Path) -> PlacedScan:
    """The files say another orientation than the grid that was made of them."""
    scan = placed_scan(folder, "oblique")
    return replace(scan, files=placed_scan(folder / "other", "coronal").files)


HARD = {
    "no frame of reference": lambda folder: without(placed_scan(folder), "FrameOfReferenceUID"),
    "no positions": lambda folder: without(placed_scan(folder), "ImagePositionPatient", "ImageOrientationPatient"),
    "no numbers, dates or sizes": lambda folder: without(
        placed_scan(folder), "InstanceNumber", "StudyDate", "StudyTime", "SeriesDate", "SeriesTime", "Rows", "PatientID"
    ),
    "one slice": lambda folder: placed_scan(folder, "oblique", slices=1),
    "mosaic": mosaic,
    "another orientation": turned,
}


@pytest.mark.parametrize("kind", list(HARD))
def test_hard_headers_give_whole_objects_in_place(kind: str, tmp_path: Path) -> None:
    scan = HARD[kind](tmp_path / "scan")
    found = scan.write(tmp_path / "dicom")
    image = found["map-adc"]
    for frame, pixels in frames_of(image):
        np.testing.assert_array_equal(pixels.ravel(), values_at(scan.maps.adc, voxels_of(frame, image)))
    placed = [one for name, one in found.items() if name.startswith(("map", "segmentation"))]
    assert len(placed) == 5
    assert len({one.FrameOfReferenceUID for one in placed}) == 1
    if kind == "mosaic":
        assert {source.ReferencedSOPInstanceUID for _, source in sources(image)} == {"1.2.3.4.1"}
        assert {source.SpatialLocationsPreserved for _, source in sources(image)} == {"NO"}
    if shutil.which("dciodvfy") is not None:
        for path in (tmp_path / "dicom").iterdir():
            done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
            assert "Error" not in done.stdout + done.stderr, (path.name, done.stderr)


@pytest.mark.parametrize(("keyword", "what"), [("StudyInstanceUID", "studies"), ("PatientID", "patients")])
def test_files_of_several_studies_or_patients_have_no_objects(keyword: str, what: str, tmp_path: Path) -> None:
    scan = placed_scan(tmp_path / "scan")
    other = pydicom.dcmread(scan.files[-1])
    other.SeriesInstanceUID = "1.2.3.99"
    setattr(other, keyword, "1.2.3.77")
    other.save_as(scan.files[-1])
    with pytest.raises(InputError, match=f"of several {what} "):
        read_identity(scan.files)
