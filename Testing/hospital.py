"""A synthetic study under a patient's name, and predictions of it with their DICOM objects."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pydicom

from AGE2HIELib.phantom.write import write_phantom
from AGE2HIELib.preprocess.atlas import Region

PATIENT = {
    "PatientName": "Quellenthal^Zenobia",
    "PatientID": "MRN-7731905",
    "PatientBirthDate": "20200101",
    "AccessionNumber": "ACC-558213",
    "InstitutionName": "Kinderspital Wyttenbach",
    "ReferringPhysicianName": "Obermoser^Tiberius",
}
SLICES = 18  # of a volume


@dataclass(frozen=True)
class Run:
    code: int
    said: str
    folder: Path

    @property
    def record(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads((self.folder / "result.json").read_text())
        return record


def predict(scan: Path, model: Path, out: Path, *more: str) -> Run:
    """In a process of its own, so that whatever a library or a converter says is heard as well."""
    command = [sys.executable, "-m", "AGE2HIELib.cli", "predict", scan, "--output", out, "--model", model, *more]
    done = subprocess.run(
        [*map(str, command), "--align", "off", "--progress", "jsonl"], capture_output=True, text=True, check=False
    )
    return Run(done.returncode, done.stdout + done.stderr, out)


def named_study(folder: Path) -> Path:
    """In a folder and in files that are called after the patient."""
    made = write_phantom(folder, seed=3, file_format="dicom", injury="bgt", acquisition="6mm")
    named = made.with_name("QUELLENTHAL_ZENOBIA_20200101")
    named.mkdir()
    for path in made.iterdir():
        file = pydicom.dcmread(path)
        for keyword, value in PATIENT.items():
            setattr(file, keyword, value)
        file.save_as(named / f"Quellenthal-{path.name}")
    return named


def atlas_of(*regions: Region) -> Any:
    """What the objects ask of an atlas."""
    return SimpleNamespace(regions=regions, synthetic=True)


def half_study(study: Path, folder: Path) -> Path:
    """The lower half of the brain has no signal."""
    half = folder / "Quellenthal_half"
    shutil.copytree(study, half)
    for path in half.iterdir():
        file = pydicom.dcmread(path)
        if (file.InstanceNumber - 1) % SLICES < SLICES // 2:
            file.PixelData = bytes(len(file.PixelData))
            file.save_as(path)
    return half
