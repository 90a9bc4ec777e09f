"""What stays in memory after a fit, and how much a network is given at a time: both must not grow with the run."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
import torch
from learning_samples import CPU, age_module

from training.learning.batches import at_once
from training.learning.fitting import FitPlace, fit


def test_a_fit_leaves_the_weights_alone_in_memory(tmp_path: Path) -> None:
    """No gradients and no moments: with them every fit of a process kept four times its weights."""
    fit(age_module(epochs=1), FitPlace(tmp_path / "first", CPU))  # whatever is made once is made
    gc.collect()
    before = _numbers_in_tensors()
    kept = [age_module(epochs=1) for _ in range(3)]
    for number, module in enumerate(kept):
        fit(module, FitPlace(tmp_path / str(number), CPU))
    weights = sum(parameter.numel() for module in kept for parameter in module.network.parameters())
    assert _numbers_in_tensors() - before < 1.5 * weights + 3 * 200  # each has the ages and volumes of its subjects


def _numbers_in_tensors() -> int:
    tensors = [one for one in gc.get_objects() if type(one) in (torch.Tensor, torch.nn.Parameter)]
    gradients = [one.grad for one in tensors if one.is_leaf and one.grad is not None]
    every = {one.untyped_storage().data_ptr(): one.numel() for one in (*tensors, *gradients)}
    return sum(every.values())


@pytest.mark.parametrize(("spacing_mm", "count"), [(4.0, 8), (2.0, 5), (1.0, 1), (0.5, 1)])
def test_fine_grids_are_answered_few_at_a_time(spacing_mm: float, count: int) -> None:
    shape = tuple(round(side / spacing_mm) for side in (128, 128, 96))
    volumes = np.lib.stride_tricks.as_strided(np.zeros(1, np.float16), (20, 1, *shape), (0,) * 5)
    assert at_once(volumes, 8) == count
