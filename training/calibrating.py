"""The exported model's number and sets read anew, by infants whom none of its networks saw.

Out-of-fold answers, by which an export is read at first, come from ensembles that learned from fewer infants than the
exported one and are less sure of themselves: of the 640 synthetic infants of model 0.7.1 the adverse ones had a mean
logit of 0.8, where its exported networks said 1.3 of fresh ones, and a number read by them was too sure (slopes of 0.82
and 0.94 instead of 1 with our own z-maps, in two sets of 800 fresh infants). Infants who took no part in the training,
answered by the exported networks themselves, have no such difference. Of synthetic infants as many can be drawn as
there is time for; a hospital's own are read from a folder. What such a reading is worth in infants who did not make it
is kept in ``calibration.tsv``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from AGE2HIELib.bundle.model_facts import Reading, for_z_map, patterns, z_kinds
from AGE2HIELib.bundle.reading import Bundle, known_subjects, read_bundle
from AGE2HIELib.bundle.weights import load_members
from AGE2HIELib.bundle.writing import Calibrated, add_calibration
from AGE2HIELib.errors import InputError
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.tables.problems import refuse
from training.cohorts.bonbid import read_bonbid
from training.cohorts.synthetic_clinical import ASSUMPTION
from training.cohorts.synthetic_hie import write_synthetic_hie, write_synthetic_sequences
from training.evaluating import export_decisions, export_scores
from training.evaluation.clinical import clinical_facts
from training.evaluation.decide import LEAST
from training.evaluation.reliability import cross_fitted
from training.files import write_tsv
from training.leakage import leaked_subjects
from training.learning.outcomes import logits
from training.preparing.infants import InfantOptions, prepare_infants
from training.preparing.inputs import has_input
from training.preparing.store import PreparedCohort
from training.run_folder import RunFolder, revision

_SEED = 500  # further than the run's own: no phantom is drawn twice


def calibrate(run: RunFolder, folder: Path) -> Bundle:
    """Let the bundle's number, threshold, sets and clinical fusion rest on the infants of ``export.calibration``.

    Args:
        folder: of a bundle that this run, or another one with the same input, has exported; its weights stay.

    Raises:
        InputError: no such infants are asked for, or synthetic ones for a model of real infants; too few have either
            outcome; the model has learned from one of them.
        ModelError: the run's atlas is none that the model was trained with.
    """
    settings, asked = run.settings, run.settings.export.calibration
    if asked == 0:
        raise InputError("No infants are named. Give --set export.calibration=NUMBER, of synthetic ones, or a folder.")
    bundle = read_bundle(folder)
    drawn = isinstance(asked, int)
    if drawn and not bundle.demonstration:
        raise InputError(
            f"The model {bundle.name} learned from real infants, and {asked} synthetic ones cannot say what its number "
            "is worth. Set export.calibration to a folder of infants whom it has not seen."
        )
    for_z_map(bundle, load_atlas(settings.input.atlas_folder), released=False)
    cohort = calibration_cohort(run, bundle)
    answered = bundle_logits(bundle, cohort)
    write_tsv(run.calibration_table, cross_fitted(answered, seed=settings.run.seed))
    decisions = export_decisions(answered)
    clinical = clinical_facts(
        answered,
        decisions,
        cohort.table,
        made_with=f"training/run.py calibrate, source revision {revision()}",
        assumption=ASSUMPTION if drawn else "",
    )
    adverse = int(cohort.table["adverse"].astype(bool).sum())
    who = f"{len(cohort.table)} {'synthetic ' if drawn else ''}infants ({adverse} adverse) whom no network had seen"
    readings = {kind: Reading(one.calibration, one.threshold) for kind, one in decisions.items()}
    return add_calibration(
        folder, Calibrated(readings, export_scores(answered), clinical, who), settings.export.version
    )


def calibration_cohort(run: RunFolder, bundle: Bundle) -> PreparedCohort:
    """The infants as the bundle's networks see them; synthetic ones are made first."""
    settings, data, asked = run.settings, run.calibration_data, run.settings.export.calibration
    if isinstance(asked, int):
        atlas, jobs = load_atlas(resource_path("atlas")), settings.run.jobs
        cases = infants_a_site(dict(settings.hie.cases), asked)
        write_synthetic_hie(data, atlas, cases, seed=settings.run.seed + _SEED, jobs=jobs)
        if bundle.spec.sequences:
            write_synthetic_sequences(data, cases, seed=settings.run.seed + _SEED, jobs=jobs)
    there, problems = read_bonbid(data, None, settings.hie.outcome)
    refuse(problems)
    options = InfantOptions(settings.input.atlas_folder, bundle.spec, settings.hie.z_maps, settings.run.jobs)
    cohort = prepare_infants(there, run.prepared_calibration, options)
    # phantoms of all cohorts share names, not images
    subjects = [] if isinstance(asked, int) else cohort.table["subject"].astype(str).tolist()
    refuse(leaked_subjects(subjects, known_subjects(bundle), cohort.table["image_sha256"]))
    return cohort


def infants_a_site(cases: dict[str, int], infants: int) -> dict[str, int]:
    """So many infants, divided among the sites as ``cases`` are."""
    every = sum(cases.values())
    return {site: round(infants * count / every) for site, count in cases.items()}


def bundle_logits(bundle: Bundle, cohort: PreparedCohort) -> pd.DataFrame:
    """Mean logit of the bundle's members for every infant and each kind of input: columns ``case z logit adverse``.

    Released z-maps and every choice of sequences are asked for where at least ``LEAST`` infants of either outcome have
    them. Where none has a sequence that the bundle reads, only ADC alone is: infants with any, whom the plain kinds of
    z-map stand for, keep their reading.

    Raises:
        InputError: fewer infants than that have either outcome.
    """
    members = load_members(bundle)
    adverse = cohort.table["adverse"].to_numpy(bool)
    if _fewest(adverse) < LEAST:
        raise InputError(
            f"{adverse.sum()} adverse and {(~adverse).sum()} favourable infants are too few to calibrate a model: "
            f"{LEAST} of either are needed. Leave export.calibration out, or add infants."
        )
    parts = []
    of_z, read = z_kinds(bundle.z_origins), bundle.spec.sequences
    beside = tuple(kind for one in of_z for kind in patterns(one, read))
    some = not read or any(cohort.table[f"has_{name}"].any() for name in read)
    for kind in (*of_z, *beside) if some else beside:
        rows = np.flatnonzero(has_input(kind, cohort.table))
        if _fewest(adverse[rows]) >= LEAST:
            mean = np.mean([logits(member, cohort.volumes[rows], kind) for member in members], axis=0)
            known = {"case": cohort.table["case"].to_numpy()[rows], "logit": mean, "adverse": adverse[rows]}
            parts.append(pd.DataFrame(known).assign(z=kind))
    return pd.concat(parts, ignore_index=True)


def _fewest(adverse: np.ndarray) -> int:
    return int(min(adverse.sum(), (~adverse).sum()))
