"""Synthetic infants at two sites, written in the layout of BONBID-HIE with an outcome table.

The sites differ as MGH and BCH do in the paper: 37 % and 58 % adverse, other scanners, another noise. Site names are
those of the layout's identifiers; every table says that no child was scanned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from AGE2HIELib.clinical.variables import FUSED, VARIABLES
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.phantom.infant import Infant, make_infant
from AGE2HIELib.phantom.injury import Injury, injure
from AGE2HIELib.phantom.scan import PROTOCOLS, Protocol, nearest, scanner_adc
from AGE2HIELib.phantom.sequences import SEQUENCES, scan_sequence
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.system.parallel import run_all
from AGE2HIELib.volume import Volume
from training.cohorts.bonbid import SEQUENCE_FOLDERS
from training.cohorts.outcomes import MAPPING
from training.cohorts.released_z import released_like_z
from training.cohorts.synthetic_clinical import ASSUMPTION, draw_clinical
from training.files import write_text, write_whole

STATEMENT = "Synthetic: procedural phantoms with simulated outcomes; no child was scanned. Not for clinical use."
FIRST_SEED = 100_000
_SEEDS_A_SITE = 100_000
# An even chance at a lesion load of 1 %: about a third of the MGH cases are over that load and 37 % did badly.
_EVEN_LOAD_PERCENT = 1.0
_LOAD_FLOOR_PERCENT = 0.03
_DEEP_GREY = 1.5  # what a tenth of the deep grey matter adds; twice the load adds 0.6
SCANNED_SHARE = 0.7  # of the infants that have a T1, and of those that have a T2
_CHANCE = 0.6  # scale of the logistic noise: outcomes depend on much that no scan shows


@dataclass(frozen=True)
class Site:
    """``adverse``: share of bad outcomes; ``protocols`` and their shares; ``snr``: factor on the protocol's own."""

    adverse: float
    protocols: dict[str, float]
    snr: float
    severity: float


# Prevalence from the paper (31 of 84 at MGH, 42 of 72 at BCH); scanners as seen in BONBID-HIE.
SITES = {
    "MGH": Site(31 / 84, {"2mm": 0.6, "4mm": 0.25, "6mm": 0.15}, 1.0, 1.0),
    "BCH": Site(42 / 72, {"2mm": 0.25, "6mm": 0.75}, 0.75, 1.3),
}
# 19 of 56 released cases have a load over 1 %, the quartiles are 0.05, 0.20 and 1.79 %: many small injuries, some
# large ones.
_KINDS = ("none", "bgt", "watershed", "near-total", "focal")
_KIND_SHARE = np.array([0.30, 0.20, 0.20, 0.12, 0.18])
_MOST_TRIES = 60
_MARKED_BY_MAP, _MAP_THRESHOLD, _HAND_THRESHOLD = 0.65, (-2.1, -1.4), (-1.4, -0.7)
_B_SCALE = (0.958, 0.015)
_PIXELS, _USUAL_PIXELS = (0.82, 1.0), 0.7  # of the protocol's, and share of infants with its own


@dataclass(frozen=True)
class Planned:
    """One infant to make: the outcome is fixed beforehand, so that a site's prevalence is exact."""

    case: str
    site: str
    adverse: bool
    seed: int


def write_synthetic_hie(folder: Path, atlas: Atlas, cases: dict[str, int], *, seed: int, jobs: int) -> None:
    """Make ``cases`` infants of each site; those that are there already are kept."""
    plan = planned_cases(cases, seed=seed)
    missing = [case for case in plan if not _files(folder, case)["adc"].exists()]
    run_all(partial(_write_case, folder=folder, atlas=atlas), missing, jobs=jobs, description="synthetic infants")
    write_outcomes(folder, plan, jobs=jobs)
    made_by = f"Made by `python training/run.py`, seed {seed}."
    write_text(folder / "README.md", f"{STATEMENT}\n\n{ASSUMPTION}\n\n{made_by}\n")


def write_outcomes(folder: Path, plan: Sequence[Planned], *, jobs: int) -> None:
    """The outcome table, with the drawn clinical variables of infants whose images are there, and its mapping."""
    loads = run_all(partial(_load, folder=folder), list(plan), jobs=jobs, description="synthetic variables")
    rows = ["case,simulated outcome (synthetic)," + ",".join(one.name for one in VARIABLES)]
    for case, load in zip(plan, loads, strict=True):
        known = draw_clinical(case.seed, adverse=case.adverse, load=load)
        cells = (_cell(getattr(known, one.name)) for one in VARIABLES)
        rows.append(",".join((case.case, "adverse" if case.adverse else "normal", *cells)))
    write_text(folder / "synthetic_outcomes.csv", "\n".join(rows) + "\n")
    write_text(folder / MAPPING, _MAPPING_TEXT + "".join(f'{name} = "{name}"\n' for name in FUSED))


def _load(case: Planned, *, folder: Path) -> float:
    """Share of the brain that is injured, from the infant's own files."""
    lesion, adc = (read_volume(_files(folder, case)[key]).array for key in ("lesion", "adc"))
    return float((lesion > 0).sum() / (adc != 0).sum())


def _cell(value: float | bool | str | None) -> str:
    if value is None:
        return "n/a"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:.10g}"


_MAPPING_TEXT = """# how to read the outcome table
file = "synthetic_outcomes.csv"
[columns]
case = "case"
outcome = "simulated outcome (synthetic)"
age_days = "age_days"
[outcome]
adverse = ["adverse"]
normal = ["normal"]
[clinical]
"""


def planned_cases(cases: dict[str, int], *, seed: int) -> list[Planned]:
    """The infants of each site: so many with either outcome, in an order drawn from the seed."""
    plan = []
    for number, (site, count) in enumerate(sorted(cases.items())):
        adverse = np.arange(count) < round(SITES[site].adverse * count)
        np.random.default_rng([seed, 20, number]).shuffle(adverse)
        first = FIRST_SEED + 10_000_000 * seed + _SEEDS_A_SITE * number
        plan += [
            Planned(f"{site}NICU_{index + 1:03d}-VISIT_01", site, bool(bad), first + index)
            for index, bad in enumerate(adverse)
        ]
    return plan


def _write_case(case: Planned, *, folder: Path, atlas: Atlas) -> None:
    """Scan, z-map and lesion of one infant; the ADC map comes last and says that the others are complete."""
    images, files = made_case(case, atlas), _files(folder, case)
    for key in ("z", "lesion", "adc"):
        write_whole(files[key], partial(write_volume, images[key]))


def made_case(case: Planned, atlas: Atlas) -> dict[str, Volume]:
    """``adc``, ``z`` (as released maps are) and ``lesion`` of one infant, in canonical voxel order."""
    rng = np.random.default_rng([case.seed, 10])
    infant = make_infant(case.seed)
    injury = injury_with_outcome(infant, case, rng)
    adc = to_canonical(scanner_adc(infant, injury, protocol_of(case.site, rng), seed=case.seed))
    brain = adc.like(adc.array != 0)
    z = released_like_z(infant, adc, brain, atlas, seed=case.seed)
    marked = nearest(injury.lesion, adc.grid).array & brain.array & (z.array < expert_threshold(case.seed))
    return {"adc": adc, "z": z, "lesion": adc.like(marked.astype(np.uint8))}


def expert_threshold(seed: int) -> float:
    """The z below which the expert of this infant marks injured tissue.

    Experts began with what lies below -2 in the z-map (doi:10.1101/2023.06.30.546841) and drew by hand: of the 22
    newborns with more than 20 voxels marked, who set these numbers, 14 have the 95th percentile of z in their mask
    between -2.1 and -1.4, the others between -1.4 and -0.7.
    """
    rng = np.random.default_rng([seed, 13])
    by_map = rng.uniform() < _MARKED_BY_MAP
    return float(rng.uniform(*(_MAP_THRESHOLD if by_map else _HAND_THRESHOLD)))


def protocol_of(name: str, rng: np.random.Generator) -> Protocol:
    """One of a site's acquisitions, with the site's noise."""
    site = SITES[name]
    drawn = PROTOCOLS[str(rng.choice(list(site.protocols), p=list(site.protocols.values())))]
    fine, square, thickness = rng.uniform(*_PIXELS), drawn.spacing_mm[0], drawn.spacing_mm[2]
    pixel = square if rng.uniform() < _USUAL_PIXELS else fine * square
    b_scale = rng.normal(*_B_SCALE)
    return replace(drawn, snr=drawn.snr * site.snr, spacing_mm=(pixel, pixel, thickness), b_scale=b_scale)


def injury_with_outcome(infant: Infant, case: Planned, rng: np.random.Generator) -> Injury:
    """Injuries are drawn until the rule gives the outcome that was planned for this infant."""
    shares = _KIND_SHARE * np.array([1.0, *[SITES[case.site].severity] * (len(_KINDS) - 1)])
    for attempt in range(_MOST_TRIES):
        kind = str(rng.choice(_KINDS, p=shares / shares.sum()))
        extent = float(rng.beta(0.5, 0.8))
        injury = injure(infant, kind, seed=case.seed + 7_000_000 * attempt, extent=extent)
        if simulated_outcome(injury.load, injury.deep_grey, rng) == case.adverse:
            return injury
    raise RuntimeError(f"no injury of {case.case} led to the planned outcome in {_MOST_TRIES} tries")


def write_synthetic_sequences(folder: Path, cases: dict[str, int], *, seed: int, jobs: int) -> None:
    """T1 and T2 of the infants that ``write_synthetic_hie`` has made; each lacks one of them by chance, or both."""
    missing = [case for case in planned_cases(cases, seed=seed) if not _missing_note(folder, case).exists()]
    run_all(partial(_write_sequences, folder=folder), missing, jobs=jobs, description="synthetic T1 and T2")


def _write_sequences(case: Planned, *, folder: Path) -> None:
    rng = np.random.default_rng([case.seed, 10])
    infant = make_infant(case.seed)
    injury = injury_with_outcome(infant, case, rng)  # the same numbers as in ``made_case``
    there = np.random.default_rng([case.seed, 12]).random(len(SEQUENCES)) < SCANNED_SHARE
    for name in (name for name, scanned in zip(SEQUENCES, there, strict=True) if scanned):
        image = scan_sequence(infant, injury, name, seed=case.seed).image
        write_whole(_sequence_file(folder, case, name), partial(write_volume, image))
    which = ", ".join(name for name, scanned in zip(SEQUENCES, there, strict=True) if scanned)
    write_text(_missing_note(folder, case), f"{which or 'none'}\n")  # the last: all of them are there


def _sequence_file(folder: Path, case: Planned, name: str) -> Path:
    return folder / SEQUENCE_FOLDERS[name] / case.site / f"{case.case}-{name.upper()}.mha"


def _missing_note(folder: Path, case: Planned) -> Path:
    return folder / "sequences" / f"{case.case}.txt"


def _files(folder: Path, case: Planned) -> dict[str, Path]:
    return {
        "adc": folder / "1ADC_ss" / case.site / f"{case.case}-ADC_ss.mha",
        "z": folder / "2Z_ADC" / case.site / f"Zmap_{case.case}-ADC_smooth2mm_clipped10.mha",
        "lesion": folder / "3LABEL" / case.site / f"{case.case}_lesion.mha",
    }


def simulated_outcome(load: float, deep_grey: float, rng: np.random.Generator) -> bool:
    """By a rule with chance in it, and no more than that: from lesion load and injured share of deep grey
    matter (both 0..1), with logistic noise.
    """
    latent = 2.0 * np.log10((100 * load + _LOAD_FLOOR_PERCENT) / _EVEN_LOAD_PERCENT)
    latent += _DEEP_GREY * min(deep_grey / 0.1, 1.0)
    return bool(latent + _CHANCE * rng.logistic() > 0)
