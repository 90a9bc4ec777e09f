"""DICOM objects of real scanners' series: in place, and each frame named where the series has an image for it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hospital import atlas_of
from placed_scans import LESION, REGIONS
from report_samples import small_record
from test_dicom_planes import frames_of, sources, values_at, voxels_of

from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.source import read_source
from AGE2HIELib.report.hospital.objects import write_objects
from AGE2HIELib.report.overlay import Maps
from AGE2HIELib.result.decode import decode
from AGE2HIELib.result.record import Result

VENDORS = {  # folder, series, and whether each slice lies where an image or a frame says that it lies
    "siemens-xa30": ("10", True),  # enhanced multi-frame
    "siemens-mosaic": (None, False),
    "philips-classic": (None, True),
    "uih-vframe": (None, False),
}


@pytest.mark.real
@pytest.mark.parametrize("vendor", list(VENDORS))
def test_objects_of_a_vendors_series_are_in_place(vendor: str, real_data: Path, tmp_path: Path) -> None:
    series, placed = VENDORS[vendor]
    source = read_source(real_data / "dwi-dicom" / vendor, series=series)
    assert source.dwi is not None
    b0 = to_canonical(source.dwi.volume(0))
    adc = b0.like(b0.array.astype(np.float32))
    middle = np.zeros(adc.array.shape, bool)
    middle[..., adc.array.shape[2] // 2] = True
    labels = adc.like(np.where(np.indices(adc.array.shape)[0] < 20, 9, 0))
    maps = Maps(adc, adc.like(middle), adc, None, labels, adc.like(middle))
    record = replace(decode(Result, small_record()), lesion=LESION)
    write_objects(record, maps, atlas_of(*REGIONS), source.files, tmp_path / "dicom")
    found = {path.stem: pydicom.dcmread(path) for path in (tmp_path / "dicom").iterdir()}
    image = found["map-adc"]
    for frame, pixels in frames_of(image):
        np.testing.assert_array_equal(pixels.ravel(), values_at(adc, voxels_of(frame, image)))
    assert {one.SpatialLocationsPreserved for _, one in sources(image)} == {"YES" if placed else "NO"}
    if placed and "ReferencedFrameNumber" not in sources(image)[0][1]:
        at = {}
        for path in source.files:
            header = pydicom.dcmread(path, stop_before_pixels=True)
            at[header.SOPInstanceUID] = header.ImagePositionPatient
        for frame, one in sources(image):
            position = frame.PlanePositionSequence[0].ImagePositionPatient
            np.testing.assert_allclose(position, at[one.ReferencedSOPInstanceUID], atol=1e-3)
    if shutil.which("dciodvfy") is not None:
        for path in (tmp_path / "dicom").iterdir():
            done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
            assert "Error" not in done.stdout + done.stderr, (path.name, done.stderr)
