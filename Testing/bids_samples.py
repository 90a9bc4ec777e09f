"""A synthetic BIDS dataset: newborns' diffusion series named in the ways that datasets name them, and a T1 image."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
from scans import infant_with
from t1_samples import spotted

from AGE2HIELib.io.images import write_volume
from AGE2HIELib.io.nifti import write_dwi_nifti
from AGE2HIELib.phantom.head import make_head
from AGE2HIELib.phantom.scan import PROTOCOLS, nearest, scan_infant, scanner_adc
from AGE2HIELib.volume import DwiSeries, Volume

SEED, INJURY, ACQUISITION = 7, "bgt", "6mm"
# Magnetic resonance sidecars: what the scanner says, so that the validator misses nothing that matters here.
SIDECAR = {"ImageType": ["ORIGINAL", "PRIMARY", "DIFFUSION"], "EchoTime": 0.08, "RepetitionTime": 6.0}


@cache
def series() -> DwiSeries:
    infant, injury = infant_with(INJURY, SEED)
    return scan_infant(infant, injury, make_head(infant), PROTOCOLS[ACQUISITION], seed=SEED).dwi


@cache
def scanner_map() -> Volume:
    infant, injury = infant_with(INJURY, SEED)
    return scanner_adc(infant, injury, PROTOCOLS[ACQUISITION], seed=SEED)


def brain_mask() -> Volume:
    """On the series' own grid."""
    infant, _ = infant_with(INJURY, SEED)
    brain = infant.brain
    return nearest(brain.like(brain.array.astype(np.uint8)), series().grid)


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def write_root(root: Path, *, participants: str, **more: object) -> None:
    description = {"Name": "synthetic newborns", "BIDSVersion": "1.10.0", "DatasetType": "raw", "License": "CC0"}
    write_json(root / "dataset_description.json", {**description, **more})
    (root / "README.md").write_text(
        "# Synthetic newborns\n\nMade by phantoms: no child was scanned.\n", encoding="utf-8"
    )
    (root / "participants.tsv").write_text(participants, encoding="utf-8")
    column = {"Description": "Age at the scan.", "Units": "days"}
    write_json(root / "participants.json", {"age": column, "cooled": {"Description": "Therapeutic hypothermia."}})


def write_dwi(folder: Path, name: str, dwi: DwiSeries | None = None, **sidecar: object) -> Path:
    """``NAME_dwi.nii.gz`` with tables and sidecar beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}_dwi.nii.gz"
    write_dwi_nifti(dwi or series(), path)
    write_json(folder / f"{name}_dwi.json", {**SIDECAR, **sidecar})
    return path


def b0_alone() -> DwiSeries:
    """The reversed b0 that belongs to a series."""
    whole = series()
    first = whole.b_values == 0
    assert whole.directions_ras is not None
    return DwiSeries(whole.array[first], whole.affine_ras, whole.b_values[first], whole.directions_ras[first])


def synthetic_dataset(root: Path) -> Path:
    """Three infants: one with sessions and b-values stated at the root, one with a reversed b0 and a T1 image, and one
    of whom the scanner's ADC map is all there is.
    """
    write_root(root, participants="participant_id\tage\tcooled\nsub-01\t4\tyes\nsub-02\t3\tno\nsub-03\tn/a\tn/a\n")
    path = write_dwi(root / "sub-01" / "ses-a" / "dwi", "sub-01_ses-a")
    path.with_name("sub-01_ses-a_dwi.bval").rename(root / "ses-a_dwi.bval")
    write_dwi(root / "sub-02" / "dwi", "sub-02_dir-AP", PhaseEncodingDirection="j-")
    write_dwi(root / "sub-02" / "dwi", "sub-02_dir-PA", b0_alone(), PhaseEncodingDirection="j")
    (root / "sub-02" / "anat").mkdir()
    write_volume(spotted("left", "oblique"), root / "sub-02" / "anat" / "sub-02_T1w.nii.gz")
    write_json(root / "sub-02" / "anat" / "sub-02_T1w.json", {"ImageType": ["ORIGINAL", "PRIMARY"]})
    (root / "sub-03" / "dwi").mkdir(parents=True)
    write_volume(scanner_map(), root / "sub-03" / "dwi" / "sub-03_ADC.nii.gz")
    write_json(root / "sub-03" / "dwi" / "sub-03_ADC.json", {"ImageType": ["DERIVED", "PRIMARY", "ADC"]})
    return root


def real_flat(root: Path, t1_ages: Path, subjects: list[str]) -> Path:
    """Real T1 scans as they come, subject folders alone; ages in years, the oldest above 89."""
    rows = [line.split("\t") for line in (t1_ages / "participants.tsv").read_text(encoding="utf-8").splitlines()]
    kept = [row[:3] for row in rows if row[0] in ("participant_id", *subjects)]
    write_root(root, participants="".join("\t".join(row) + "\n" for row in kept))
    # what BIDS takes for granted of a column "age" (89 at most) is said otherwise by a dictionary
    columns = {"age": {"Description": "Age at the scan.", "Units": "year"}, "sex": {"Description": "Sex: M or F."}}
    write_json(root / "participants.json", columns)
    for subject in subjects:
        name = f"{subject}/anat/{subject}_T1w.nii.gz"
        (root / name).parent.mkdir(parents=True)
        (root / name).symlink_to(t1_ages / name)
    write_json(root / "T1w.json", {"ImageType": ["ORIGINAL", "PRIMARY"]})
    return root


def real_sessions(root: Path, t1_ages: Path, subjects: list[str]) -> Path:
    """The same scans in sessions, whose ages stand in months in each subject's sessions.tsv."""
    ages = dict(line.split("\t")[:2] for line in (t1_ages / "participants.tsv").read_text("utf-8").splitlines())
    write_root(root, participants="participant_id\n" + "".join(f"{subject}\n" for subject in subjects))
    write_json(root / "participants.json", {"participant_id": {"Description": "The subject."}})
    write_json(root / "sessions.json", {"age": {"Description": "Age at the session.", "Units": "months"}})
    for subject in subjects:
        folder = root / subject
        image = folder / "ses-01" / "anat" / f"{subject}_ses-01_run-01_T1w.nii.gz"
        image.parent.mkdir(parents=True)
        image.symlink_to(t1_ages / subject / "anat" / f"{subject}_T1w.nii.gz")
        table = f"session_id\tage\nses-01\t{12 * float(ages[subject]):.3f}\n"
        (folder / f"{subject}_sessions.tsv").write_text(table, encoding="utf-8")
    return root
