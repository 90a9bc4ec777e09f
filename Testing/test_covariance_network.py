"""The network over regions: what it measures, that no weight belongs to a region, and what its residuals say."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import torch
from region_samples import NAMES, REGIONS, SHAPE, aged_images, labels_of, new_network, taught_network

from AGE2HIELib.errors import InputError, ModelError
from AGE2HIELib.explanation.network_methods import regional_evidence, regional_residuals, value_evidence
from AGE2HIELib.explanation.question import Question, output_number
from AGE2HIELib.networks.covariance import CovarianceNetwork, with_regions
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.preprocess.region_cells import region_cells
from AGE2HIELib.volume import Grid

taught = cache(taught_network)


def test_a_value_is_the_median_of_a_region_without_its_fluid() -> None:
    network = CovarianceNetwork(2, taps=2, shape=(2, 3, 2), regions=NAMES[:2], tissue=(-3.0, 1.0))
    network.values.labels.copy_(torch.tensor([1, 2]).view(2, 1, 1).expand(2, 3, 2))
    image = torch.zeros(1, 2, 2, 3, 2)
    image[0, 0, 0] = torch.tensor([-1.0, -0.5, 0.25, 0.5, 2.0, 3.0]).view(3, 2)  # the last two are fluid
    image[0, 1, 0] = torch.tensor([-3.0, -2.0, -1.0, -0.5, 9.0, 9.0]).view(3, 2)
    measured = network.values.measured(image)
    np.testing.assert_allclose(measured[0, :2, 0], [-0.5, -2.0])  # the lower of the two in the middle
    assert 0.64 < float(measured[0, 2, 0]) < 0.68  # four cells of six; the border between tissue and fluid is soft
    assert torch.isnan(measured[0, :, 1]).all()  # outside the brain
    np.testing.assert_array_equal(network.values.standardised(measured)[0, :, 1], 0.0)


def test_a_channel_that_is_not_there_counts_as_that_of_the_mean() -> None:
    network = taught()
    nothing = network.values.standardised(network.values.measured(torch.zeros(1, 1, *SHAPE)))
    assert float(nothing.abs().max()) == 0


def test_permuting_regions_permutes_contributions_and_leaves_the_answer() -> None:
    network, (images, _) = taught(), aged_images(8, seed=5)
    order = np.random.default_rng(0).permutation(REGIONS)
    moved = new_network()
    moved.load_state_dict(network.state_dict())
    place = np.empty(REGIONS, dtype=np.int64)
    place[order] = np.arange(1, REGIONS + 1)  # region order[n] is now region n + 1
    moved.values.labels.copy_(torch.from_numpy(labels_of(place)))
    moved.values.mean.copy_(network.values.mean[:, order])
    moved.values.sd.copy_(network.values.sd[:, order])
    moved.values.covariance.copy_(network.values.covariance[order][:, order])
    moved.eval()
    assert float((moved(images) - network(images)).abs().max()) < 1e-6
    assert float((moved.residuals(images) - network.residuals(images)[:, order]).abs().max()) < 1e-6


def test_the_answer_is_the_mean_of_what_the_regions_contribute() -> None:
    network, (images, _) = taught(), aged_images(8, seed=6)
    parts = network.contributions(images)
    assert parts.shape == (8, REGIONS)
    assert float((parts.mean(1) - network(images)[:, 0]).abs().max()) < 1e-6
    assert float(network.residuals(images).sum(1).abs().max()) < 1e-4


def test_another_sample_of_healthy_subjects_changes_answers_as_one_over_the_root_of_their_number() -> None:
    network, (images, _) = taught(), aged_images(32, seed=7)
    differences = []
    for count in (64, 256, 1024):
        halves = []
        for seed in range(6):
            again = new_network()
            again.load_state_dict(network.state_dict())
            again.eval()
            kept = (again.values.mean.clone(), again.values.sd.clone())
            again.measure([aged_images(count, seed=100 + seed)[0]])
            again.values.mean.copy_(kept[0])  # C alone is another one
            again.values.sd.copy_(kept[1])
            halves.append(again(images))
        pairs = [(a - b).abs().mean() for n, a in enumerate(halves) for b in halves[:n]]
        differences.append(float(torch.stack(pairs).mean()))
    for fewer, more in pairwise(differences):
        assert 1.4 < fewer / more < 2.9  # 2 in the mean


def test_it_moves_to_17_regions_without_learning() -> None:
    network, (healthy, _) = taught(), aged_images(256, seed=1)
    images, ages = aged_images(200, seed=8)
    pairs = np.repeat(np.arange(1, REGIONS // 2 + 1), 2)
    merged = [[f"region {n}", "midline"] for n in range(REGIONS // 2)]
    moved = with_regions(network, labels_of(pairs), merged, [healthy])
    before, after = network(images)[:, 0], moved(images)[:, 0]
    error = float((before - ages).abs().mean())
    assert error < 0.25  # of 1.7 standard deviations: it has learned
    assert float((before - after).abs().mean()) < error
    assert float((after - ages).abs().mean()) < 1.25 * error
    for name, weight in moved.named_parameters():
        assert torch.equal(weight, dict(network.named_parameters())[name])


def test_a_region_that_is_two_standard_deviations_older_has_the_largest_residual() -> None:
    network, (images, _) = taught(), aged_images(200, seed=9)
    first = 0
    for number, image in enumerate(images):
        region = number % REGIONS
        planted = image.clone()
        planted[:, region] += 2 * float(network.values.sd[0, region])
        change = network.standardised_residuals(planted[None]) - network.standardised_residuals(image[None])
        first += int(change[0].argmax()) == region
    assert first >= 0.9 * len(images)


def test_learning_sees_matrices_of_halves_and_the_answer_that_of_all() -> None:
    network, (images, _) = new_network(), aged_images(64, seed=3)
    network.measure([images])
    answer = network.eval()(images)
    assert torch.equal(network.values.mixing, network.values.covariance)
    network.train()
    drawn = []
    for _ in range(6):
        network(images)
        drawn.append(network.values.mixing)
        largest = torch.linalg.eigvalsh(drawn[-1])[-1]
        assert float(largest) == pytest.approx(1.0, abs=1e-4)
        assert 0.001 < float((drawn[-1] - network.values.covariance).abs().mean()) < 0.1
    assert len({float(one.sum()) for one in drawn}) > 1
    assert torch.equal(network.eval()(images), answer)
    assert not [name for name in network.state_dict() if "halves" in name]


def test_regional_evidence_sums_to_the_answer_and_lies_where_the_values_are() -> None:
    network, (images, _) = taught(), aged_images(40, seed=12)
    question = Question(network, images[:1], "filter2", output_number(0))
    values = network.values.standardised(network.values.measured(images))
    nothing = float(network.answers_to(torch.zeros_like(values[:1])))
    parts = value_evidence(network, question, values[:1])
    assert float(parts.mean()) == pytest.approx(float(network(images[:1])) - nothing, abs=0.01)
    painted = regional_evidence(question).cells
    np.testing.assert_allclose(painted[:, 0, 0], parts - parts.mean(), atol=1e-5)
    for region in range(REGIONS):  # older in one region alone: no other region gains as much
        older = values[region : region + 1].clone()
        older[0, 0, region] += 2
        change = value_evidence(network, question, older) - value_evidence(
            network, question, values[region : region + 1]
        )
        assert int(change.argmax()) == region
    plain = build_network("sfcn", {"in_channels": 1, "channels": [4, 4]})
    with pytest.raises(InputError, match="'regional-evidence' is that of a covariance network"):
        regional_evidence(Question(plain, images[:1], "block1", output_number(0)))


def test_a_network_without_regions_is_not_measured() -> None:
    network, (images, _) = new_network(), aged_images(8, seed=3)
    network.values.labels.zero_()
    with pytest.raises(ValueError, match="no cell of the image belongs to a region"):
        network.measure([images])


def test_the_map_paints_each_region_with_its_residual() -> None:
    network, (images, _) = taught(), aged_images(1, seed=10)
    answer = regional_residuals(Question(network, images, "filter2", output_number(0)))
    residuals = network.residuals(images)[0].numpy()
    np.testing.assert_allclose(answer.cells, np.broadcast_to(residuals[:, None, None], SHAPE), atol=1e-6)
    plain = build_network("sfcn", {"in_channels": 1, "channels": [4, 4]})
    with pytest.raises(InputError, match="covariance network"):
        regional_residuals(Question(plain, images, "block1", output_number(0)))


def test_a_trunk_of_one_channel_gives_the_same_where_both_channels_are_alike() -> None:
    network, (images, _) = taught(), aged_images(4, seed=11)
    both = (
        CovarianceNetwork(2, (5, 5), taps=4, shape=SHAPE, regions=NAMES, tissue=(-9.0, 9.0))
        .eval()
        .requires_grad_(False)
    )
    both.load_state_dict(both.adopted(network.state_dict()), strict=False)
    values = network.values
    both.values.labels.copy_(values.labels)
    both.values.mean.copy_(values.mean[[0, 0, 1]])
    both.values.sd.copy_(values.sd[[0, 0, 1]])
    both.values.covariance.copy_(values.covariance)
    both.head.load_state_dict(network.head.state_dict())
    np.testing.assert_allclose(both(images.expand(-1, 2, -1, -1, -1)), network(images), atol=1e-5)


@pytest.mark.parametrize("mm", [(2.0, 2.0, 2.0), (4.0, 2.0, 3.0), (-4.0, 4.0, 4.0)])
def test_cells_of_regions_lie_on_the_patients_side(mm: tuple[float, float, float]) -> None:
    atlas = load_atlas()
    shape = tuple(int(np.ceil(128 / abs(side))) for side in mm)
    affine = np.diag([*mm, 1.0])
    affine[:3, 3] = [-side * (n - 1) / 2 for side, n in zip(mm, shape, strict=True)]
    cells = region_cells(atlas, Grid((shape[0], shape[1], shape[2]), affine))
    voxel_ml = abs(np.prod(mm)) / 1000
    for number, region in enumerate(atlas.regions, start=1):
        places = np.argwhere(cells == number)
        assert len(places) >= 6
        x = places.mean(0) @ affine[:3, :3].T[:, 0] + affine[0, 3]
        assert {"left": x < -2, "right": x > 2, "midline": abs(x) < 6}[region.hemisphere]
        truth_ml = float((atlas.labels.array == region.value).sum()) * atlas.grid.voxel_ml
        if truth_ml > 10 and region.name != "cerebrospinal fluid":  # a shell that is thinner than cells
            assert 0.75 < len(places) * voxel_ml / truth_ml < 1.35


@pytest.mark.parametrize("wrong", [{"outputs": 3}, {"regions": [["thalamus", "up"]]}, {"taps": 0}, {"shape": [3]}])
def test_a_bundle_that_describes_no_such_network_is_refused(wrong: dict[str, object]) -> None:
    arguments = {"in_channels": 1, "channels": [5, 5], "taps": 4, "shape": [4, 4, 4], "regions": NAMES[:3]}
    with pytest.raises(ModelError, match="cannot be built"):
        build_network("covariance", {**arguments, "tissue": [-3, 1], **wrong})
