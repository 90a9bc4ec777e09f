"""Small cohorts on disk, in the layouts that training reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from AGE2HIELib.io.images import write_volume
from AGE2HIELib.volume import Volume

MAPPING = """file = "clinical.csv"
[columns]
case = "ID"
outcome = "Outcome"
[outcome]
adverse = ["1", "bad"]
normal = ["0"]
"""


def small_image(seed: int) -> Volume:
    rng = np.random.default_rng(seed)
    return Volume(rng.uniform(800, 1600, (6, 7, 5)).astype(np.float32), np.diag([2.0, 2.0, 4.0, 1.0]))


def write_bids(root: Path, ages: dict[str, str], *, column: str = "age") -> Path:
    """One small T1w image a subject and participants.tsv."""
    for number, subject in enumerate(ages):
        anat = root / subject / "anat"
        anat.mkdir(parents=True, exist_ok=True)
        write_volume(small_image(number), anat / f"{subject}_T1w.nii.gz")
    rows = [f"{subject}\t{age}" for subject, age in ages.items()]
    (root / "participants.tsv").write_text("\n".join([f"participant_id\t{column}", *rows]) + "\n")
    return root


def write_hie(root: Path, outcomes: dict[str, str], *, sites: bool = True) -> Path:
    """One small ADC map a case, with the outcome table and the file that explains it."""
    for number, case in enumerate(outcomes):
        folder = root / "1ADC_ss" / (case[:3] if sites else "")
        folder.mkdir(parents=True, exist_ok=True)
        write_volume(small_image(number), folder / f"{case}-VISIT_01-ADC_ss.mha")
    rows = [f"{case},{outcome}" for case, outcome in outcomes.items()]
    (root / "clinical.csv").write_text("\n".join(["ID,Outcome", *rows]) + "\n")
    (root / "outcomes.toml").write_text(MAPPING)
    return root


def two_sites(count: int = 8) -> dict[str, str]:
    """``count`` cases of each site, every other one adverse."""
    return {f"{site}NICU_{n:03d}": str(n % 2) for site in ("MGH", "BCH") for n in range(1, count + 1)}
