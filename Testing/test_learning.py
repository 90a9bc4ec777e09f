"""Training: keyed randomness, augmentation, transfer, and runs that are killed or spread over processes."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from learning_samples import CPU, SHAPE, SMALL, age_module, aged_volumes, fitted_weights
from marks import long

from AGE2HIELib.networks.age import AgeNetwork, bin_centres, standardise, years_from_outputs
from AGE2HIELib.networks.age_head import LIFE, UNSTATED, AgeHead
from training.learning.ages import AgeModule, Subjects, predicted_years, soft_labels
from training.learning.batches import KeyedBatches
from training.learning.fitting import WEIGHTS, FitPlace, fit
from training.learning.keyed import Learner
from training.learning.outcomes import Infants, OutcomeModule, log_load, logits, marked_loss
from training.learning.randomness import permutation, uniforms
from training.learning.transfer import from_ages, from_scratch, untrained_frozen, widen_stem
from training.settings import Finetune, Network

ROOT = Path(__file__).resolve().parent.parent


def test_a_sample_s_numbers_depend_on_seed_epoch_and_sample_alone() -> None:
    together = uniforms(5, 2, torch.tensor([3, 9, 4]), 6)
    assert torch.equal(together[2:], uniforms(5, 2, torch.tensor([4]), 6))
    assert not torch.equal(together[2:], uniforms(5, 3, torch.tensor([4]), 6))
    assert not torch.equal(together[2:], uniforms(6, 2, torch.tensor([4]), 6))
    assert abs(float(uniforms(1, 0, torch.arange(400), 50).mean()) - 0.5) < 4 / np.sqrt(12 * 20_000)


def test_two_processes_share_the_batches_of_one() -> None:
    one, parts = KeyedBatches(21, 4, seed=1), [KeyedBatches(21, 4, seed=1, rank=r, world=2) for r in (0, 1)]
    for epoch in (0, 1):
        for sampler in (one, *parts):
            sampler.set_epoch(epoch)
        whole = [sorted(batch) for batch in one]
        shared = [sorted(a + b) for a, b in zip(*parts, strict=True)]
        assert whole == shared
        assert len(whole) == 5
    assert permutation(1, 0, 21).tolist() != permutation(1, 1, 21).tolist()


def test_soft_labels_sum_to_one_and_have_their_mean_at_the_age() -> None:
    ages = torch.tensor([20.0, 47.3, 80.0])
    labels = soft_labels(ages, UNSTATED)
    torch.testing.assert_close(labels.sum(1), torch.ones(3))
    torch.testing.assert_close(labels @ bin_centres(UNSTATED), ages, atol=0.02, rtol=0)


def test_a_perfect_soft_head_can_say_newborn_and_ninety_seven() -> None:
    """Within 0.1 years at both ends of life; with bins from 0 to 100 a newborn was two years old."""
    ages = torch.tensor([0.0, 0.5, 1.0, 50.0, 97.0])
    head = AgeHead("soft", 0.0, 1.0)
    assert head.outputs == LIFE.count == 112
    assert LIFE.width_years <= 1.0
    perfect = torch.log(soft_labels(ages, LIFE).double())
    torch.testing.assert_close(years_from_outputs(perfect, head), ages.double(), atol=0.1, rtol=0)
    before = AgeHead("soft", 0.0, 1.0, bins=UNSTATED)
    assert float(years_from_outputs(torch.log(soft_labels(ages[:1], UNSTATED)), before)[0]) > 2.0


def test_a_logarithmic_target_is_given_back_in_years_and_sees_infants() -> None:
    head = AgeHead("huber", 2.9, 1.3, target="log")
    ages = torch.tensor([0.0, 0.1, 1.0, 30.0, 97.0])
    torch.testing.assert_close(years_from_outputs(standardise(ages, head)[:, None], head), ages, atol=1e-4, rtol=1e-4)
    infancy, old_age = standardise(torch.tensor([0.0, 1.0, 60.0, 61.0]), head)[[1, 3]] - standardise(
        torch.tensor([0.0, 60.0]), head
    )
    assert float(infancy) > 40 * float(old_age)


def test_log_load_is_floored_at_a_tenth_of_a_percent() -> None:
    torch.testing.assert_close(log_load(torch.tensor([0.0, 0.001, 0.01, 0.1])), torch.tensor([-1.0, -1.0, 0.0, 1.0]))


def test_evidence_marks_a_voxel_with_the_probability_of_one_event_or_more() -> None:
    evidence, marked = torch.tensor([0.0, 2.0, 0.5, 0.0]), torch.tensor([False, True, False, True])
    expected = [0.0, -math.log(1 - math.exp(-2)), 0.5, -math.log(1e-6)]
    assert float(marked_loss(evidence, marked)) == pytest.approx(np.mean(expected), rel=1e-4)


@pytest.mark.parametrize("kind", ["huber", "log", "soft"])
def test_a_small_network_learns_age_and_the_held_out_error_falls(tmp_path: Path, kind: str) -> None:
    from training.learning.transfer import new_network

    volumes, ages = aged_volumes()
    made = (
        AgeHead(kind, float(ages.mean()), float(ages.std()))
        if kind != "log"
        else AgeHead("huber", 3.6, 0.9, target="log")
    )
    network = AgeNetwork(new_network(SMALL, in_channels=1, outputs=made.outputs, seed=3), made)
    learner = Learner(50 if kind == "soft" else 20, 8, 1e-3, seed=7)
    subjects = Subjects(np.arange(24), ages, np.full(32, 1000.0))
    fit(AgeModule(network, volumes, subjects, learner, learning_rate=1e-2), FitPlace(tmp_path, CPU))
    error = np.abs(predicted_years(network, volumes[24:], np.full(8, 1000.0)) - ages[24:]).mean()
    assert error < 0.5 * np.abs(ages[24:] - ages[:24].mean()).mean()


def test_a_fit_that_was_stopped_ends_with_the_same_weights(tmp_path: Path) -> None:
    """Stopped between epochs by a fault; dropout and augmentation are on."""
    network = Network(channels=(4, 8, 8), norm="batch", dropout=0.3)
    whole = fitted_weights(tmp_path / "whole", epochs=4, network=network)
    module = age_module(epochs=4, network=network)

    def fault() -> None:
        if module.current_epoch == 2:
            raise RuntimeError("the power fails")

    module.on_train_epoch_start = fault  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="the power fails"):
        fit(module, FitPlace(tmp_path / "stopped", CPU))
    resumed = fitted_weights(tmp_path / "stopped", epochs=4, network=network)
    assert whole.keys() == resumed.keys()
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name


def test_a_fit_that_was_stopped_after_its_last_epoch_ends_with_its_weights_and_its_whole_log(tmp_path: Path) -> None:
    """Before the weights were written, and with the empty log that an even earlier stop had left."""
    whole = fitted_weights(tmp_path / "whole", epochs=3)
    module = age_module(epochs=3)

    def fault() -> None:
        raise RuntimeError("the power fails")

    module.on_train_end = fault  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="the power fails"):
        fit(module, FitPlace(tmp_path / "stopped", CPU))
    (tmp_path / "stopped" / "metrics_before_stop_0000.csv").touch()
    resumed = fitted_weights(tmp_path / "stopped", epochs=3)
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())
    logs = [(tmp_path / name / "metrics.csv").read_text() for name in ("whole", "stopped")]
    assert logs[0] == logs[1]
    assert not list((tmp_path / "stopped").glob("metrics_before*"))


_CHILD = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
import torch
torch.set_num_threads(1)
from learning_samples import fitted_weights
fitted_weights(Path(sys.argv[1]), epochs=int(sys.argv[2]))
"""


@contextmanager
def one_thread() -> Iterator[None]:
    """torch as the children have it: sums over more threads are rounded otherwise."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def start_child(folder: Path, epochs: int) -> subprocess.Popen[bytes]:
    program = _CHILD.format(paths=[str(ROOT), str(ROOT / "Testing")])
    return subprocess.Popen([sys.executable, "-c", program, str(folder), str(epochs)], stderr=subprocess.DEVNULL)


@pytest.mark.slow
def test_kill_9_at_any_moment_and_the_same_command_again_gives_the_same_weights(tmp_path: Path) -> None:
    epochs = 40
    with one_thread():
        fitted_weights(tmp_path / "whole", epochs=epochs)
    kills = 0
    for wait_s in (0.15, 0.02):
        child = start_child(tmp_path / "killed", epochs)
        _wait_for_progress(tmp_path / "killed", child)
        time.sleep(wait_s)
        kills += child.poll() is None
        child.kill()
        child.wait()
    assert start_child(tmp_path / "killed", epochs).wait() == 0
    whole, resumed = (torch.load(tmp_path / name / WEIGHTS, weights_only=True) for name in ("whole", "killed"))
    assert kills >= 1
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name


def _wait_for_progress(folder: Path, child: subprocess.Popen[bytes]) -> None:
    """Until a checkpoint that is newer than the call is there, or the child has ended."""
    last, begun = folder / "last.ckpt", time.time()
    while child.poll() is None and not (last.exists() and last.stat().st_mtime > begun):
        time.sleep(0.01)


_DDP = """
import os, sys
from pathlib import Path
sys.path[:0] = {paths!r}
import torch
torch.set_num_threads(1)
from learning_samples import CPU, age_module
from training.learning.fitting import FitPlace, fit
fit(age_module(epochs=1, batch_size=8, optimiser="sgd"), FitPlace(Path(sys.argv[1]), CPU))
"""


@pytest.mark.slow
def test_two_processes_give_the_weights_of_one_with_the_same_whole_batch(tmp_path: Path) -> None:
    """By torchrun over gloo: group norm, no dropout, SGD, augmentation keyed by sample."""
    script = tmp_path / "ddp.py"
    script.write_text(_DDP.format(paths=[str(ROOT), str(ROOT / "Testing")]))
    fit(age_module(epochs=1, batch_size=8, optimiser="sgd"), FitPlace(tmp_path / "one", CPU))
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    done = subprocess.run(
        [*launch, str(script), str(tmp_path / "two")],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    one, two = (torch.load(tmp_path / name / WEIGHTS, weights_only=True) for name in ("one", "two"))
    first = age_module(epochs=1).network.state_dict()
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=0, atol=1e-4)
    assert max(float((one[name] - first[name]).abs().max()) for name in one) > 1e-3  # it did learn


def infants(count: int = 24) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(volumes, adverse, lesions): a dark block in the adverse ones."""
    rng = np.random.default_rng(2)
    adverse = np.arange(count) % 2 == 0
    volumes = rng.normal(0.2, 0.3, (count, 3, *SHAPE)).astype(np.float16)
    lesions = np.zeros((count, *SHAPE), dtype=np.uint8)
    lesions[adverse, 4:12, 4:12, 4:12] = 1
    volumes[np.repeat(lesions[:, None] > 0, 3, axis=1)] -= 2.0
    return volumes, adverse, lesions


@pytest.mark.parametrize(
    ("norm", "auxiliary"), [("group", False), ("batch", True), long("group", True), long("batch", False)]
)
def test_a_plain_lesion_is_learned_from_scratch(tmp_path: Path, norm: str, auxiliary: bool) -> None:
    volumes, adverse, lesions = infants()
    network = Network(channels=(4, 8, 8), norm=norm, dropout=0.0)  # type: ignore[arg-type]
    start = from_scratch(network, Finetune(scratch_rate=2e-2), seed=1)
    extra = {"lesions": lesions, "load": lesions.mean((1, 2, 3))} if auxiliary else {}
    targets = Infants(np.arange(16), adverse, ~adverse, "released", **extra)
    fit(OutcomeModule(start, volumes, targets, Learner(25, 8, 1e-3, seed=4)), FitPlace(tmp_path, CPU))
    found = logits(start.network, volumes[16:], "released")
    assert found[adverse[16:]].min() > found[~adverse[16:]].max()


def test_a_widened_stem_gives_the_same_for_two_equal_channels() -> None:
    weight = torch.randn(4, 1, 3, 3, 3)
    image = torch.randn(2, 1, 8, 8, 8)
    one = torch.nn.functional.conv3d(image, weight)
    two = torch.nn.functional.conv3d(torch.cat([image, image], dim=1), widen_stem(weight, 2))
    torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-5)


def test_transfer_keeps_the_trunk_and_releases_it_block_by_block() -> None:
    volumes, _, _ = infants()
    trunk = age_module(epochs=1).network.encoder.state_dict()
    options = Finetune(epochs=40, trunk_rate=1e-3)
    start = from_ages(SMALL, options, trunk, seed=9, volumes=volumes, z_maps="released")
    kept = start.network.state_dict()
    (stem,) = start.network.stems
    assert torch.equal(kept[stem], widen_stem(trunk[stem], 2))
    assert all(torch.equal(kept[n], v) for n, v in trunk.items() if n.startswith("blocks.") and n != stem)
    assert [group.release for group in start.groups] == [0, 0, 4, 6]
    assert [group.rate for group in start.groups] == pytest.approx([options.head_rate, 1e-3, 1e-3, 7e-4])
    counted = sum(p.numel() for group in start.groups for p in group.parameters)
    assert counted == sum(p.numel() for p in start.network.parameters())


def test_a_frozen_trunk_stays_as_it_is_while_the_head_learns(tmp_path: Path) -> None:
    volumes, adverse, _ = infants()
    network = Network(channels=(4, 8, 8), norm="batch")
    start = untrained_frozen(network, Finetune(), seed=1, volumes=volumes, z_maps="released")
    before = {name: value.clone() for name, value in start.network.state_dict().items()}
    taught = Infants(np.arange(16), adverse, ~adverse, "released")
    fit(OutcomeModule(start, volumes, taught, Learner(3, 8, 1e-3, seed=4)), FitPlace(tmp_path, CPU))
    after = start.network.state_dict()
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert changed == {name for name in before if name.startswith(("head.linear.", "voxels.values.", "sum."))}
