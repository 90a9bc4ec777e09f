"""Reads a BIDS folder of T1-weighted scans with ages (https://bids-specification.readthedocs.io).

An age is taken from the nearest table that speaks of the scan: scans.tsv, then sessions.tsv, then participants.tsv.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from AGE2HIELib.tables.age_tables import AgeTable, ScanName, SubjectAges, label, read_participants, wrong_rows
from AGE2HIELib.tables.problems import DataError, Problem
from AGE2HIELib.tables.reading import is_missing

_IMAGE = re.compile(
    r"^(?P<subject>sub-[A-Za-z0-9]+)(?:_(?P<session>ses-[A-Za-z0-9]+))?(?:_[A-Za-z0-9-]+)*_T1w\.nii(\.gz)?$"
)
_NATIVE = ("", "_space-T1w", "_space-orig")  # of a brain mask on the scan's own grid, as fMRIPrep and others write it


@dataclass(frozen=True)
class AgeScan:
    """One T1-weighted scan.

    Attributes:
        mask: a brain mask from ``derivatives``, where there is one.
        labels: a segmentation (``_dseg``) of this scan, beside it or in ``derivatives``, where there is one.
        site, sex: from columns of participants.tsv, where they are; sex is "F", "M" or empty.
    """

    subject: str
    session: str
    image: Path
    age_years: float
    mask: Path | None = None
    labels: Path | None = None
    site: str = ""
    sex: str = ""

    @property
    def name(self) -> str:
        return f"{self.subject}_{self.session}" if self.session else self.subject


def read_bids(root: Path) -> tuple[list[AgeScan], list[Problem]]:
    """All T1w scans with their ages, and everything that keeps some of them from being used."""
    try:
        participants = read_participants(root)
    except DataError as error:
        return [], [error.problem]
    images, problems = _images(root)
    problems += wrong_rows(participants)
    masks = {path.name: path for path in sorted(root.glob("derivatives/**/*desc-brain_mask.nii*"))}
    labels = {path.name: path for path in sorted(root.glob("**/*_dseg.nii*"))}
    by_subject: dict[str, list[Path]] = {}
    for image in images:
        by_subject.setdefault(_name(image).subject, []).append(image)
    names = [row.cells[participants.key] for row in participants.table.rows]
    scans = []
    for subject in dict.fromkeys(f"sub-{label(name)}" for name in names if not is_missing(name)):
        mine = by_subject.pop(subject, [])
        if not mine:
            problems.append(Problem("participants.tsv", f"{subject} has no T1w image. Add it, or take the row out"))
            continue
        found, wrong = _with_ages(root, participants, mine)
        site, sex = participants.site_of(subject), participants.sex_of(subject)
        scans += [
            replace(
                scan,
                mask=_beside(masks, scan.image, "_desc-brain_mask"),
                labels=_beside(labels, scan.image, "_dseg"),
                site=site,
                sex=sex,
            )
            for scan in found
        ]
        problems += wrong
    missing = "its subject is not in participants.tsv. Add a row, or take it away"
    problems += [Problem(image.name, missing) for images in by_subject.values() for image in images]
    return scans, list(dict.fromkeys(problems))


def _with_ages(root: Path, participants: AgeTable, images: Sequence[Path]) -> tuple[list[AgeScan], list[Problem]]:
    """One subject's scans; a table that cannot be read is one problem, whatever it says."""
    try:
        ages = SubjectAges(root, participants, [_name(image) for image in images])
    except DataError as error:
        return [], [error.problem]
    scans: list[AgeScan] = []
    problems = []
    for image in images:
        name = _name(image)
        try:
            scans.append(AgeScan(name.subject, name.session, image, ages.age_years(name)))
        except DataError as error:
            problems.append(error.problem)
    return scans, problems


def _images(root: Path) -> tuple[list[Path], list[Problem]]:
    """T1w images, and those whose name does not say the subject and session of the folder that they lie in."""
    found = [*root.glob("sub-*/anat/*T1w.nii*"), *root.glob("sub-*/ses-*/anat/*T1w.nii*")]
    images, problems = [], []
    for path in sorted(path for path in found if _IMAGE.search(path.name)):
        subject, *session = path.relative_to(root).parts[:-2]
        if (_name(path).subject, _name(path).session) == (subject, *(session or [""])):
            images.append(path)
        else:
            folder = "/".join((subject, *session))
            problems.append(Problem(path.name, f"lies in {folder}. Let its name say that subject and session"))
    return images, problems


def _name(image: Path) -> ScanName:
    match = _IMAGE.search(image.name)
    assert match is not None  # _images kept those that match
    return ScanName(match["subject"], match["session"] or "", image.name.removesuffix(".gz").removesuffix(".nii"))


def _beside(files: Mapping[str, Path], image: Path, suffix: str) -> Path | None:
    """The mask or segmentation that was made from this scan and lies on its grid."""
    stem = _name(image).stem.removesuffix("_T1w")
    wanted = [f"{stem}{space}{suffix}.nii{end}" for space in _NATIVE for end in ("", ".gz")]
    return next((files[name] for name in wanted if name in files), None)
