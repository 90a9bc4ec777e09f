"""The network that learned brain age, as a bundle carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from AGE2HIELib.bundle.age_facts import AgeFacts, HeldOut, Learned
from AGE2HIELib.bundle.reading import Bundle
from AGE2HIELib.bundle.weights import pack_weights, unpack_weights
from AGE2HIELib.bundle.writing import add_age
from AGE2HIELib.networks.staged import StagedNetwork
from training.finetuning import PRETRAINING_OF
from training.learning.ages import predicted_years
from training.learning.transfer import network_arguments
from training.preparing.inputs import t1_spec
from training.preparing.store import Prepared, load_prepared
from training.pretraining import TRUE, Lesson, held_out_split, trained_age_network
from training.run_folder import RunFolder, read_record
from training.settings import SYNTHETIC, check_settings

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
    placement, spacing_mm = settings.input.t1_placement, settings.input.spacing_mm
    facts = AgeFacts(
        network=settings.network.name,
        network_arguments=network_arguments(settings.network, in_channels=1, outputs=network.head.outputs),
        spec=t1_spec(spacing_mm, placement, settings.network.poolings),
        placement=placement,
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
    run = RunFolder(root, check_settings(read_record(root)["settings"]))
    made = exported_age(run)
    if made is None:
        raise ValueError(f"the arm {run.settings.export.arm} has no network of age")
    return add_age(folder, made.facts, made.weights)


def _subjects(cohort: Prepared, rows: np.ndarray) -> int:
    return int(cohort.table["subject"].iloc[rows].nunique())
