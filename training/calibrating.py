"""The exported model's number and sets read anew, by infants whom none of its networks saw.

Out-of-fold answers, by which an export is read at first, come from ensembles that learned from fewer infants than the
exported one and are less sure of themselves: their mean logits of adverse infants lie at 0.8 where the exported
networks say 1.2, and a number read by them is too sure (slope 0.82 instead of 1; 640 and 386 synthetic infants of the
bundled model). Infants who took no part in the training, answered by the exported networks themselves, have no such
difference. Of synthetic infants as many can be drawn as there is time for; a hospital's own are read from a folder.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from AGE2HIELib.bundle.model_facts import RELEASED, Reading
from AGE2HIELib.bundle.reading import Bundle, known_subjects, read_bundle
from AGE2HIELib.bundle.weights import load_members
from AGE2HIELib.bundle.writing import Calibrated, add_calibration
from AGE2HIELib.errors import InputError
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.system.places import resource_path
from training.cohorts.bonbid import read_bonbid
from training.cohorts.problems import refuse
from training.cohorts.synthetic_clinical import ASSUMPTION
from training.cohorts.synthetic_hie import write_synthetic_hie
from training.evaluating import export_decisions, export_scores
from training.evaluation.clinical import clinical_facts
from training.leakage import leaked_subjects
from training.learning.outcomes import logits
from training.preparing.infants import InfantOptions, prepare_infants
from training.preparing.store import PreparedCohort
from training.run_folder import RunFolder, revision

LEAST = 20  # of either outcome: a set at 90 % ranks at least nine, and a slope from fewer says nothing
_SEED = 500  # further than the run's own: no phantom is drawn twice


def calibrate(run: RunFolder, folder: Path) -> Bundle:
    """Let the bundle's number, threshold, sets and clinical fusion rest on the infants of ``export.calibration``.

    Args:
        folder: of a bundle that this run, or another one with the same input, has exported; its weights stay.

    Raises:
        InputError: no such infants are asked for, too few have either outcome, or the model has learned from one.
    """
    settings = run.settings
    if settings.export.calibration == 0:
        raise InputError("No infants are named. Give --set export.calibration=NUMBER, of synthetic ones, or a folder.")
    bundle = read_bundle(folder)
    cohort = calibration_cohort(run, bundle)
    answered = bundle_logits(bundle, cohort)
    decisions = export_decisions(answered)
    readings = {kind: Reading(one.calibration, one.threshold) for kind, one in decisions.items()}
    made_with = f"training/run.py calibrate, source revision {revision()}"
    clinical = clinical_facts(
        answered, decisions, cohort.table, made_with=made_with, assumption=ASSUMPTION if settings.synthetic else ""
    )
    calibrated = Calibrated(readings, export_scores(answered), clinical, _in_words(run, cohort.table))
    return add_calibration(folder, calibrated, settings.export.version)


def calibration_cohort(run: RunFolder, bundle: Bundle) -> PreparedCohort:
    """The infants as the bundle's networks see them; synthetic ones are made first."""
    settings, data, asked = run.settings, run.calibration_data, run.settings.export.calibration
    if isinstance(asked, int):
        atlas, jobs = load_atlas(resource_path("atlas")), settings.run.jobs
        cases = infants_a_site(dict(settings.hie.cases), asked)
        write_synthetic_hie(data, atlas, cases, seed=settings.run.seed + _SEED, jobs=jobs)
    cases_there, problems = read_bonbid(data, None, settings.hie.outcome)
    refuse(problems)
    options = InfantOptions(settings.input.atlas_folder, bundle.spec, settings.hie.z_maps, settings.run.jobs)
    cohort = prepare_infants(cases_there, run.prepared_calibration, options)
    subjects = cohort.table["subject"].astype(str).tolist()
    if isinstance(asked, int):
        subjects = []  # phantoms of all cohorts share names
    refuse(leaked_subjects(subjects, known_subjects(bundle), cohort.table["image_sha256"]))
    adverse = cohort.table["adverse"].astype(bool)
    if min(adverse.sum(), (~adverse).sum()) < LEAST:
        raise InputError(
            f"{adverse.sum()} adverse and {(~adverse).sum()} favourable infants are too few to calibrate a model: "
            f"{LEAST} of either are needed. Leave export.calibration out, or add infants."
        )
    return cohort


def infants_a_site(cases: dict[str, int], infants: int) -> dict[str, int]:
    """So many infants, divided among the sites as ``cases`` are."""
    every = sum(cases.values())
    return {site: round(infants * count / every) for site, count in cases.items()}


def bundle_logits(bundle: Bundle, cohort: PreparedCohort) -> pd.DataFrame:
    """Mean logit of the bundle's members for every infant and each kind of z-map: columns ``case z logit adverse``.

    Released z-maps are asked for where at least ``LEAST`` infants of either outcome have one.
    """
    members = load_members(bundle)
    released = cohort.table["released_z"].to_numpy(bool)
    adverse = cohort.table["adverse"].to_numpy(bool)
    parts = []
    for kind in bundle.readings:
        asked = released if kind == RELEASED else np.ones(len(released), bool)
        rows = np.flatnonzero(asked)
        if min(adverse[rows].sum(), (~adverse[rows]).sum()) < LEAST:
            continue
        mean = np.mean([logits(member, cohort.volumes[rows], kind) for member in members], axis=0)
        known = {"case": cohort.table["case"].to_numpy()[rows], "logit": mean, "adverse": adverse[rows]}
        parts.append(pd.DataFrame(known).assign(z=kind))
    return pd.concat(parts, ignore_index=True)


def _in_words(run: RunFolder, table: pd.DataFrame) -> str:
    infants = f"{len(table)} infants ({int(table['adverse'].astype(bool).sum())} adverse) whom no network had seen"
    return infants.replace("infants", "synthetic infants") if run.settings.synthetic else infants
