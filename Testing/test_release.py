"""Blocks that are not released yet: no gradient, no share of the clipped norm, and the same after a stop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from learning_samples import CPU, SHAPE, SMALL, age_module

from training.learning.fitting import FitPlace, fit
from training.learning.keyed import Learner
from training.learning.outcomes import Infants, OutcomeModule
from training.learning.transfer import from_ages
from training.settings import Finetune

STAGED = Finetune(epochs=5)  # block 3 from epoch 1, block 2 from epoch 2


def transferred() -> OutcomeModule:
    rng = np.random.default_rng(2)
    volumes = rng.normal(0, 1, (16, 3, *SHAPE)).astype(np.float16)
    trunk = age_module(epochs=1).network.encoder.state_dict()
    network = SMALL.model_copy(update={"pooling": "places"})  # a bounded head would have no gradients so large
    start = from_ages(network, STAGED, trunk, seed=9, volumes=volumes, z_maps="released")
    start.network.head.linear.weight.data *= 300  # gradients of the trunk well over the clipped norm
    infants = Infants(np.arange(16), np.arange(16) % 2 == 0, np.arange(16) % 2 == 1, "released")
    return OutcomeModule(start, volumes, infants, Learner(5, 8, 1e-3, seed=4, augment=False))


def test_frozen_blocks_take_no_share_of_the_clipped_norm(tmp_path: Path) -> None:
    module = transferred()
    seen: dict[int, set[str]] = {}
    norms: list[tuple[int, float]] = []
    step = module.optimizer_step

    def look(epoch: int, number: int, optimiser: torch.optim.Optimizer, closure: object = None) -> None:
        step(epoch, number, optimiser, closure)  # type: ignore[arg-type]
        learned = {n: p.grad for n, p in module.network.named_parameters() if p.grad is not None}
        parts = {name.removeprefix("blocks.").split(".")[0] for name in learned}
        seen.setdefault(epoch, set()).update(parts)
        norms.append((epoch, float(torch.stack([grad.norm() for grad in learned.values()]).norm())))

    module.optimizer_step = look  # type: ignore[method-assign,assignment]
    first = {name: value.clone() for name, value in module.network.state_dict().items()}
    fit(module, FitPlace(tmp_path, CPU))
    early = {"head", "block1"}
    assert seen == {0: early, 1: early | {"block3"}, 2: early | {"block2", "block3"}, 3: seen[2], 4: seen[2]}
    clipped = [norm for epoch, norm in norms if epoch < 1]
    assert clipped == pytest.approx([1.0] * len(clipped), abs=1e-3)  # all of it in what learns
    after = module.network.state_dict()
    assert all(not torch.equal(value, after[name]) for name, value in first.items() if "conv" in name)


def test_a_staged_fit_that_was_stopped_before_a_release_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = fit(transferred(), FitPlace(tmp_path / "whole", CPU))
    module = transferred()

    def fault() -> None:
        if module.current_epoch == 2:
            raise RuntimeError("the power fails")

    module.on_train_epoch_start = fault  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="the power fails"):
        fit(module, FitPlace(tmp_path / "stopped", CPU))
    resumed = fit(transferred(), FitPlace(tmp_path / "stopped", CPU))
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name
