"""What an examination finds: maps that are right, turned round, blind to the network, nervous, or of one member."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from zlib import crc32

import numpy as np
import pytest
import torch
from bundles import untrained_facts
from planted import planted_network
from scipy.ndimage import gaussian_filter
from scipy.stats import binom

from AGE2HIELib.bundle.model_facts import ModelFacts
from AGE2HIELib.explanation.curves import REFERENCES, SHARES, compare_with_turned, curves, part_numbers
from AGE2HIELib.explanation.examination import examine_map
from AGE2HIELib.explanation.question import WHOLE_IMAGE, Answer, Question, as_numbers
from AGE2HIELib.explanation.registry import METHODS, Method
from AGE2HIELib.explanation.robustness import (
    ExaminedMap,
    agreement_by_lot,
    answers,
    cascade,
    like_occlusion,
    mean_map,
    members_agree,
    on_voxels,
    under_noise,
    under_shift,
    with_random_weights,
)
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.networks.staged import Cells
from AGE2HIELib.preprocess.network_input import Channel, InputSpec
from AGE2HIELib.result.verdicts import CascadeStep
from AGE2HIELib.volume import Grid

_SHAPE = (32, 24, 24)
_BALL = np.linalg.norm(np.indices((20, 20, 20)) - 9.5, axis=0) < 9.5
_ADC = (Channel("adc", 0.0, 1.0, -10.0, 10.0),)


def facts(**changes: object) -> ModelFacts:
    arguments = {"in_channels": 1, "channels": [4, 4, 4], "outputs": 1, "norm": "group"}
    spec = InputSpec(Grid(_SHAPE, np.diag([2.0, 2.0, 2.0, 1.0])), _ADC)
    return replace(untrained_facts(spec=spec, network_arguments=arguments, saliency_layer="block1"), **changes)


def blobs() -> np.ndarray:
    """A brain of small values with two places of large ones."""
    grid = np.stack(np.meshgrid(*map(np.arange, _SHAPE), indexing="ij"), -1).astype(float)
    image = np.full(_SHAPE, 0.01)
    for centre, size in (((9, 9, 9), 3.0), ((21, 15, 14), 2.0)):
        image += size * np.exp(-((grid - centre) ** 2).sum(-1) / 20)
    image[:2] = image[-2:] = 0
    return image[None, None].astype(np.float32)


def linear_case(method: str = "hirescam", members: int = 2) -> ExaminedMap:
    return ExaminedMap([planted_network() for _ in range(members)], facts(), blobs(), method, "block1")


def untrained(seed: int) -> torch.nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        found = facts()
        return build_network(found.network, found.network_arguments).requires_grad_(False).eval()


@pytest.fixture
def planted_method(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Question], np.ndarray]], str]:
    """Puts a method into the registry that draws its map, on the image's voxels, as it likes."""

    def plant(draw: Callable[[Question], np.ndarray]) -> str:
        def answer(question: Question) -> Answer:
            outputs = as_numbers(question.member(question.image))
            return Answer(outputs, draw(question), WHOLE_IMAGE)

        monkeypatch.setitem(METHODS, "planted", Method(answer=answer, title="Planted"))
        return "planted"

    return plant


def test_the_exact_map_of_a_linear_network_keeps_every_figure() -> None:
    case = linear_case()
    own = answers(case, case.members, case.image)
    mean = mean_map(own, case)
    assert members_agree(own) == pytest.approx(1)
    assert under_noise(case, mean) > 0.7
    assert under_shift(case, mean) > 0.9
    assert like_occlusion(case, mean) > 0.7
    gone, there = curves(case, mean)
    assert gone.beside_references < 0 < there.beside_references
    assert max(gone.p, there.p) <= 2 / (REFERENCES + 1)


def test_the_map_turned_round_names_the_wrong_parts() -> None:
    case = linear_case(members=1)
    mean = -mean_map(answers(case, case.members, case.image), case)
    gone, there = curves(case, mean)
    assert there.beside_references < 0 < gone.beside_references
    assert min(gone.p, there.p) > 0.5
    assert like_occlusion(case, mean) < -0.7


def test_where_all_parts_are_alike_no_order_is_better() -> None:
    even = np.zeros((1, 1, *_SHAPE), dtype=np.float32)
    even[..., :20] = 1.0
    case = replace(linear_case(members=1), image=even)
    mean = np.random.default_rng(3).normal(size=_SHAPE)
    for curve in curves(case, mean):
        assert curve.beside_references == pytest.approx(0, abs=1e-6)
        assert curve.p == 1  # references that are no worse are as good


def test_the_curves_of_an_additive_score_are_sums() -> None:
    """Two halves, 3 and 1: what the strongest twentieth, 3, 7 and 19 of it hold, and what the map's negative takes."""
    inside = np.ones((32, 24, 24), dtype=bool)
    values = np.where(np.arange(32)[:, None, None] < 16, 3.0, 1.0) * inside
    seen: list[float] = []

    def score(there: Sequence[np.ndarray]) -> np.ndarray:
        found = [values[voxels].sum() / values.sum() for voxels in there]
        seen.extend(found)
        return np.array(found)

    gone, there = compare_with_turned(values, inside, score)
    held = [(3 * min(share, 0.5) + max(share - 0.5, 0)) / 2 for share in SHARES]
    assert SHARES == (0.05, 0.3, 0.7, 0.95)
    np.testing.assert_allclose(seen[:8], [*(1 - np.array(held)), *held], atol=0.005)
    assert len(seen) == 8 * 21
    assert gone.beside_references == pytest.approx(-there.beside_references)  # of an additive score
    assert gone.p == there.p <= 2 / (REFERENCES + 1)


def smooth_field(generator: np.random.Generator, voxels: float) -> np.ndarray:
    return gaussian_filter(generator.normal(size=_BALL.shape), voxels, mode="wrap")


def additive(values: np.ndarray) -> Callable[[Sequence[np.ndarray]], np.ndarray]:
    return lambda there: np.array([values[voxels].sum() for voxels in there])


def test_of_maps_that_know_nothing_few_pass_and_what_knows_passes() -> None:
    """Smooth noise, over an additive score of as smooth weights: 2 in 42 are expected, and 90 maps are asked."""
    generator = np.random.default_rng(5)
    passed = np.zeros(2, dtype=int)
    for number in range(90):
        weights = np.where(_BALL, smooth_field(generator, 2.0), 0)
        noise = smooth_field(generator, (1.5, 2.5, 4.0)[number % 3])
        passed += [curve.p <= 0.05 for curve in compare_with_turned(noise, _BALL, additive(weights))]
        if number < 10:
            known = gaussian_filter(weights, 1.0)
            assert all(curve.p <= 0.05 for curve in compare_with_turned(known, _BALL, additive(weights)))
    assert (passed <= binom.ppf(0.999, 90, 2 / 42)).all()
    assert passed.sum() > 0


def test_parts_are_cubes_of_the_brain_and_nothing_else() -> None:
    inside = np.zeros((9, 8, 8), dtype=bool)
    inside[:, 2:6] = True
    numbers = part_numbers(inside)
    assert (numbers[~inside] == -1).all()
    assert sorted(np.unique(numbers[inside])) == list(range(3 * 2 * 2))
    assert len(np.unique(numbers[:4, 2:4, :4])) == 1


def test_a_map_that_ignores_the_network_is_found_out(planted_method: Callable[..., str]) -> None:
    method = planted_method(lambda question: question.image[0, 0].numpy())
    case = ExaminedMap([untrained(7), untrained(8)], facts(), blobs(), method, "block1")
    found = examine_map(case)
    failed = {finding.name for finding in found.findings if not finding.passed}
    assert "likeness to a network with random weights" in failed
    assert not found.passed
    assert found.cascade[-1] == CascadeStep("block1", pytest.approx(1.0))
    assert [step.random_from for step in found.cascade] == ["head", "block3", "block2", "block1"]


def test_a_map_that_noise_or_a_shift_changes_is_found_out(planted_method: Callable[..., str]) -> None:
    def nervous(question: Question) -> np.ndarray:
        return np.random.default_rng(crc32(question.image.numpy().tobytes())).normal(size=_SHAPE)

    found = examine_map(ExaminedMap([untrained(7)], facts(), blobs(), planted_method(nervous), "block1"))
    values = {finding.name: finding for finding in found.findings}
    for name in ("likeness under noise", "likeness when the image is moved"):
        assert abs(values[name].value) < 0.05
        assert not values[name].passed


def test_members_that_name_different_places_do_not_agree() -> None:
    where = Cells(2, 0.5)
    one, other = np.zeros((4, 4, 4)), np.zeros((4, 4, 4))
    one[0, 0, 0], other[3, 3, 3] = 1, 1
    given = [Answer(np.zeros(1), cells, where) for cells in (one, other, -one)]
    # at (0,0,0) the members say +1, 0, -1; at (3,3,3) one of three speaks: |1/3| over 1/3
    assert members_agree(given[:2]) == pytest.approx(1)
    assert members_agree([given[0], Answer(np.zeros(1), -0.5 * one, where)]) == pytest.approx(0.25 / 0.75)


def test_signs_drawn_by_lot_agree_by_what_is_said() -> None:
    signs = np.random.default_rng(2).choice([-1.0, 1.0], size=(200_000, 5))
    assert agreement_by_lot(5) == pytest.approx(0.375)
    assert np.abs(signs.mean(axis=1)).mean() == pytest.approx(agreement_by_lot(5), abs=0.003)
    assert agreement_by_lot(1) == 1


def test_the_cascade_keeps_the_member_that_is_most_alike(planted_method: Callable[..., str]) -> None:
    """One member's map is the image, whatever its weights; the other's is noise: their mean would hide the first."""

    def draw(question: Question) -> np.ndarray:
        image = question.image[0, 0].numpy()
        noise = np.random.default_rng(crc32(bytes(str(question.member.head.linear.weight), "ascii"))).normal(
            size=_SHAPE
        )
        return image if question.seed == 0 else noise * image.max()

    case = ExaminedMap([untrained(7), untrained(8)], facts(), blobs(), planted_method(draw), "block1")
    image = blobs()[0, 0]
    assert cascade(case, image)[-1][1] == pytest.approx(1)


def test_randomised_blocks_are_those_above_and_no_others() -> None:
    network = untrained(7)
    copy = with_random_weights(network, facts(), seed=1, blocks=1)
    image = torch.from_numpy(blobs())
    assert torch.equal(copy.below(image, "block2"), network.below(image, "block2"))
    assert not torch.equal(copy.below(image, "block3"), network.below(image, "block3"))
    again = with_random_weights(network, facts(), seed=1)
    assert not torch.equal(again.below(image, "block1"), network.below(image, "block1"))


def test_the_cascade_of_a_real_method_ends_unlike_what_it_began_with() -> None:
    case = ExaminedMap([untrained(5)], facts(), blobs(), "hirescam", "block1")
    steps = cascade(case, mean_map(answers(case, case.members, case.image), case))
    assert len(steps) == 4
    assert abs(steps[-1][1]) < 0.15


def test_a_map_of_cells_stands_where_its_cells_do() -> None:
    where = Cells(4, 1.5)
    cells = np.arange(5.0)[:, None, None] * np.ones((5, 4, 3))
    found = on_voxels(cells, where, (20, 16, 12))
    np.testing.assert_allclose(found[4:15, 8, 6], (np.arange(4, 15) - 1.5) / 4, atol=1e-9)
