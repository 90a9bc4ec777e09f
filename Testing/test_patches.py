"""Networks of parts: how their answers are joined, and where local ages lie in the brain."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from bundles import age_facts, untrained_bundle
from calling import run
from t1_samples import spotted

from AGE2HIELib.errors import ModelError
from AGE2HIELib.explanation.age import explain_age
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.networks.age import AgeNetwork
from AGE2HIELib.networks.age_head import AgeHead
from AGE2HIELib.networks.parts import PartsNetwork
from AGE2HIELib.networks.patches import Patches, spread_boxes
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.volume import Grid
from training.learning.ages import AgeModule, Subjects
from training.learning.fitting import FitPlace, fit
from training.learning.keyed import Learner
from training.learning.stacking import SMALLEST_GAIN, fit_stack, stack_parts
from training.settings import Hardware

SHAPE = (32, 32, 24)
GRID = Grid(SHAPE, np.array([[4.0, 0, 0, -62], [0, 4, 0, -62], [0, 0, 4, -46], [0, 0, 0, 1]]))
HEAD = AgeHead("huber", 40.0, 25.0)


def patches(in_channels: int = 1, **options: object) -> Patches:
    arguments = {"in_channels": in_channels, "channels": [4, 8], "shape": SHAPE, "part": 12, **options}
    made = build_network("patches", arguments)
    assert isinstance(made, Patches)
    return made


def test_cubes_cover_the_image_from_end_to_end() -> None:
    """27 cubes of 48 mm: every voxel lies in one at least, and mirrored cubes are cubes."""
    for shape, part in ((SHAPE, 12), ((64, 64, 48), 24), ((56, 64, 48), 24)):
        boxes = spread_boxes(shape, part)
        assert boxes.count == (3, 3, 3)
        assert boxes.cells.counts(shape) == (3, 3, 3)
        covered = boxes.on_voxels(np.ones(boxes.count), shape)
        np.testing.assert_array_equal(covered, 1.0)
        right = boxes.slices((0, 1, 2))[0], boxes.slices((2, 1, 2))[0]
        assert right[0].start + right[1].stop == shape[0]
    with pytest.raises(ValueError, match="cannot lie evenly"):
        spread_boxes((31, 32, 24), 12)


def test_a_cube_answers_by_what_is_in_it_alone() -> None:
    torch.manual_seed(0)
    network, image = patches(mirrored=False), torch.randn(1, 1, *SHAPE)
    changed = image.clone()
    changed[(0, 0, *network.boxes.slices((0, 0, 0)))] += 1.0
    with torch.no_grad():
        moved = (network.local(changed) - network.local(image))[0, 0] != 0
    reached = np.array([[n * s < 12 for n in range(3)] for s in network.boxes.stride])
    expected = reached[0][:, None, None] & reached[1][None, :, None] & reached[2][None, None, :]
    np.testing.assert_array_equal(moved.numpy(), expected)


def test_bias_is_taken_away_and_weights_find_the_parts_that_know() -> None:
    """Three parts of twelve know the truth, leaning to the mean by half; the error is near that of their best mean."""
    rng = np.random.default_rng(1)
    truth, new = rng.normal(0, 1, 400), rng.normal(0, 1, 4000)

    def answers(of: np.ndarray) -> np.ndarray:
        known = 0.5 * of[:, None] + 0.3 + rng.normal(0, 0.15, (len(of), 3))
        return np.hstack([known, 0.4 * of[:, None] + rng.normal(0, 0.8, (len(of), 9))])

    made = fit_stack(answers(truth), truth)
    assert made.weights.sum() == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(made.gain[:3], 0.5, atol=0.03)
    np.testing.assert_allclose(made.offset[:3], 0.3, atol=0.03)
    stacked = made.corrected(answers(new)) @ made.weights
    assert np.polyfit(new, stacked, 1)[0] == pytest.approx(1, abs=0.03)  # leans nowhere
    best = 0.15 / 0.5 / np.sqrt(3)  # sd of the mean of the three, corrected
    assert np.std(stacked - new) < 1.15 * best
    assert np.std(made.corrected(answers(new)).mean(axis=1) - new) > 2 * best


def test_parts_that_know_nothing_answer_about_the_mean() -> None:
    """Their slopes are 0, and nothing is divided by it: noise of 0.01 stays below a seventh of the truth's spread."""
    rng = np.random.default_rng(2)
    made = fit_stack(rng.normal(0, 0.01, (60, 27)), rng.normal(0, 1, 60))
    assert made.gain.tolist() == [SMALLEST_GAIN] * 27
    assert made.weights.sum() == pytest.approx(1, abs=1e-9)
    new = made.corrected(rng.normal(0, 0.01, (1000, 27)))
    assert np.std(new @ made.weights) < 0.15
    assert np.std(new) < 0.05


def aged(count: int, seed: int, *, part: tuple[slice, ...], years: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
    """(volumes, ages): the image brightens with age; where ``years`` are given, ``part`` follows these."""
    rng = np.random.default_rng(seed)
    ages = rng.uniform(0, 90, count)
    volumes = rng.normal(0, 0.6, (count, 1, *SHAPE))
    level = np.broadcast_to(((ages - 45) / 30)[:, None, None, None], (count, *SHAPE)).copy()
    if years is not None:
        level[(slice(None), *part)] = ((years - 45) / 30)[:, None, None, None]
    return (volumes + level[:, None]).astype(np.float16), ages


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> AgeNetwork:
    """Trained on ages 0 to 90; stacked on subjects that it did not learn from."""
    volumes, ages = aged(48, 3, part=())
    torch.manual_seed(3)
    network = AgeNetwork(patches(), HEAD)
    subjects = Subjects(np.arange(32), ages, np.full(48, 1000.0), np.arange(32, 48))
    learner = Learner(30, 16, 1e-3, seed=7, augment=False)
    module = AgeModule(network, volumes, subjects, learner, learning_rate=1e-2)
    weights = fit(module, FitPlace(tmp_path_factory.mktemp("fit"), Hardware(accelerator="cpu")))
    assert float(weights["encoder.head.weights"].sum()) == pytest.approx(1, abs=1e-5)
    assert float((weights["encoder.head.gain"] - 1).abs().max()) > 0  # they were fitted
    return network.eval().requires_grad_(False)


def test_a_part_that_follows_another_age_is_seen_there_and_nowhere_else(learned: AgeNetwork) -> None:
    """A part of the middle cube is 40 years older: cubes without it stay as they were."""
    encoder = learned.encoder
    assert isinstance(encoder, PartsNetwork)
    middle = (slice(12, 20), slice(12, 20), slice(8, 16))  # in the middle cube alone, as the ventricles are
    plain, ages = aged(12, 5, part=middle)
    older, _ = aged(12, 5, part=middle, years=ages + 40)
    with torch.no_grad():
        local = [
            (HEAD.mean + HEAD.sd * encoder.local(torch.from_numpy(volumes).float())[:, 0]).numpy()
            for volumes in (plain, older)
        ]
    mae = np.abs(local[0] - ages[:, None, None, None]).mean(axis=0)
    assert mae.max() < 12
    change = (local[1] - local[0]).mean(axis=0)
    holds = np.zeros((3, 3, 3), bool)
    for part in np.ndindex(3, 3, 3):
        holds[part] = all(
            a.start < b.stop and b.start < a.stop for a, b in zip(encoder.boxes.slices(part), middle, strict=True)
        )
    assert holds[1, 1, 1]
    assert np.unravel_index(change.argmax(), change.shape) == (1, 1, 1)
    assert change[1, 1, 1] > mae[1, 1, 1]
    assert change[1, 1, 1] == pytest.approx(40 * 512 / 12**3, abs=4)  # it is 30 % of the cube
    assert (np.abs(change[~holds]) == 0).all()


def test_the_map_is_the_parts_less_the_whole_and_the_whole_their_weighted_mean(learned: AgeNetwork) -> None:
    encoder = learned.encoder
    assert isinstance(encoder, PartsNetwork)
    volumes, _ = aged(1, 6, part=())
    image = volumes.astype(np.float32)
    image[..., :2] = 0
    found = explain_age(learned, image, 1000.0, GRID, method="local", layer="cubes")
    with torch.no_grad():
        local = HEAD.mean + HEAD.sd * encoder.local(torch.from_numpy(image))[0, 0].double().numpy()
    share = encoder.parts_head.weights.double().numpy()
    assert found.years == pytest.approx(float((local * share).sum() / share.sum()), abs=1e-3)
    assert found.saliency.array[0, 0, 5] == pytest.approx(local[0, 0, 0] - found.years, abs=1e-3)  # in one cube alone
    two = (local[0, 0, 0] + local[0, 0, 1]) / 2 - found.years
    assert found.saliency.array[0, 0, 6] == pytest.approx(two, abs=1e-3)  # in two
    assert not found.saliency.array[..., :2].any()
    assert found.resolution_mm == pytest.approx((48.0, 48.0, 48.0))


def test_stacking_again_changes_nothing(learned: AgeNetwork) -> None:
    volumes, ages = aged(48, 3, part=())
    before = {name: value.clone() for name, value in learned.state_dict().items()}
    stack_parts(learned, volumes, ages, np.full(48, 1000.0), np.arange(32, 48))
    for name, value in learned.state_dict().items():
        torch.testing.assert_close(value, before[name])


@pytest.mark.parametrize("stored", ["upright", "oblique"])
def test_explain_writes_local_ages_on_the_scan(stored: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = {"in_channels": 1, "channels": [4, 8], "shape": [28, 32, 24], "part": 12}
    facts = age_facts(network="patches", network_arguments=arguments, saliency_layer="cubes")
    bundle = untrained_bundle(tmp_path / "model", count=1, age=facts).folder
    scan, out = tmp_path / "t1.nii.gz", tmp_path / "out"
    write_volume(spotted("left", stored), scan)
    call = ("explain", scan, "--target", "age", "--model", bundle, "--output", out, "--methods", "local,hirescam")
    code, _, err = run(capfd, *call, "--progress", "none")
    assert code == 0, err
    record, years = json.loads((out / "explanations.json").read_text()), read_volume(out / "local_age.nii.gz")
    less = read_volume(out / "saliency_local.nii.gz")
    brain = read_volume(out / "brain_mask.nii.gz").array > 0
    assert years.grid.same_as(read_volume(scan).grid)
    whole = record["predicted_age_years"]
    np.testing.assert_allclose(years.array[brain], less.array[brain] + whole, atol=1e-3)
    assert not years.array[~brain].any()
    said = record["local_age"]
    assert said["file"] == "local_age.nii.gz"
    assert said["youngest_years"] == pytest.approx(float(years.array[brain].min()), abs=0.01)
    assert record["maps"][0]["unit"] == "years, of a part less the whole"
    assert any("has seen synthetic brains only" in said for said in record["warnings"])
    assert "has seen synthetic brains only" in (out / "explanations.html").read_text()
    assert "attention" not in json.dumps(record)


@pytest.mark.parametrize(("method", "words"), [("attention", "network of slices"), ("local", "network of patches")])
def test_a_network_without_such_a_map_is_told(
    method: str, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bundle = untrained_bundle(tmp_path / "model", count=1, age=age_facts()).folder
    write_volume(spotted("left", "upright"), tmp_path / "t1.nii.gz")
    call = ("explain", tmp_path / "t1.nii.gz", "--target", "age", "--model", bundle, "--output", tmp_path / "out")
    code, _, err = run(capfd, *call, "--methods", method, "--progress", "none")
    assert code == 2
    assert f"Only a {words}" in err
    assert not (tmp_path / "out").exists()


def test_a_bundle_whose_parts_lie_in_another_image_is_refused(tmp_path: Path) -> None:
    arguments = {"in_channels": 1, "channels": [4, 8], "shape": [32, 32, 24], "part": 12}
    facts = age_facts(network="patches", network_arguments=arguments, saliency_layer="cubes")
    with pytest.raises(
        ModelError, match=r"parts lie in an image of \(32, 32, 24\) voxels, but it is fed \(28, 32, 24\)"
    ):
        untrained_bundle(tmp_path / "model", count=1, age=facts)
