"""Tasks beside age: what is hidden, moves together and is refused, and which of them knows planted ventricles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from learning_samples import CPU, aged_volumes
from planted_dependence import gains, planted, settings, sexes_read

from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.registry import METHODS
from AGE2HIELib.networks.age import AgeNetwork
from AGE2HIELib.networks.age_head import AgeHead
from AGE2HIELib.networks.registry import TWO_STAGE, build_network
from AGE2HIELib.networks.two_stage import TwoStage
from AGE2HIELib.phantom.lifespan import make_t1_subject, sex_of
from AGE2HIELib.volume import Volume
from training.cohorts.bids import read_bids
from training.explaining.population import population_map
from training.finetuning import PRETRAINING_OF
from training.learning.ages import AgeModule, Subjects, predicted_years
from training.learning.augment import TABLE_VALUES, Draws, augment_t1, augment_t1_with
from training.learning.fitting import FitPlace, fit
from training.learning.keyed import Learner
from training.learning.pretext import PretextNetwork, hidden_loss, hide_cubes, sex_loss
from training.learning.randomness import noise_bank, uniforms
from training.lessons import KINDS, Lesson, known_classes, male_of, pretext_module

BANK = noise_bank(0)


def test_between_60_and_75_percent_of_the_cubes_are_hidden_and_asked_for_inside_the_brain() -> None:
    images = torch.ones(40, 1, 16, 32, 24)
    images[:, :, :4] = 0
    torch.manual_seed(0)
    shown, asked = hide_cubes(images)
    share = asked[:, :, 4:].float().mean((1, 2, 3, 4))
    assert 0.57 < share.min() < share.max() < 0.78  # whole cubes, and a quarter of them lies outside
    assert 0.64 < share.mean() < 0.71
    assert not asked[:, :, :4].any()
    assert torch.equal(shown == 0, asked | (images == 0))
    decoded = torch.zeros_like(images).requires_grad_()
    hidden_loss(decoded, images, asked).backward()
    assert decoded.grad is not None
    assert torch.equal(decoded.grad != 0, asked)


def test_an_unknown_sex_teaches_nothing() -> None:
    logits = torch.tensor([2.0, -1.0, 5.0], requires_grad=True)
    loss = sex_loss(logits, torch.tensor([1.0, 0.0, torch.nan]))
    expected = (np.log1p(np.exp(-2.0)) + np.log1p(np.exp(-1.0))) / 2
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[2] == 0
    assert sex_loss(logits, torch.full((3,), torch.nan)).item() == 0


def test_the_segmentation_moves_with_the_image() -> None:
    """An image that is its own segmentation stays it; left goes where left goes."""
    marks = torch.zeros(16, 3, 16, 18, 14)
    marks[:, 1, 3:13, 3:15, 3:11] = 1
    marks[:, 2, 4:7, 4:8, 4:9] = 1
    marks[:, 1] -= marks[:, 2]
    marks[:, 0] = 1 - marks[:, 1:].sum(1)
    table = uniforms(1, 0, torch.arange(16), TABLE_VALUES)
    draws = Draws(table, BANK)
    image = marks[:, 1:2] - 2 * marks[:, 2:3]
    moved, placed = augment_t1_with(image, marks, draws)
    torch.testing.assert_close(moved, augment_t1(image, Draws(table.clone(), BANK)))
    torch.testing.assert_close(placed.sum(1), torch.ones(16, 16, 18, 14), atol=1e-4, rtol=0)
    assert moved[:, 0][placed[:, 1] > 0.95].mean() > 0.5
    assert moved[:, 0][placed[:, 2] > 0.95].mean() < -1.2


def test_labels_become_classes_of_those_that_learn() -> None:
    labels = np.array([[[[0, 4, 9]]], [[[4, 4, 0]]], [[[7, 9, 200]]]], dtype=np.uint8)
    classes, count = known_classes(labels, np.array([0, 1]))
    assert count == 3  # outside, 4, 9
    assert classes.tolist() == [[[[0, 1, 2]]], [[[1, 1, 0]]], [[[0, 2, 0]]]]
    with pytest.raises(InputError, match="not every T1 scan"):
        known_classes(None, np.array([0]))
    with pytest.raises(InputError, match="are empty"):
        known_classes(np.zeros((2, 1, 1, 1), dtype=np.uint8), np.array([0, 1]))


def test_a_cohort_without_sex_cannot_teach_it() -> None:
    world = planted(12)
    table = world.cohort.table
    assert set(male_of(table)) == {0.0, 1.0}
    assert np.isnan(male_of(table.drop(columns="sex"))).all()
    for kind in ("sex", "age+sex"):
        for missing in (table.drop(columns="sex"), table.assign(sex="F")):
            cohort = type(world.cohort)(world.cohort.volumes, None, missing, "", world.cohort.labels)
            with pytest.raises(InputError, match="no column 'sex' with both F and M"):
                pretext_module(settings(1), cohort, Lesson(kind))


def test_sexes_and_segmentations_are_read_from_bids(tmp_path: Path) -> None:
    for name in ("sub-1", "sub-2", "sub-3"):
        (tmp_path / name / "anat").mkdir(parents=True)
        (tmp_path / name / "anat" / f"{name}_T1w.nii.gz").touch()
    (tmp_path / "sub-1" / "anat" / "sub-1_dseg.nii.gz").touch()
    (tmp_path / "derivatives" / "seg").mkdir(parents=True)
    (tmp_path / "derivatives" / "seg" / "sub-2_space-orig_dseg.nii").touch()
    (tmp_path / "derivatives" / "seg" / "sub-3_space-MNI152_dseg.nii").touch()  # on another grid
    rows = ["participant_id\tage\tsex", "sub-1\t3\tFemale", "sub-2\t4\tm", "sub-3\t5\tn/a"]
    (tmp_path / "participants.tsv").write_text("\n".join(rows) + "\n")
    scans, problems = read_bids(tmp_path)
    assert not problems
    assert [scan.sex for scan in scans] == ["F", "M", ""]
    assert [scan.labels and scan.labels.name for scan in scans] == [
        "sub-1_dseg.nii.gz",
        "sub-2_space-orig_dseg.nii",
        None,
    ]


def test_the_smaller_of_the_synthetic_brains_are_those_of_women() -> None:
    """The scatter of 7.5 % lies beside a shift of 5.5 % either way: the means over many brains differ by 11 %."""
    seeds = range(40, 52)
    logs = {sex: [] for sex in "FM"}
    for seed in seeds:
        logs[sex_of(seed)].append(np.log(make_t1_subject(seed, 30.0).brain_ml))
    assert min(map(len, logs.values())) >= 3
    assert np.mean(logs["M"]) - np.mean(logs["F"]) > 0.02


@pytest.mark.slow
def test_age_and_segmentation_know_the_planted_ventricles_and_shuffled_ages_do_not(tmp_path: Path) -> None:
    found = gains(planted(120), ("age", "shuffled-age", "segmentation"), tmp_path, epochs=12)
    ventricles = {kind: r2 for kind, (r2, _) in found.items()}
    outcome = {kind: auc for kind, (_, auc) in found.items()}
    for kind in ("age", "segmentation"):
        assert ventricles[kind] > max(ventricles["shuffled-age"], 0) + 0.3
        assert outcome[kind] > outcome["shuffled-age"] + 0.1


@pytest.mark.slow
def test_a_linear_reading_finds_the_sex_where_the_brain_depends_on_it_and_nowhere_else(tmp_path: Path) -> None:
    """Ventricles a voxel larger in radius in men than in women, over an age that moves them by 2.6. The trunk that has
    learned sex beside the same with its first weights; of 80 subjects each, with a standard error of 0.06 by chance.
    """
    found = {
        name: sexes_read(male, ("sex",), tmp_path / name, subjects=200, epochs=20)
        for name, male in (("planted", 0.5), ("absent", 0.0))
    }
    assert found["planted"]["sex"] > 0.7
    assert found["planted"]["sex"] > found["planted"]["untrained"] + 0.05
    for trunk in ("sex", "untrained"):
        assert abs(found["absent"][trunk] - 0.5) < 0.18


def test_every_kind_has_an_arm_and_a_network_that_is_kept_without_its_task() -> None:
    assert set(PRETRAINING_OF.values()) == set(KINDS)
    encoder = build_network("sfcn", {"in_channels": 1, "channels": [4, 6, 6]})
    image = torch.randn(2, 1, 16, 16, 16)
    network = PretextNetwork(encoder, "segmentation", 5)
    assert network.decoder is not None
    assert network.decoder(network.top(image)).shape == (2, 5, 16, 16, 16)
    assert set(network.encoder.state_dict()) == set(encoder.state_dict())


@pytest.mark.slow
def test_an_offset_of_the_first_stage_is_repaired_by_the_second(tmp_path: Path) -> None:
    """The first network answers ten years too many: the rounded age is wrong, the second one's age is not."""
    volumes, ages = aged_volumes(48)
    mean, sd = float(ages.mean()), float(ages.std())
    trunk = {"norm": "group", "channels": [4, 8, 8]}
    given = {"in_channels": 1, "trunk": "sfcn", "trunk_arguments": trunk, "mean_years": mean, "sd_years": sd}
    torch.manual_seed(3)
    network = build_network(TWO_STAGE, given)
    assert isinstance(network, TwoStage)
    head, brain_ml = AgeHead("huber", mean, sd), np.full(48, 1000.0)
    subjects, learner = Subjects(np.arange(32), ages, brain_ml), Learner(30, 8, 1e-3, seed=7)

    def learn(encoder: torch.nn.Module, name: str, *, ranking: bool) -> np.ndarray:
        one = AgeNetwork(encoder, head)  # type: ignore[arg-type]
        module = AgeModule(one, volumes, subjects, learner, learning_rate=5e-3, ranking=ranking)
        fit(module, FitPlace(tmp_path / name, CPU))
        return predicted_years(one, volumes[32:], brain_ml[32:]) - ages[32:]

    network.first.requires_grad_(True)
    first = learn(network.first, "first", ranking=True)
    network.first.requires_grad_(False)
    network.first.head.linear.bias.data += 10 / sd  # type: ignore[operator, union-attr]
    before = {name: value.clone() for name, value in network.first.state_dict().items()}
    shifted = network.rounded_years(torch.from_numpy(volumes[32:]).float()).numpy() - ages[32:]
    assert shifted.mean() - first.mean() == pytest.approx(10, abs=1.5)
    second = learn(network, "second", ranking=True)
    assert all(torch.equal(value, before[name]) for name, value in network.first.state_dict().items())
    assert abs(second.mean()) < 4
    assert np.abs(second).mean() < 0.7 * np.abs(shifted).mean()
    assert np.abs(second).mean() < np.abs(first).mean() + 2


def test_the_population_map_is_the_mean_over_those_whose_brain_reaches() -> None:
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    image = np.ones((3, 4, 2, 2))
    image[:, 3] = 0  # nobody
    image[1:, 2] = 0  # one of three
    image[2, 1] = 0  # two of three
    values = np.arange(3.0)[:, None, None, None] + np.zeros((3, 4, 2, 2))
    volumes = [[Volume(one.astype(np.float32), affine) for one in many] for many in (values, image)]
    found = population_map(*volumes)
    np.testing.assert_allclose(found.mean.array[:, 0, 0], [1.0, 0.5, 0.0, 0.0])
    np.testing.assert_allclose(found.sd.array[:, 0, 0], [1.0, np.sqrt(0.5), 0.0, 0.0], rtol=1e-6)
    assert found.subjects == 3
    assert {name for name, method in METHODS.items() if method.by_chance} == {
        "noise-map",
        "smooth-integrated-gradients",
    }
