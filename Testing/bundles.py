"""Bundles for tests: real in every respect but training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from AGE2HIELib.bundle.age_facts import AgeFacts, HeldOut, Learned
from AGE2HIELib.bundle.model_facts import Calibration, ModelFacts, Reading, z_kinds
from AGE2HIELib.bundle.reading import Bundle
from AGE2HIELib.bundle.writing import write_bundle
from AGE2HIELib.networks.age import AgeNetwork
from AGE2HIELib.networks.age_head import AgeHead
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.networks.sfcn import HALF_WIDTH
from AGE2HIELib.preprocess.network_input import Channel, InputSpec
from AGE2HIELib.volume import Grid

TINY = (4, 4, 4, 4, 4, 4)  # channels that keep tests fast
CALIBRATION = Calibration(1.5, -0.2, 0.4, slope_sd=0.2, intercept_sd=0.1)
CHANNELS = (Channel("adc", 1300.0, 500.0, -2.0, 4.0), Channel("z_adc", 0.0, 5.0, -2.0, 2.0))


def input_spec(grid: Grid | None = None) -> InputSpec:
    """Both channels on a 56 x 64 x 48 grid at 2 mm around the origin, or on ``grid``."""
    if grid is None:
        affine = np.diag([2.0, 2.0, 2.0, 1.0])
        affine[:3, 3] = [-55.0, -63.0, -47.0]
        grid = Grid((56, 64, 48), affine)
    return InputSpec(grid, CHANNELS)


def untrained_facts(
    *,
    calibration: Calibration = CALIBRATION,
    threshold: float = 0.5,
    z_origins: tuple[str, ...] = ("released", "none"),
    **changes: Any,
) -> ModelFacts:
    """z-maps of all kinds are read in the same way, unless ``readings`` are among the changes."""
    facts = ModelFacts(
        name="untrained",
        version="0.0.1",
        description="Random weights: a stand-in while no trained model is there.",
        trained_on="nothing",
        intended_use="Tests of the software.",
        made_with="Testing/bundles.py",
        demonstration=True,
        spec=input_spec(),
        z_origins=z_origins,
        readings=dict.fromkeys(z_kinds(z_origins), Reading(calibration, threshold)),
        network_arguments={"in_channels": 2, "channels": list(TINY), "outputs": 1, "norm": "group"},
    )
    return replace(facts, **changes)


def age_facts(**changes: Any) -> AgeFacts:
    """Of an untrained network of age on 4 mm cells; ``changes`` are its fields."""
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = [-54.0, -62.0, -46.0]
    facts = AgeFacts(
        network="sfcn",
        network_arguments={"in_channels": 1, "channels": [4, 4, 4], "outputs": 1, "norm": "group"},
        spec=InputSpec(Grid((28, 32, 24), affine), (Channel("t1", 0.0, 1.0, -4.0, 4.0, scaling="robust"),)),
        placement="affine",
        head=AgeHead("huber", 40.0, 25.0),
        saliency_layer="block2",
        trained_on=Learned(9, 0.5, 90.0),
        held_out=HeldOut(3, 21.5),
        demonstration=True,
    )
    return replace(facts, **changes)


def age_weights(facts: AgeFacts) -> dict[str, torch.Tensor]:
    """Seeded random ones."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        return AgeNetwork(build_network(facts.network, facts.network_arguments), facts.head).state_dict()


def untrained_members(facts: ModelFacts, count: int = 5) -> list[dict[str, torch.Tensor]]:
    """Seeded random weights; the generator that the caller uses is left as it was."""
    members = []
    with torch.random.fork_rng(devices=[]):
        for seed in range(count):
            torch.manual_seed(seed)
            members.append(build_network(facts.network, facts.network_arguments).state_dict())
    return members


def untrained_bundle(folder: Path, *, count: int = 5, half_width: bool = False, **changes: Any) -> Bundle:
    """Write a bundle with random weights to ``folder``; ``changes`` are fields of ``ModelFacts``."""
    if half_width:
        arguments = {"in_channels": 2, "channels": list(HALF_WIDTH), "outputs": 1, "norm": "group"}
        changes = {"network_arguments": arguments, **changes}
    facts = untrained_facts(**changes)
    members = untrained_members(facts, count)
    return write_bundle(
        folder,
        facts=facts,
        members=members,
        results="## Results\nNone.",
        licence="Apache-2.0",
        age_weights=None if facts.age is None else age_weights(facts.age),
    )
