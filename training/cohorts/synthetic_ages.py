"""Synthetic subjects from birth to 97 years, written as a BIDS folder of T1-weighted scans with ages."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np

from AGE2HIELib.io.images import write_volume
from AGE2HIELib.phantom.lifespan import age_of, make_t1_subject, scan_t1, sex_of
from AGE2HIELib.phantom.scan import nearest
from AGE2HIELib.phantom.structures import BASE_VALUE
from AGE2HIELib.system.parallel import run_all
from training.files import write_text, write_whole

STATEMENT = "Synthetic: procedural phantoms; nobody was scanned."
FIRST_SEED = 300_000
_SEEDS_A_RUN = 10_000_000


def write_synthetic_ages(folder: Path, subjects: int, *, seed: int, jobs: int) -> None:
    """Make ``subjects`` of them; those that are there already are kept."""
    seeds = [FIRST_SEED + _SEEDS_A_RUN * seed + number for number in range(subjects)]
    missing = [one for one in seeds if not image_path(folder, one).exists()]
    run_all(partial(_write_subject, folder=folder), missing, jobs=jobs, description="synthetic T1 scans")
    rows = [f"{_name(one)}\t{_age(one):.4f}\t{sex_of(one)}" for one in seeds]
    write_text(folder / "participants.tsv", "\n".join(["participant_id\tage\tsex", *rows]) + "\n")
    write_text(folder / "participants.json", json.dumps({"age": {"Description": STATEMENT, "Units": "years"}}))
    description = {"Name": STATEMENT, "BIDSVersion": "1.10.0", "DatasetType": "raw", "License": "Apache-2.0"}
    write_text(folder / "dataset_description.json", json.dumps(description))


def image_path(folder: Path, seed: int) -> Path:
    return folder / _name(seed) / "anat" / f"{_name(seed)}_T1w.nii"


def _name(seed: int) -> str:
    return f"sub-synthetic{seed}"


def _age(seed: int) -> float:
    return float(age_of(np.random.default_rng([seed, 30])))


def _write_subject(seed: int, *, folder: Path) -> None:
    """The scan comes last and says that the segmentation is complete; its structures are without sides."""
    subject = make_t1_subject(seed, _age(seed))
    scan = scan_t1(subject, seed=seed)
    structures = subject.labels.like(BASE_VALUE[subject.labels.array].astype(np.uint8))
    path = image_path(folder, seed)
    labels = nearest(structures, scan.grid)
    write_whole(path.with_name(f"{_name(seed)}_dseg.nii.gz"), partial(write_volume, labels))
    write_whole(path, partial(write_volume, scan))
