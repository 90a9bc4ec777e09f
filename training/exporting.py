"""The bundle that ``age2hie`` and MONAI load: networks trained on all cases, and the network of age they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from AGE2HIELib.bundle.age_facts import AgeFacts, HeldOut, Learned
from AGE2HIELib.bundle.clinical_facts import ClinicalFacts
from AGE2HIELib.bundle.model_facts import ATLAS, NO_Z, ModelFacts, Reading
from AGE2HIELib.bundle.reading import Bundle
from AGE2HIELib.bundle.weights import pack_weights, unpack_weights
from AGE2HIELib.bundle.writing import add_age, write_bundle
from AGE2HIELib.networks.staged import StagedNetwork
from AGE2HIELib.preprocess.atlas import load_atlas
from training.bundle_cases import bundle_cases
from training.cohorts.synthetic_clinical import ASSUMPTION
from training.cohorts.synthetic_hie import STATEMENT
from training.evaluating import ensemble_logits, export_decisions, export_scores
from training.evaluation.clinical import clinical_facts
from training.evaluation.decide import Decision
from training.finetuning import PRETRAINING_OF, Fit, export_split, exported_network, pretrained_file
from training.leakage import subject_hashes
from training.learning.ages import predicted_years
from training.learning.transfer import outcome_arguments
from training.lessons import TRUE, Lesson, age_encoder, held_out_split
from training.preparing.inputs import age_spec, fed_kinds, fed_z_kinds, infant_spec
from training.preparing.store import PreparedCohort, load_prepared
from training.pretraining import load_pretrained, trained_age_network
from training.run_folder import RunFolder, read_record, recorded_settings
from training.settings import SYNTHETIC, T1_PLACEMENT


def export(run: RunFolder, folder: Path, *, results: str) -> None:
    """Write the bundle; ``results`` is the Markdown that the card ends with, the measured figures."""
    settings, cohort = run.settings, load_prepared(run.prepared_hie)
    split = export_split(settings, cohort.table)
    members = [exported_network(Fit(settings.export.arm, split, n), run, cohort) for n in range(len(split.inner))]
    kinds = fed_z_kinds(settings, cohort.table)
    logits = ensemble_logits(run, cohort.table)
    decisions, scores = export_decisions(logits), export_scores(logits)
    asked = [kind for kind in kinds if kind != NO_Z]  # no user's scan comes without a z-map
    remembered = bundle_cases(members, split, cohort, asked, scores, synthetic=settings.synthetic)
    age = exported_age(run)
    arguments = outcome_arguments(settings.network)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_bundle(
        folder,
        facts=ModelFacts(
            name=settings.export.name,
            version=settings.export.version,
            description=_description(settings.synthetic),
            trained_on=_trained_on(run, cohort.table),
            intended_use=_intended_use(settings.synthetic),
            made_with=str(read_record(run.root)["command"]),
            demonstration=settings.synthetic,
            spec=infant_spec(settings.network),
            z_origins=z_origins(run, kinds),
            readings={
                kind: Reading(decisions[kind].calibration, decisions[kind].threshold)
                for kind in fed_kinds(settings, cohort.table)
                if kind in decisions
            },
            network=settings.network.name,
            network_arguments=arguments,
            saliency_layer=explained_layer(members[0], settings.input.spacing_mm),
            cases=remembered,
            age=None if age is None else age.facts,
            clinical=exported_clinical(run, cohort.table, logits, decisions),
        ),
        members=[member.state_dict() for member in members],
        results=results,
        licence=Path(__file__).resolve().parent.parent.joinpath("LICENSE.txt").read_text(encoding="utf-8"),
        seen=_seen(run, cohort),
        age_weights=None if age is None else age.weights,
        overwrite=True,
    )


def z_origins(run: RunFolder, kinds: Sequence[str]) -> tuple[str, ...]:
    """What the z channel held while training, the atlas by its SHA-256."""
    atlas = load_atlas(run.settings.input.atlas_folder).sha256
    return tuple(atlas if kind == ATLAS else kind for kind in kinds)


def _seen(run: RunFolder, cohort: PreparedCohort) -> list[str]:
    pretrained: tuple[str, ...] = ()
    if run.settings.export.arm in PRETRAINING_OF:
        pretrained = load_pretrained(pretrained_file(run, run.settings.export.arm), run.settings).seen
    return sorted({*subject_hashes(cohort.table), *pretrained})


def _trained_on(run: RunFolder, table: pd.DataFrame) -> str:
    sites = ", ".join(f"{len(part)} from {site}" for site, part in table.groupby("site"))
    infants = f"{len(table)} infants ({sites}), {int(table['adverse'].sum())} adverse"
    if not run.settings.synthetic:
        return infants
    phantoms = infants.replace("infants", "procedural phantoms").replace(" from ", " in the style of ")
    return f"synthetic only: {phantoms}, simulated outcomes; no child was scanned"


def _description(synthetic: bool) -> str:
    if synthetic:
        return "Shows what age2hie does. Learned from synthetic infants: not for clinical use."
    return "Two-year outcome of newborns with hypoxic-ischemic encephalopathy, from ADC maps. Research use only."


def _intended_use(synthetic: bool) -> str:
    if synthetic:
        return f"Demonstration and tests of the software. {STATEMENT}"
    return "Research on groups like the one it was trained on. Not for decisions about a patient."


_CELL_MM = 8.0  # coarser cells cannot tell a lesion of a few ml from what lies beside it


@dataclass(frozen=True)
class ExportedAge:
    """``weights``: the ``state_dict`` of the whole network."""

    facts: AgeFacts
    weights: Mapping[str, torch.Tensor]


def exported_age(run: RunFolder) -> ExportedAge | None:
    """The first of them; None where the exported arm does not come from a network that learned true ages."""
    if PRETRAINING_OF.get(run.settings.export.arm) != TRUE:
        return None
    settings, cohort = run.settings, load_prepared(run.prepared_ages)
    network = trained_age_network(run, cohort, Lesson(TRUE))
    weights = {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
    # judged as it will be used: a bundle keeps 16 bits of each weight
    network.load_state_dict(unpack_weights(pack_weights(weights), "age"))
    table = cohort.table
    learned, held = held_out_split(table, settings.ages.held_out, seed=settings.run.seed)
    ages, brain_ml = (table[column].to_numpy(float) for column in ("age_years", "brain_ml"))
    error = np.abs(predicted_years(network, cohort.volumes[held], brain_ml[held]) - ages[held]).mean()
    spacing_mm = settings.input.spacing_mm
    name, arguments = age_encoder(settings, network.head)
    facts = AgeFacts(
        network=name,
        network_arguments=arguments,
        spec=age_spec(settings.network),
        placement=T1_PLACEMENT,
        head=network.head,
        saliency_layer=explained_layer(network.encoder, spacing_mm),
        trained_on=Learned(_subjects(cohort, learned), float(ages[learned].min()), float(ages[learned].max())),
        held_out=HeldOut(_subjects(cohort, held), float(error)),
        demonstration=settings.ages.source == SYNTHETIC,
    )
    return ExportedAge(facts, weights)


def explained_layer(network: StagedNetwork, spacing_mm: float) -> str:
    """The last block whose cells are no coarser than 8 mm; the first block where all are."""
    fine = [name for name in network.layers if network.cells(name).stride * spacing_mm <= _CELL_MM]
    return fine[-1] if fine else network.layers[0]


def add_age_network(root: Path, folder: Path) -> Bundle:
    """Give a bundle that was exported earlier the network of age of a run whose pretraining has ended.

    Args:
        root: the run's folder; the settings are those that it was begun with.
        folder: of the bundle, which must have come from a run with the same settings.
    """
    run = RunFolder(root, recorded_settings(root))
    made = exported_age(run)
    if made is None:
        raise ValueError(f"the arm {run.settings.export.arm} has no network of age")
    return add_age(folder, made.facts, made.weights)


def exported_clinical(
    run: RunFolder, table: pd.DataFrame, logits: pd.DataFrame, decisions: dict[str, Decision]
) -> ClinicalFacts | None:
    """How clinical variables join the image's number; None where the cohort has none."""
    record, assumption = read_record(run.root), ASSUMPTION if run.settings.synthetic else ""
    made_with = f"{record['command']}, source revision {record['commit']}"
    return clinical_facts(logits, decisions, table, made_with=made_with, assumption=assumption)


def _subjects(cohort: PreparedCohort, rows: np.ndarray) -> int:
    return int(cohort.table["subject"].iloc[rows].nunique())
