"""What a row's maps are worth: the same network without training, and one exported network beside the other."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from AGE2HIELib.explanation.robustness import likeness
from AGE2HIELib.networks.age import AgeNetwork
from AGE2HIELib.networks.staged import StagedNetwork
from AGE2HIELib.pipeline.admission import Withheld, admit
from AGE2HIELib.pipeline.analysis import explain_prediction, on_scan_grid
from AGE2HIELib.pipeline.inputs import HieModel, load_model, read_scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import STAGES
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.quality.check import OVERRIDABLE
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Volume
from training.explaining.age_maps import age_map, held_out_subjects
from training.learning.randomness import key
from training.learning.transfer import measure_norms, new_outcome_network
from training.lessons import TRUE, Lesson, age_module
from training.preparing.inputs import t1_spec
from training.preparing.store import load_prepared
from training.pretraining import trained_age_network
from training.run_folder import RunFolder
from training.settings import T1_PLACEMENT
from training.systems.pictures import draw_age, draw_infant


def outcome_controls(run: RunFolder, bundle: Path, infant: Path, file: Path) -> dict[str, Any]:
    """Rank correlations over the brain of the exported map of the infant: with that of the same network untrained,
    whose picture is written, and between the maps of the exported networks. Empty where the gate withholds the number.
    """
    method = run.settings.explain.method
    model = load_model(bundle, device="cpu")
    assert isinstance(model, HieModel)  # no other computer was named
    request = Request(override=OVERRIDABLE, saliency=method)
    admitted = admit(read_scan(infant), model, load_atlas(), request, Stages(STAGES))
    if isinstance(admitted, Withheld):
        return {}

    def of(*members: StagedNetwork) -> Volume:
        _, found = explain_prediction(replace(model, members=members), admitted.image, method)
        return on_scan_grid(found.saliency, admitted)

    brain = admitted.gated.brain
    twin = of(untrained_twin(run, model.members[0]))
    draw_infant(admitted.gated.adc, brain, twin, file)
    figures = {"outcome_map_untrained": likeness(of(*model.members).array, twin.array, brain.array)}
    if len(model.members) > 1:
        first, second = (of(one).array for one in model.members[:2])
        figures["outcome_map_networks"] = likeness(first, second, brain.array)
    return finite(figures)


def untrained_twin(run: RunFolder, member: StagedNetwork) -> StagedNetwork:
    """A network of the same build with first weights; what was measured in healthy subjects stays, and batch norms take
    the statistics of the infants, as in the arm ``untrained-frozen``.
    """
    settings = run.settings
    twin = deepcopy(member)
    first = dict(new_outcome_network(settings.network, seed=key(settings.run.seed, "untrained")).named_parameters())
    with torch.no_grad():
        for name, weight in twin.named_parameters():
            weight.copy_(first[name])
    measure_norms(twin, load_prepared(run.prepared_hie).volumes, "atlas")
    return twin.requires_grad_(False).eval()


def age_controls(run: RunFolder, file: Path) -> dict[str, Any]:
    """The same of the maps of age in the explained subjects (mean of their correlations), and the error of answering
    the mean age to everybody.
    """
    settings, cohort = run.settings, load_prepared(run.prepared_ages)
    trained = trained_age_network(run, cohort, Lesson(TRUE))
    untrained, _ = age_module(settings, cohort, Lesson(TRUE))
    subjects, grid = (
        held_out_subjects(run, cohort),
        t1_spec(settings.input.spacing_mm, T1_PLACEMENT, settings.network.poolings).grid,
    )
    for network in (trained, untrained):
        network.requires_grad_(False).eval()
    draw_age(run, untrained, file)

    def maps(network: AgeNetwork) -> list[Volume]:
        return [age_map(network, one.image, grid, method=settings.explain.method) for one in subjects]

    both = zip(maps(trained), maps(untrained), subjects, strict=True)
    alike = [likeness(first.array, second.array, one.image[0, 0] != 0) for first, second, one in both]
    table = pd.read_csv(run.age_predictions, sep="\t")
    mean = table[table["pretraining"] == "mean"]
    off = (mean["predicted_years"] - mean["age_years"]).abs().mean()
    return finite({"age_map_untrained": float(np.mean(alike)), "mean_age_mae": float(off)})


def finite(figures: dict[str, float]) -> dict[str, float]:
    """Without those that cannot be had: a map without contrast has no ranks."""
    return {name: float(value) for name, value in figures.items() if np.isfinite(value)}
