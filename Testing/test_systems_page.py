"""The page of the comparison of systems: controls beside the maps, and what is worse than its source says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from training.learning.randomness import key
from training.learning.transfer import new_outcome_network
from training.preparing.store import PreparedCohort
from training.settings_reading import load_settings
from training.systems import controls
from training.systems.measuring import RowTask
from training.systems.page import control_table, source_table, why_worse
from training.systems.system import settings_of
from training.systems.table import find_systems

COMMON = load_settings("systems")


def task_of(name: str, root: Path) -> RowTask:
    (system,) = find_systems([name])
    return RowTask(system, settings_of(system, COMMON, "systems"), root, root / "adc.mha", "")


def test_what_is_worse_than_its_source_says_so_with_the_reason(tmp_path: Path) -> None:
    patches, sfcn, vgg = (task_of(name, tmp_path) for name in ("patches", "sfcn", "vgg8"))
    said = why_worse(patches, {"age_mae": 12.0, "mean_age_mae": 23.0})
    assert said == (
        "161 phantoms, cells of 4 mm, 20 epochs; cubes of 12 cells, and a fifth of the subjects is kept back for the "
        "weights"
    )
    assert "it has not learned" in why_worse(sfcn, {"age_mae": 19.0, "mean_age_mae": 23.0})
    assert "it has not learned" not in why_worse(sfcn, {"age_mae": 18.0, "mean_age_mae": 23.0})
    assert why_worse(sfcn, {"age_mae": 2.0, "mean_age_mae": 23.0}).startswith("not worse")
    assert why_worse(vgg, {"age_mae": 8.0, "mean_age_mae": 23.0}) == "-"  # the source reports no error of age
    rows = {"patches": {"age_mae": 12.04, "mean_age_mae": 23.0, "auc": 0.7}, "sfcn": {"auc": 0.61}}
    table = source_table([patches, sfcn], rows)
    assert [row[2] for row in table.rows] == ["12.0 years (mean age 23.0), AUC 0.70", "AUC 0.61"]
    assert "2.13 years" in table.rows[0][1]


def test_a_map_stands_beside_its_untrained_twin(tmp_path: Path) -> None:
    tasks = [task_of(name, tmp_path) for name in ("sfcn", "slice-bag")]
    rows = {"sfcn": {"outcome_map_untrained": 0.912, "outcome_map_networks": 0.333}, "slice-bag": {}}
    table = control_table(tasks, rows)
    assert [row[1:] for row in table.rows] == [("hirescam", "0.91", "0.33", "-"), ("attention", "-", "-", "-")]


@pytest.mark.parametrize("name", ["sfcn", "covariance", "slice-bag"])
def test_the_untrained_twin_has_first_weights_and_what_was_measured(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = task_of(name, tmp_path)
    member = new_outcome_network(task.settings.network, seed=1).eval()
    with torch.no_grad():
        for weight in member.parameters():
            weight.add_(1.0)
        if name == "covariance":
            member.values.mean.fill_(0.25)  # type: ignore[operator, union-attr]
    grid = (32, 32, 24)
    volumes = np.random.default_rng(0).normal(size=(4, 3, *grid)).astype(np.float16)
    monkeypatch.setattr(controls, "load_prepared", lambda folder: PreparedCohort(volumes, None, pd.DataFrame(), ""))
    twin = controls.untrained_twin(task.run, member)
    fresh = new_outcome_network(task.settings.network, seed=key(task.settings.run.seed, "untrained"))
    for new, first, old in zip(twin.parameters(), fresh.parameters(), member.parameters(), strict=True):
        assert torch.equal(new, first)
        assert not torch.equal(new, old)
    if name == "covariance":
        np.testing.assert_array_equal(twin.values.mean, 0.25)  # type: ignore[arg-type, union-attr]
    norms = [module for module in twin.modules() if isinstance(module, torch.nn.BatchNorm3d)]
    assert bool(norms) == (name in ("sfcn", "slice-bag"))
    assert all(float(norm.running_mean.abs().max()) > 0 for norm in norms if norm.running_mean is not None)
