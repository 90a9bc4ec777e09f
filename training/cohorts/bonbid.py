"""Reads infants in the layout of BONBID-HIE (Bao 2023, doi:10.1101/2023.06.30.546841), with an outcome table.

``1ADC_ss/``, and ``2Z_ADC/``, ``3LABEL/``, ``4T1/``, ``5T2/`` where they are there, with or without a folder for each
site. The site is what stands before ``NICU`` in a case's name: MGH and BCH in the release, any hospital in a cohort of
one's own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from AGE2HIELib.clinical.variables import ClinicalData
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import SUFFIXES
from AGE2HIELib.tables.problems import Problem
from training.cohorts.outcomes import MAPPING, CaseOutcome, read_outcomes

# Words of letters and digits, joined by hyphens, from the beginning of the name or of what follows an underscore: a
# part of a hospital's name must not pass for another hospital.
_CASE = re.compile(r"(?<![^_])(?P<subject>(?P<ward>[^\W_]+(?:-[^\W_]+)*)_\d+)-(?P<visit>VISIT_\d+)")
_WARD = "NICU"
SEQUENCE_FOLDERS = {"t1": "4T1", "t2": "5T2"}  # beside those of the release, for networks that read them
_SITE_OF_WARD = {"BCHH": "BCH"}  # the release writes BCHNICU and BCHHNICU


@dataclass(frozen=True)
class HieCase:
    """One infant's scan. ``z_adc`` and ``lesion`` are None where they were not released; ``age_days`` may be NaN;
    ``t1`` and ``t2`` lie on any grid; ``others`` are further outcomes by name, those that are known.
    """

    case: str
    subject: str
    site: str
    image: Path
    adverse: bool
    z_adc: Path | None = None
    lesion: Path | None = None
    age_days: float = float("nan")
    clinical: ClinicalData = field(default_factory=ClinicalData)
    others: dict[str, bool] = field(default_factory=dict)
    t1: Path | None = None
    t2: Path | None = None


def read_bonbid(root: Path, mapping: Path | None = None, outcome: str = "") -> tuple[list[HieCase], list[Problem]]:
    """All cases with image and outcome, and everything that keeps some of them from being used.

    Args:
        root: holds ``1ADC_ss``.
        mapping: the file that explains the outcome table; ``outcomes.toml`` in ``root`` unless given.
        outcome: which of the table's further outcomes is read as the outcome; the children in whom it is not known are
            left out then. Empty for the main one.
    """
    images, problems = _by_case(root / "1ADC_ss")
    if not images and not problems:
        return [], [Problem(root.name, "there is no image in 1ADC_ss. Give the folder that holds 1ADC_ss")]
    outcomes, wrong_rows = read_outcomes(mapping or root / MAPPING)
    problems += wrong_rows
    z_maps, wrong_z = _by_case(root / "2Z_ADC")
    lesions, wrong_lesions = _by_case(root / "3LABEL")
    sequences = {name: _by_case(root / folder) for name, folder in SEQUENCE_FOLDERS.items()}
    problems += [problem for found, wrong in sequences.values() for problem in (*wrong, *_strays(images, found))]
    problems += [
        *wrong_z,
        *wrong_lesions,
        *_unmatched(images, outcomes),
        *_strays(images, z_maps),
        *_strays(images, lesions),
    ]
    cases = []
    for row in outcomes:
        for case in _cases_of(row.case, images):
            subject, site = _subject_and_site(case)
            cases.append(
                HieCase(
                    case=case,
                    subject=subject,
                    site=site,
                    image=images[case],
                    adverse=row.adverse,
                    z_adc=z_maps.get(case),
                    lesion=lesions.get(case),
                    age_days=row.age_days,
                    clinical=row.clinical,
                    others=row.others,
                    **{name: found.get(case) for name, (found, _) in sequences.items()},
                )
            )
    problems += _sites_of_one_name({case.site for case in cases})
    twice = [case for case, count in Counter(case.case for case in cases).items() if count > 1]
    problems += [Problem("outcome table", f"{case} is meant by two rows. Keep one") for case in twice]
    return sorted(_with_outcome(cases, outcome), key=lambda case: case.case), problems


def _with_outcome(cases: list[HieCase], outcome: str) -> list[HieCase]:
    if not outcome:
        return cases
    known = sorted({name for case in cases for name in case.others})
    if outcome not in known:
        raise InputError(
            f"hie.outcome is {outcome!r}, and the outcome table has {', '.join(known) or 'no further outcome'}. Name "
            f"one of them, or describe it in {MAPPING} under [others.{outcome}]."
        )
    return [replace(case, adverse=case.others[outcome]) for case in cases if outcome in case.others]


def _subject_and_site(case: str) -> tuple[str, str]:
    match = _CASE.search(case)
    assert match is not None  # _by_case kept those that match
    hospital = match["ward"].removesuffix(_WARD).rstrip("-") or match["ward"]
    return match["subject"], _SITE_OF_WARD.get(hospital, hospital)


def _sites_of_one_name(sites: Iterable[str]) -> list[Problem]:
    """Two spellings would put one hospital's children on both sides of a comparison across sites."""
    spellings: dict[str, list[str]] = {}
    for site in sorted(sites):
        spellings.setdefault(site.casefold(), []).append(site)
    return [
        Problem("1ADC_ss", f"the sites {' and '.join(names)} differ in capital letters only. Write one name")
        for names in spellings.values()
        if len(names) > 1
    ]


def _by_case(folder: Path) -> tuple[dict[str, Path], list[Problem]]:
    """Files by ``HOSPITALNICU_NNN-VISIT_NN``, whichever site folder they lie in."""
    found: dict[str, Path] = {}
    problems = []
    for path in sorted(folder.rglob("*")):
        hidden = path.name.startswith(".")  # half-written files among them
        if hidden or not path.is_file() or not path.name.lower().endswith(SUFFIXES):
            continue
        match = _CASE.search(path.name)
        if match is None:
            problems.append(Problem(path.name, "names no case. Name it as in MGHNICU_001-VISIT_01-ADC_ss.mha"))
            continue
        case = match.group()
        if case in found:
            problems.append(Problem(path.name, f"{case} has a second file in {folder.name}. Keep one"))
        found[case] = path
    return found, problems


def _cases_of(written: str, images: Iterable[str]) -> list[str]:
    """The cases that a row of the table means: one visit, or all visits of a subject."""
    return [case for case in images if written == case or case.startswith(f"{written}-")]


def _strays(images: dict[str, Path], others: dict[str, Path]) -> list[Problem]:
    """Maps of no image, where there are images without a map: one may be the other's, under another name.

    Where every image has its own, what lies there besides is left alone.
    """
    if not set(images) - set(others):
        return []
    return [
        Problem(path.name, f"is of {case}, which has no image in 1ADC_ss. Name it as the image, or take it away")
        for case, path in others.items()
        if case not in images
    ]


def _unmatched(images: dict[str, Path], outcomes: list[CaseOutcome]) -> list[Problem]:
    meant = {case for outcome in outcomes for case in _cases_of(outcome.case, images)}
    without_image = [outcome.case for outcome in outcomes if not _cases_of(outcome.case, images)]
    return [
        *(
            Problem("outcome table", f"{case} has no image in 1ADC_ss. Add it, or take the row out")
            for case in without_image
        ),
        *(
            Problem(images[case].name, "has no outcome in the table. Add a row, or take it away")
            for case in images
            if case not in meant
        ),
    ]
