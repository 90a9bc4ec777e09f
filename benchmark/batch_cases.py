"""Cases for ``batch.py``: links to a few folders with synthetic scans that are sound, implausible or not readable."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.volume import Volume

PREDICTED, REFUSED, UNUSABLE = 0, 3, 2
SOUND = {"6mm": "bgt", "4mm": "none", "2mm": "watershed"}  # acquisition and injury
_SCAN = "adc.mha"


def make_kinds(folder: Path) -> dict[str, int]:
    """A case's folder of each kind in ``folder``; the names of the kinds, and how each must end."""
    for number, (acquisition, injury) in enumerate(SOUND.items()):
        phantom(folder / f"sound {acquisition}", number, "mha", acquisition, injury)
    for name, change in SPOILED.items():
        (folder / name).mkdir()
        change(folder / f"sound {next(iter(SOUND))}" / _SCAN, folder / name)
    lacking = folder / "DICOM lacks a file"
    phantom(lacking, 9, "dicom", "6mm", "bgt")
    for path in (*(lacking / "dicom").glob("005-001-009*"), *(lacking / "dicom").glob("006-*")):
        path.unlink()  # a slice of the raw series, and the scanner's ADC, which would be read in its place
    codes = {f"sound {acquisition}": PREDICTED for acquisition in SOUND}
    codes |= {"half a brain": REFUSED, "far too large": REFUSED}
    return codes | {name: UNUSABLE for name in (*SPOILED, lacking.name) if name not in codes}


def phantom(folder: Path, seed: int, file_format: str, acquisition: str, injury: str) -> None:
    what = ("--seed", str(seed), "--format", file_format, "--acquisition", acquisition, "--injury", injury)
    command = [sys.executable, "-m", "AGE2HIELib.cli", "phantom", "--output", str(folder), *what]
    subprocess.run(command, check=True, capture_output=True)
    shutil.rmtree(folder / "truth")


def _half(scan: Path, folder: Path) -> None:
    adc = read_volume(scan)
    lower = np.arange(adc.array.shape[2]) < adc.array.shape[2] // 2
    write_volume(adc.like(np.where(lower, 0, adc.array)), folder / _SCAN)


def _far_too_large(scan: Path, folder: Path) -> None:
    """Four times the volume."""
    adc = read_volume(scan)
    write_volume(Volume(adc.array, adc.affine_ras @ np.diag([1.6, 1.6, 1.6, 1])), folder / _SCAN)


def _truncated(scan: Path, folder: Path) -> None:
    content = scan.read_bytes()
    (folder / _SCAN).write_bytes(content[: len(content) // 2])


def _no_image(_scan: Path, folder: Path) -> None:
    (folder / "adc.nii").write_text("seen")


def _no_scan(_scan: Path, folder: Path) -> None:
    (folder / "notes.txt").write_text("seen")


def _two(scan: Path, folder: Path) -> None:
    for name in ("one.mha", "other.mha"):
        shutil.copy(scan, folder / name)


SPOILED: Mapping[str, Callable[[Path, Path], None]] = {
    "half a brain": _half,
    "far too large": _far_too_large,
    "truncated": _truncated,
    "no image": _no_image,
    "no scan": _no_scan,
    "two scans": _two,
}


def link_cases(kinds: Path, cases: Path, names: list[str]) -> dict[str, str]:
    """``case-0000`` and so on in ``cases``, each a link to its kind's folder; the kind of each."""
    cases.mkdir()
    made = {f"case-{number:04d}": name for number, name in enumerate(names)}
    for case, name in made.items():
        (cases / case).symlink_to(kinds / name, target_is_directory=True)
    return made


def mixed(codes: Mapping[str, int], count: int, shares: Mapping[int, float], seed: int) -> list[str]:
    """``count`` kinds in a random order: of each code its share, shared evenly by the kinds that end so.

    Args:
        shares: of PREDICTED and REFUSED; the rest is UNUSABLE.
    """
    wanted = {code: round(count * share) for code, share in shares.items()}
    wanted[UNUSABLE] = count - sum(wanted.values())
    names: list[str] = []
    for code, number in wanted.items():
        kinds = [name for name, ends in codes.items() if ends == code]
        names += [kinds[n % len(kinds)] for n in range(number)]
    return [names[n] for n in np.random.default_rng(seed).permutation(len(names))]
