"""The autoencoder: what it is told of healthy images alone, what it finds unusual, and what its numbers mean."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from bundles import age_facts, untrained_bundle
from calling import run
from scipy.stats import kstest
from sklearn.metrics import average_precision_score, roc_auc_score
from t1_samples import spot_mm, spotted

from AGE2HIELib.errors import InputError, ModelError
from AGE2HIELib.explanation.network_methods import anomaly
from AGE2HIELib.explanation.question import Question, output_number
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.networks.autoencoder import AutoencoderNetwork
from AGE2HIELib.networks.registry import build_network
from training.learning.reconstruction import active_nats, erased, kept_apart, reconstruction_losses

SHAPE = (16, 16, 8)
NOISE = 0.1
FACTORS = 3


def healthy_images(count: int, *, seed: int) -> torch.Tensor:
    """``(N, 2, 16, 16, 8)``: a brain whose values are three smooth patterns, under noise; 0 in the outermost cells."""
    rng = np.random.default_rng(seed)
    i, j, k = np.meshgrid(*[np.linspace(-1, 1, n) for n in SHAPE], indexing="ij")
    patterns = np.stack([i, j, i * j])
    amount = rng.normal(0, 0.4, (count, FACTORS))
    smooth = np.einsum("nf,fijk->nijk", amount, patterns) + 0.6 * np.cos(3 * k)
    image = smooth[:, None] + rng.normal(0, NOISE, (count, 2, *SHAPE))
    inside = np.zeros(SHAPE, dtype=bool)
    inside[1:-1, 1:-1, 1:-1] = True
    return torch.tensor(image * inside).float()


def with_lesions(images: torch.Tensor, *, depth: float, seed: int) -> tuple[torch.Tensor, np.ndarray]:
    """A cube of 3 cells in each image ``depth`` lower in both channels, and where it is."""
    rng, made = np.random.default_rng(seed), images.clone()
    lesions = np.zeros((len(images), *SHAPE), dtype=bool)
    for number in range(len(images)):
        cube = tuple(slice(first, first + 3) for first in rng.integers(1, np.array(SHAPE) - 4))
        made[(number, slice(None), *cube)] -= depth
        lesions[(number, *cube)] = True
    return made, lesions


@cache
def taught() -> AutoencoderNetwork:
    torch.manual_seed(0)
    made = AutoencoderNetwork(2, (8, 12, 8), shape=SHAPE, latent=8, detached=True).train()
    images = healthy_images(192, seed=1)
    optimiser = torch.optim.Adam(made.parameters(), lr=5e-3)
    for step in range(240):
        batch = images[torch.arange(16) + 16 * (step % 9)]  # the last 48 are kept apart
        loss = torch.stack([*reconstruction_losses(made, batch, torch.ones(16, dtype=torch.bool)).values()]).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    made.eval().requires_grad_(False)
    made.measure_answers([images[144:]])
    return made


def test_planted_lesions_stand_out_more_than_in_a_z_map() -> None:
    """2 % of the brain, five times the noise deep: found by what each place is unlike in this brain, not in any."""
    images, lesions = with_lesions(healthy_images(24, seed=2), depth=0.5, seed=3)
    inside = (images[:, 0] != 0).numpy()
    found = taught().anomaly(images).numpy()
    norm = healthy_images(192, seed=1)[:, 0].numpy()
    z = (images[:, 0].numpy() - norm.mean(axis=0)) / np.maximum(norm.std(axis=0), 1e-6)
    assert (
        average_precision_score(lesions[inside], found[inside])
        > average_precision_score(lesions[inside], -z[inside]) + 0.2
    )
    each = [average_precision_score(lesions[n][inside[n]], found[n][inside[n]]) for n in range(24)]
    assert float(np.median(each)) > 0.7


def test_what_is_too_high_is_not_an_anomaly_of_adc() -> None:
    images, lesions = with_lesions(healthy_images(8, seed=4), depth=-0.5, seed=5)
    assert float(taught().anomaly(images).numpy()[lesions].mean()) < 0


def test_lesions_raise_the_score_and_held_out_healthy_images_have_it_evenly() -> None:
    network, healthy = taught(), healthy_images(64, seed=6)
    ranks = [network.share_below(float(score)) for score in network.scores(healthy)]
    assert kstest(ranks, "uniform").pvalue > 0.01
    ill = network.scores(with_lesions(healthy, depth=0.5, seed=7)[0])
    assert roc_auc_score([0] * 64 + [1] * 64, [*network.scores(healthy).tolist(), *ill.tolist()]) > 0.9
    assert network.share_below(-100.0) == 0
    assert network.share_below(100.0) == 1


def test_the_latent_numbers_that_are_used_carry_more_than_a_tenth_of_a_nat() -> None:
    active, nats = active_nats(*taught().latent(healthy_images(32, seed=8)))
    assert active >= FACTORS
    assert nats > 0.1


def test_the_divergence_is_that_of_two_normal_distributions() -> None:
    mean, log_variance = torch.tensor([[0.5, -1.0]]), torch.tensor([[-0.3, 0.2]])
    own = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    exact = torch.distributions.kl_divergence(own, torch.distributions.Normal(0.0, 1.0)).mean()
    count, nats = active_nats(mean, log_variance, least=0.0)
    assert count == 2
    assert nats == pytest.approx(float(exact), abs=1e-6)


def test_images_that_are_not_healthy_teach_nothing() -> None:
    network = AutoencoderNetwork(2, (4, 4, 4), shape=SHAPE, latent=4).train()
    images = healthy_images(4, seed=9)
    torch.manual_seed(1)
    some = reconstruction_losses(network, images, torch.tensor([True, True, False, False]))
    torch.manual_seed(1)
    alone = reconstruction_losses(network, images[:2], torch.tensor([True, True]))
    for name, value in some.items():
        assert float(value.detach()) == pytest.approx(float(alone[name].detach()), rel=1e-6)
    none = reconstruction_losses(network, images, torch.zeros(4, dtype=torch.bool))
    assert all(float(value) == 0 for value in none.values())


def test_a_detached_answer_teaches_its_own_weights_alone() -> None:
    network = AutoencoderNetwork(2, (4, 4, 4), shape=SHAPE, latent=4, detached=True).train()
    network(healthy_images(2, seed=10)).sum().backward()
    taught_names = {name for name, value in network.named_parameters() if value.grad is not None}
    assert taught_names == {"head.answer.weight", "head.answer.bias"}


def test_cubes_are_erased_in_copies() -> None:
    images = healthy_images(3, seed=11) + 5
    torch.manual_seed(0)
    made = erased(images)
    assert float(images.min()) > 0
    shares = (made == 0).float().mean((1, 2, 3, 4))
    assert 0 < float(shares.min()) <= float(shares.max()) < 0.2
    np.testing.assert_array_equal(kept_apart(np.array([7, 3, 11, 5, 9, 1])), [1, 11])


def test_the_map_is_that_of_an_autoencoder_alone() -> None:
    image = healthy_images(1, seed=12)
    answer = anomaly(Question(taught(), image, "block1", output_number(0)))
    np.testing.assert_array_equal(answer.cells, taught().anomaly(image)[0].numpy())
    np.testing.assert_array_equal(answer.cells[image[0, 0].numpy() == 0], 0)
    with pytest.raises(InputError, match="autoencoder"):
        anomaly(Question(build_network("sfcn", {"in_channels": 2}), image, "block1", output_number(0)))


@pytest.mark.slow
@pytest.mark.parametrize("side", ["left", "right"])
def test_explain_shows_a_bright_spot_of_a_t1(side: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Of a synthetic head: a network that has learned nothing draws nothing, and what is odd in the scan stands out."""
    arguments = {"in_channels": 1, "channels": [4, 8, 8], "shape": [28, 32, 24], "latent": 8}
    facts = age_facts(network="autoencoder", network_arguments=arguments)
    bundle = untrained_bundle(tmp_path / "model", count=1, age=facts).folder
    scan, out = tmp_path / "t1.nii.gz", tmp_path / "out"
    write_volume(spotted(side, "upright"), scan)
    call = ("explain", scan, "--target", "age", "--model", bundle, "--output", out, "--methods", "anomaly")
    code, _, err = run(capfd, *call, "--progress", "none")
    assert code == 0, err
    found = read_volume(out / "saliency_anomaly.nii.gz")
    peak = np.unravel_index(int(found.array.argmax()), found.array.shape)
    assert np.linalg.norm((found.affine_ras @ [*peak, 1.0])[:3] - spot_mm(side)) < 12  # cells of 4 mm, a median over 3
    (reading,) = json.loads((out / "explanations.json").read_text())["readings"]
    assert reading["name"] == "anomaly"
    assert reading["value"] is not None


@pytest.mark.parametrize("wrong", [{"shape": [15, 16, 8]}, {"latent": 0}, {"latent": 4096}, {"pooling": "places"}])
def test_a_bundle_that_describes_no_such_network_is_refused(wrong: dict[str, object]) -> None:
    arguments = {"in_channels": 2, "channels": [4, 4, 4], "shape": list(SHAPE), "latent": 4, **wrong}
    with pytest.raises(ModelError, match="cannot be built"):
        build_network("autoencoder", arguments)
