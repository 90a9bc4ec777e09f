"""The steps of a run, in their order; each can be called again, and goes on where it was stopped."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pandas as pd

from AGE2HIELib.bundle.reading import Bundle
from AGE2HIELib.errors import InputError
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.tables.problems import Problem, refuse
from training.calibrating import calibrate
from training.checking import case_table, check_ages, check_folds, check_infants, check_overlap, one_age_problem
from training.cluster_fits import cluster_engine, make_fits_by
from training.cohorts.bids import read_bids
from training.cohorts.bonbid import read_bonbid
from training.cohorts.synthetic_ages import write_synthetic_ages
from training.cohorts.synthetic_hie import planned_cases, write_synthetic_hie, write_synthetic_sequences
from training.evaluating import Evaluation, evaluate
from training.explaining.age_maps import map_ages
from training.explaining.examinations import examine_cohort
from training.exporting import export
from training.finetuning import PRETRAINING_OF, finetune
from training.learning.outside_weights import load_outside
from training.learning.transfer import new_age_network, new_outcome_network
from training.lessons import TRUE
from training.preparing.infants import InfantOptions, prepare_infants
from training.preparing.inputs import age_spec, infant_spec
from training.preparing.lifespan import prepare_scans
from training.preparing.store import is_prepared
from training.pretraining import pretrain
from training.report_content import report_content, results_text
from training.reporting.page import write_report
from training.run_folder import RunFolder, add_to_record
from training.settings import FUSED, SYNTHETIC, T1_PLACEMENT


def needs_ages(run: RunFolder) -> bool:
    """Whether any arm starts from a pretrained trunk."""
    return bool(_pretrainings(run))


def make_ages(run: RunFolder) -> None:
    """Write the synthetic T1 scans, where the settings ask for them, as real ones would lie there."""
    settings = run.settings
    if settings.ages.source == SYNTHETIC:
        write_synthetic_ages(run.ages_data, settings.ages.subjects, seed=settings.run.seed, jobs=settings.run.jobs)


def make_hie(run: RunFolder) -> None:
    """Write the synthetic infants, where the settings ask for them, as real ones would lie there."""
    settings = run.settings
    if settings.hie.source == SYNTHETIC:
        atlas = load_atlas(resource_path("atlas"))
        cases = dict(settings.hie.cases)
        write_synthetic_hie(run.hie_data, atlas, cases, seed=settings.run.seed, jobs=settings.run.jobs)
        if settings.network.name == FUSED:
            write_synthetic_sequences(run.hie_data, cases, seed=settings.run.seed, jobs=settings.run.jobs)


def check_data(run: RunFolder) -> list[Problem]:
    """Every problem of the cohorts that are given; nothing is written. A synthetic one is made by ``prepare_step``."""
    settings = run.settings
    given_ages = needs_ages(run) and settings.ages.source != SYNTHETIC
    scans, problems = check_ages(run.ages_data, settings) if given_ages else ([], [])
    if settings.hie.source == SYNTHETIC:
        return [*problems, *check_folds(_expected_cases(run), settings)]
    cases, more = check_infants(run.hie_data, run.mapping, settings)
    return [*problems, *more, *check_overlap(scans, cases)]


def _expected_cases(run: RunFolder) -> pd.DataFrame:
    """The table of the infants that there are, or that will be made."""
    settings = run.settings
    if settings.hie.source != SYNTHETIC:
        return case_table(read_bonbid(run.hie_data, run.mapping, settings.hie.outcome)[0])
    plan = planned_cases(dict(settings.hie.cases), seed=settings.run.seed)
    return pd.DataFrame([vars(case) for case in plan]).assign(subject=lambda table: table["case"])


def prepare_ages(run: RunFolder) -> None:
    """Every T1 scan as the network sees it."""
    make_ages(run)
    settings = run.settings
    scans, problems = read_bids(run.ages_data)
    refuse([*problems, *one_age_problem(run.ages_data, scans)])
    spec = age_spec(settings.network)
    prepared = prepare_scans(scans, run.prepared_ages, spec, placement=T1_PLACEMENT, jobs=settings.run.jobs)
    add_to_record(run.root, ages_sha256=prepared.sha256)


def prepare_hie(run: RunFolder) -> None:
    """Every infant as the network sees it."""
    make_hie(run)
    settings = run.settings
    cases, problems = read_bonbid(run.hie_data, run.mapping, settings.hie.outcome)
    refuse(problems)
    options = InfantOptions(
        atlas=settings.input.atlas_folder,
        spec=infant_spec(settings.network),
        z_maps=settings.hie.z_maps,
        jobs=settings.run.jobs,
    )
    add_to_record(run.root, hie_sha256=prepare_infants(cases, run.prepared_hie, options).sha256)


def check_networks(run: RunFolder) -> None:
    """InputError for networks that cannot be made, and for weights from elsewhere that do not fit: before any image is
    made or placed.
    """
    settings = run.settings
    new_outcome_network(settings.network, seed=0)
    if needs_ages(run):
        encoder = new_age_network(settings.network, seed=0)
        if settings.pretrain.weights:
            load_outside(encoder, Path(settings.pretrain.weights))


def prepare_step(run: RunFolder) -> None:
    """Both cohorts; what the folds need is looked at before any time is spent."""
    refuse(check_folds(_expected_cases(run), run.settings))
    check_networks(run)
    if needs_ages(run):
        prepare_ages(run)
    prepare_hie(run)


def pretrain_step(run: RunFolder) -> None:
    """Brain age, with true ages and, where an arm needs them, with shuffled ones."""
    if not needs_ages(run):
        return
    if spread() and not is_prepared(run.prepared_ages):
        raise InputError("The T1 scans are not prepared. Run the step 'prepare' once before torchrun starts processes.")
    if not is_prepared(run.prepared_ages):
        check_networks(run)
        prepare_ages(run)
    pretrain(run, _pretrainings(run))


def _pretrainings(run: RunFolder) -> tuple[str, ...]:
    """The kinds of pretraining that an arm starts from."""
    used = (*run.settings.evaluate.arms, run.settings.export.arm)
    return tuple(kind for arm, kind in PRETRAINING_OF.items() if arm in used)


def finetune_step(run: RunFolder, scheduler: str | None = None) -> None:
    """Every arm on every split; by the workers of a dask.distributed scheduler where its address is given."""
    _refuse_spread("Fine-tuning makes many small fits")
    if not is_prepared(run.prepared_hie):
        prepare_hie(run)
    finetune(run, partial(make_fits_by, cluster_engine(run, scheduler)) if scheduler else None)


def report_step(run: RunFolder) -> Evaluation:
    """Tables, figures, page, model card and TRIPOD+AI list."""
    found = evaluate(run)
    write_report(run.report, report_content(run, found))
    return found


def export_step(run: RunFolder, folder: Path) -> None:
    """The bundle, with the figures of the evaluation on its card."""
    export(run, folder, results=results_text(run, evaluate(run)))


def calibrate_step(run: RunFolder, folder: Path) -> Bundle:
    """The exported model's number, read by infants whom none of its networks saw."""
    _refuse_spread("Infants are asked about one after the other")
    return calibrate(run, folder)


def examine_step(run: RunFolder, folder: Path) -> pd.DataFrame:
    """The exported model's maps over the cohort, examined."""
    _refuse_spread("Infants are examined one by one")
    return examine_cohort(run, folder)


def age_maps_step(run: RunFolder) -> pd.DataFrame:
    """The pretrained network's maps of age."""
    _refuse_spread("Subjects are explained one by one")
    return map_ages(run)


def _refuse_spread(why: str) -> None:
    if spread():
        raise InputError(f"{why}: run it without torchrun, with run.jobs processes.")


def spread() -> bool:
    """Whether torchrun started several processes."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def run_all_steps(run: RunFolder, folder: Path, scheduler: str | None = None) -> Mapping[str, pd.DataFrame]:
    """From nothing, or from where it was stopped, to the report and the bundle; ``scheduler`` as of the fits."""
    prepare_step(run)
    pretrain_step(run)
    finetune_step(run, scheduler)
    found = evaluate(run)
    export(run, folder, results=results_text(run, found))
    if run.settings.export.calibration != 0:
        calibrate_step(run, folder)
    if run.settings.explain.cases != 0:
        examine_step(run, folder)
    if run.settings.explain.subjects != 0 and TRUE in _pretrainings(run):
        age_maps_step(run)
    write_report(run.report, report_content(run, found))
    return {"summary": found.summary, "comparisons": found.comparisons}
