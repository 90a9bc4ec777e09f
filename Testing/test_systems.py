"""The systems of the field: the table, the two-stage network, the ranking loss and the tasks beside age."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from AGE2HIELib.errors import InputError, ModelError
from AGE2HIELib.explanation.age import answer_age
from AGE2HIELib.networks.age import AgeNetwork
from AGE2HIELib.networks.age_head import AgeHead
from AGE2HIELib.networks.registry import TWO_STAGE, build_network
from AGE2HIELib.networks.two_stage import TwoStage
from training.learning.ranking import SOFTNESS, order_loss, pairs_loss, random_pairs, ranking_loss, soft_ranks
from training.learning.transfer import outcome_arguments
from training.lessons import TRUE, Lesson, age_encoder, age_module
from training.preparing.inputs import age_spec
from training.preparing.store import PreparedCohort
from training.settings_reading import PRESETS, load_settings
from training.systems import comparing
from training.systems.measuring import RowTask
from training.systems.system import settings_of
from training.systems.table import SYSTEMS, find_systems

TRUNK = {"in_channels": 1, "width": 2, "layers": 3}


def test_scale_dense_has_the_published_channels() -> None:
    network = build_network("scaledense", {"in_channels": 1, "norm": "batch", "layers": 3})
    image = torch.randn(1, 1, 16, 24, 16)
    assert [network.below(image, name).shape[1] for name in network.layers] == [8, 24, 72, 216]
    assert build_network("scaledense", {"in_channels": 1, "width": 1}).features == 3**5
    stem = 8 * 7**3 + 8
    # a cube and three rods without biases, and two numbers of each of their four norms
    convolutions = [27 * a * b + 3 * 3 * a * b + 4 * 2 * b for a, b in ((8, 16), (16, 16))]
    excitation = 16 * 1 + 1 + 1 * 16 + 16
    first = sum(convolutions) + 2 * 2 * 16 + excitation
    assert sum(p.numel() for name, p in network.named_parameters() if name.startswith("blocks.stem")) == stem
    assert sum(p.numel() for name, p in network.named_parameters() if name.startswith("blocks.dense1")) == first


def test_scale_dense_is_cut_at_any_block_and_sees_left_and_right_alike() -> None:
    network = build_network("scaledense", TRUNK)
    image = torch.randn(2, 1, 16, 24, 16)
    for layer in network.layers:
        assert torch.equal(network.above(network.below(image, layer), layer), network(image))
        cells = network.cells(layer)
        assert tuple(network.below(image, layer).shape[2:]) == tuple(cells.count(size) for size in (16, 24, 16))


@pytest.mark.parametrize(
    ("name", "arguments", "seen"),
    [
        ("scaledense", {"in_channels": 1, "width": 1024, "layers": 8}, "6718464 features"),
        ("scaledense", {"in_channels": 1, "layers": 0}, "'layers' holds 0"),
        (TWO_STAGE, {"in_channels": 1, "trunk": TWO_STAGE, "trunk_arguments": {}}, "two plain networks"),
        (TWO_STAGE, {"in_channels": 1, "trunk": "os", "trunk_arguments": {}}, "'os'"),
        (
            TWO_STAGE,
            {"in_channels": 1, "trunk": "sfcn", "trunk_arguments": {}, "mean_years": 1.0, "sd_years": 0.0},
            "sd_years is 0",
        ),
    ],
)
def test_a_bundle_cannot_ask_for_what_no_memory_holds(name: str, arguments: dict[str, object], seen: str) -> None:
    with pytest.raises(ModelError, match=seen):
        build_network(name, arguments)


def two_stage() -> TwoStage:
    torch.manual_seed(4)
    trunk = {"width": 2, "layers": 3}
    given = {"in_channels": 1, "trunk": "scaledense", "trunk_arguments": trunk, "mean_years": 40.0, "sd_years": 20.0}
    network = build_network(TWO_STAGE, given)
    assert isinstance(network, TwoStage)
    return network


def test_the_first_age_is_rounded_to_five_years_and_does_not_learn() -> None:
    network = two_stage()
    images = torch.randn(6, 1, 16, 16, 16)
    first = network.first(images)[:, 0] * 20 + 40
    rounded = network.rounded_years(images)
    assert torch.equal(rounded % 5, torch.zeros(6))
    assert (rounded - first).abs().max() <= 2.5
    network.train()
    assert not network.first.training
    network(images).sum().backward()
    assert all(parameter.grad is None for parameter in network.first.parameters())
    assert all(parameter.grad is not None for parameter in network.blocks.parameters())


def test_the_answer_is_the_rounded_age_and_a_residual() -> None:
    network = two_stage()
    images = torch.randn(3, 1, 16, 16, 16)
    torch.nn.init.zeros_(network.residual[2].weight)
    torch.nn.init.constant_(network.residual[2].bias, 0.25)
    torch.testing.assert_close(20 * network(images)[:, 0] + 40, network.rounded_years(images) + 5)
    for layer in network.layers:
        assert torch.equal(network.above(network.below(images, layer), layer), network(images))


def test_every_method_explains_the_residual_of_a_two_stage_network() -> None:
    network = AgeNetwork(two_stage(), AgeHead("huber", 40.0, 20.0)).eval().requires_grad_(False)
    image = np.random.default_rng(0).normal(size=(1, 1, 16, 16, 16)).astype(np.float32)
    answer = answer_age(network, image, method="hirescam", layer="dense1")
    assert answer.cells.shape == (8, 8, 8)
    assert np.abs(answer.cells).max() > 0
    assert answer_age(network, image, method="integrated-gradients", layer="dense1").cells.shape == (16, 16, 16)


def test_the_order_costs_nothing_when_it_is_right_and_a_swap_pulls_both_back() -> None:
    true = torch.arange(6.0)
    assert float(order_loss(3 * true - 2, true)) < 1e-8
    assert float(order_loss(true.repeat(1), true)) < 1e-8
    swapped = torch.tensor([0.0, 1.0, 3.0, 3.0 - SOFTNESS, 4.0, 5.0], requires_grad=True)
    loss = order_loss(swapped, true)
    assert loss.item() > 1e-3
    (slope,) = torch.autograd.grad(loss, swapped)
    assert slope[2] > 0 > slope[3]  # a step down the slope lowers the third and raises the fourth
    assert slope[[0, 1, 4, 5]].abs().max() < 1e-3 * slope[2].abs()


def test_soft_ranks_are_ranks_of_values_far_apart_and_one_age_is_one_rank() -> None:
    values = torch.tensor([5.0, -3.0, 8.0, 1.0])
    torch.testing.assert_close(soft_ranks(values), torch.tensor([3.0, 1.0, 4.0, 2.0]))
    together = torch.tensor([1.0, 1.0, 9.0])
    torch.testing.assert_close(soft_ranks(together), torch.tensor([1.5, 1.5, 3.0]))
    assert float(order_loss(together, together)) < 1e-12


def test_pairs_cost_the_squared_error_of_their_differences() -> None:
    true, predicted = torch.tensor([0.0, 1.0, 3.0]), torch.tensor([5.0, 6.0, 8.0])
    every = torch.tensor([[0, 0, 1], [1, 2, 2]])
    assert float(pairs_loss(predicted, true, every)) == 0.0  # an offset is no error of a difference
    assert float(pairs_loss(2 * true, true, every)) == pytest.approx((1 + 9 + 4) / 3)
    same = torch.full((4,), 2.0)
    assert float(pairs_loss(same, same, random_pairs(4, torch.device("cpu")))) == 0.0
    parts = ranking_loss(true, true)
    assert list(parts) == ["squared_loss", "order_loss", "pairs_loss"]
    assert float(sum(parts.values())) < 1e-6


@pytest.mark.parametrize("preset", PRESETS)
def test_every_row_is_made_of_settings_that_exist(preset: str) -> None:
    common = load_settings(preset, None, ["evaluate.protocols=[pooled]"])
    names = [one.name for one in SYSTEMS]
    assert len(set(names)) == len(names)
    for system in SYSTEMS:
        settings = settings_of(system, common, preset)
        assert settings.export.arm in settings.evaluate.arms
        assert settings.run.jobs == 1
        assert settings.ages == common.ages  # the same subjects for all
        assert settings.hie == common.hie
        assert system.source
        assert system.made_map


@pytest.mark.parametrize("preset", ["systems", "full"])
def test_every_row_s_networks_can_be_built(preset: str) -> None:
    """Of age and of the outcome; without memory for their weights."""
    common, head = load_settings(preset), AgeHead("huber", 40.0, 25.0)
    for system in SYSTEMS:
        settings = settings_of(system, common, preset)
        of_age = age_encoder(settings, head)
        of_outcome = settings.network.name, outcome_arguments(settings.network)
        with torch.device("meta"):
            for name, arguments in (of_age, of_outcome):
                assert build_network(name, arguments).features > 0, system.name


def test_every_row_s_network_of_age_reads_its_image() -> None:
    """That of a covariance network did not, for want of regions: it learned nothing, and nothing said so."""
    common = load_settings("systems")
    names = [f"sub-{number}" for number in range(6)]
    table = pd.DataFrame({"subject": names, "age_years": np.linspace(1, 90, 6), "brain_ml": 1000.0})
    for system in SYSTEMS:
        if not system.learns_age:
            continue
        settings = settings_of(system, common, "systems")
        spec = age_spec(settings.network)
        shape = (6, len(spec.channels), *spec.grid.shape)
        volumes = np.random.default_rng(0).normal(0, 1, shape) + np.linspace(-1, 1, 6)[:, None, None, None, None]
        cohort = PreparedCohort(volumes.astype(np.float16), None, table, "0" * 64)
        network, _ = age_module(settings, cohort, Lesson(TRUE))
        network.eval()
        with torch.no_grad():
            first, last = (network.encoder(torch.from_numpy(volumes[[row]]).float()) for row in (0, -1))
        assert float((first - last).abs().max()) > 1e-4, system.name


def test_a_swin_transformer_keeps_places_and_is_cut_at_any_stage() -> None:
    torch.manual_seed(0)
    network = build_network("swin", {"in_channels": 2, "channels": [8, 16, 32], "window": 3})
    image = torch.randn(2, 2, 16, 24, 16)
    for layer in network.layers:
        assert torch.equal(network.above(network.below(image, layer), layer), network(image))
        cells = network.cells(layer)
        assert tuple(network.below(image, layer).shape[2:]) == tuple(cells.count(size) for size in (16, 24, 16))
    # windows of 3 cells of 2 voxels, shifted by one cell: the last voxels reach no cell of the other end
    other = image.clone()
    other[..., 14:] = 0
    changed = (network.below(other, "stage1") - network.below(image, "stage1")).abs().amax((0, 1, 2, 3))
    assert changed[:3].max() == 0
    assert changed[7] > 0


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        ({"channels": [8, 16, 24]}, "do not double"),
        ({"channels": [6, 12]}, "a multiple of 8"),
        ({"channels": [8, 16], "norm": "batch"}, "layer norms alone"),
        ({"channels": [8, 16], "window": 17}, "more than 16"),
    ],
)
def test_a_swin_transformer_that_cannot_be_is_refused(arguments: dict[str, object], seen: str) -> None:
    with pytest.raises(ModelError, match=seen):
        build_network("swin", {"in_channels": 1, **arguments})


def test_a_system_that_cannot_be_made_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def measure(task: RowTask) -> None:
        if task.system.name == "sfcn":
            raise InputError("it cannot be")
        made.append(task.system.name)

    monkeypatch.setattr(comparing, "measure_row", measure)
    monkeypatch.setattr(comparing, "row_parts", lambda task: [Path("none")])
    monkeypatch.setattr(comparing, "ProcessPoolExecutor", lambda jobs, **_: ThreadPoolExecutor(jobs))
    common = load_settings("quick")
    tasks = [RowTask(one, common, tmp_path, tmp_path, "") for one in find_systems(["sfcn", "vgg8", "untrained"])]
    assert comparing._make_rows(tasks, 1) == {"sfcn": "it cannot be"}
    assert sorted(made) == ["untrained", "vgg8"]


def test_a_cohort_that_cannot_be_prepared_does_not_stop_the_other_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(task: RowTask, jobs: int) -> None:
        if task.system.name == "fused":
            raise InputError("2 image(s) cannot be prepared")

    asked: list[str] = []
    monkeypatch.setattr(comparing, "prepare_row", prepare)
    monkeypatch.setattr(comparing, "write_infant", lambda folder: folder / "adc.mha")
    monkeypatch.setattr(comparing, "finished_row", lambda task: None)
    monkeypatch.setattr(
        comparing, "_make_rows", lambda tasks, jobs: asked.extend(one.system.name for one in tasks) or {}
    )
    monkeypatch.setattr(comparing, "write_page", lambda root, *_, **__: root / "systems.html")
    systems = find_systems(["sfcn", "fused"])
    with pytest.raises(InputError, match=r"1 of 2 systems cannot be made \(fused: 2 image\(s\) cannot be prepared\)"):
        comparing.compare_systems(tmp_path, load_settings("quick"), systems, preset="quick", command="")
    assert asked == ["sfcn"]


def test_an_unknown_system_is_named() -> None:
    assert [one.name for one in find_systems(["untrained", "sfcn"])] == ["sfcn", "untrained"]
    with pytest.raises(InputError, match="There is no system 'vgg'"):
        find_systems(["vgg"])
    with pytest.raises(InputError, match="year-bins gives a distribution"):
        load_settings("quick", None, ["pretrain.ranking=true", "pretrain.learns=year-bins"])
    with pytest.raises(InputError, match="two-stage rounds years"):
        load_settings("quick", None, ["pretrain.head=two-stage", "pretrain.learns=log-years"])
