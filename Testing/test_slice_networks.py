"""Networks that look at slices: what lies outside a slab is never read, and attention names the slice of a lesion."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.network_maps import attention
from AGE2HIELib.explanation.question import Question, output_number
from AGE2HIELib.networks.planes import Plane
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.networks.slices import SliceBag
from AGE2HIELib.networks.staged import StagedNetwork
from training.learning.placing import SAGITTAL_MM, slab
from training.learning.transfer import outcome_arguments
from training.preparing.inputs import adc_spec
from training.settings import Network, TrainingSettings

SHAPE = (32, 32, 24)
SLAB = slice(12, 16)  # z = 2 to 14 mm
OTHERS = [k for k in range(SHAPE[2]) if not SLAB.start <= k < SLAB.stop]


def settings(name: str, **options: object) -> Network:
    """Small, on the grid of 4 mm."""
    return TrainingSettings(network=Network(name=name, channels=(4, 8, 8), **options)).network


def outcome_network(name: str, pooling: str = "mean", **options: object) -> StagedNetwork:
    torch.manual_seed(2)
    return build_network(name, outcome_arguments(settings(name, pooling=pooling, **options)))


def brain_image(seed: int, cases: int = 1) -> torch.Tensor:
    """Noise in an ellipsoid that leaves the first and last slices empty."""
    axes = [torch.linspace(-1, 1, n) for n in SHAPE]
    i, j, k = torch.meshgrid(*axes, indexing="ij")
    inside = (i**2 + j**2 + (k / 0.8) ** 2) < 0.95
    return torch.randn(cases, 2, *SHAPE, generator=torch.Generator().manual_seed(seed)) * inside


@pytest.mark.parametrize("pooling", ["mean", "voxels"])
def test_a_slab_is_all_that_its_network_reads(pooling: str) -> None:
    """Slices outside it are shuffled, replaced, made not finite: the same answer to the last bit."""
    network, image = outcome_network("slab", pooling), brain_image(1)
    shuffled, odd, changed = image.clone(), image.clone(), image.clone()
    shuffled[..., OTHERS] = image[..., np.random.default_rng(0).permutation(OTHERS)]
    odd[..., OTHERS] = 1e6 if pooling == "voxels" else torch.nan
    changed[..., SLAB.start] += 0.5
    with torch.no_grad():
        answer = network(image)
        assert torch.equal(network(shuffled), answer)
        assert torch.equal(network(odd), answer)
        assert not torch.allclose(network(changed), answer, atol=1e-5)


def test_three_planes_read_three_slabs_and_nothing_beside() -> None:
    network, image = outcome_network("three-planes"), brain_image(2)
    grid = adc_spec(4.0, 3).grid
    sagittal, coronal = Plane.read(slab(grid, "right", SAGITTAL_MM)), Plane.read(slab(grid, "anterior", (0, 14)))
    seen = torch.zeros(SHAPE, dtype=torch.bool)
    seen[..., SLAB] = True
    seen[sagittal.first : sagittal.first + sagittal.count] = True
    seen[:, coronal.first : coronal.first + coronal.count] = True
    with torch.no_grad():
        assert torch.equal(network(torch.where(seen, image, 7.0)), network(image))
    image.requires_grad_(True)
    network(image).sum().backward()
    assert image.grad is not None
    assert (image.grad.abs().sum((0, 1))[seen] > 0).float().mean() > 0.5
    assert image.grad.abs().sum((0, 1))[~seen].max() == 0


def test_a_slab_lies_at_its_place_in_mm_on_every_grid() -> None:
    for spacing_mm, poolings in ((4.0, 3), (2.0, 4), (1.0, 3)):
        grid = adc_spec(spacing_mm, poolings).grid
        _, first, count = slab(grid, "superior", (0.0, 14.0))
        z_mm = grid.affine_ras[2, 3] + spacing_mm * np.arange(first, first + count)
        assert z_mm[0] >= 0 > z_mm[0] - spacing_mm
        assert z_mm[-1] <= 14 < z_mm[-1] + spacing_mm
    with pytest.raises(InputError, match="no slice of 4 mm between 14 and 0 mm superior"):
        slab(adc_spec(4.0, 3).grid, "superior", (14.0, 0.0))


@pytest.mark.parametrize("name", ["slab", "three-planes", "slices", "patches", "global-local"])
def test_an_image_and_its_mirror_image_have_one_answer_and_stages_add_up(name: str) -> None:
    network, image = outcome_network(name), brain_image(3, 2)
    with torch.no_grad():
        answer = network(image)
        torch.testing.assert_close(network(image.flip(2)), answer, rtol=1e-6, atol=1e-6)
        for layer in network.layers:
            features = network.below(image, layer)
            assert features.shape[2:] == network.cells(layer).counts(SHAPE)
            torch.testing.assert_close(network.above(features, layer), answer)


@pytest.mark.parametrize("name", ["slab", "three-planes", "slices", "patches", "global-local"])
def test_no_other_case_of_a_batch_matters(name: str) -> None:
    network, images = outcome_network(name).train(), brain_image(4, 3)
    torch.testing.assert_close(network(images)[:1], network(images[:1]), rtol=1e-4, atol=1e-5)


def test_a_slice_is_read_by_itself_and_an_empty_one_has_no_attention() -> None:
    network, image = outcome_network("slices"), brain_image(5)
    assert isinstance(network, SliceBag)
    empty = (image == 0).all(0).all(0).all(0).all(0)
    assert 2 <= int(empty.sum()) <= 6
    with torch.no_grad():
        share = network.attention(image)[0]
        assert float(share.sum()) == pytest.approx(1, abs=1e-6)
        assert share[empty].max() == 0
        assert share[~empty].min() > 0
        turned = network.attention(image[..., torch.arange(23, -1, -1)])[0]
        torch.testing.assert_close(turned.flip(0), share)  # a bag has no order
        torch.testing.assert_close(network(image.flip(4)), network(image))
        assert torch.isfinite(network(0 * image)).all()


def test_the_map_of_attention_is_the_slices_share_in_the_brain() -> None:
    network, image = outcome_network("slices"), brain_image(6)
    assert isinstance(network, SliceBag)
    found = attention(Question(network, image, "block1", output_number(0)))
    inside = (image[0] != 0).any(0).numpy()
    share = network.attention(image)[0].detach().numpy()
    np.testing.assert_allclose(found.cells[inside], np.broadcast_to(share, SHAPE)[inside], rtol=1e-6)
    assert not found.cells[~inside].any()
    with pytest.raises(InputError, match="Only a network of slices has a map of attention"):
        attention(Question(outcome_network("slab"), image, "block1", output_number(0)))


def lesioned(seed: int, cases: int) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
    """(images, adverse, slices): every other case has two neighbouring slices with a dark square somewhere."""
    rng, shape = np.random.default_rng(seed), (16, 16, 12)
    images = 0.3 * torch.randn(cases, 2, *shape, generator=torch.Generator().manual_seed(seed))
    images[..., [0, -1]] = 0
    first = rng.integers(1, shape[2] - 2, cases)
    for case in range(0, cases, 2):
        i, j = rng.integers(1, 10, 2)
        images[case, :, i : i + 5, j : j + 5, first[case] : first[case] + 2] -= 1.5
    return images, (torch.arange(cases) % 2 == 0).float(), first


def test_attention_peaks_on_the_slices_that_hold_a_planted_lesion() -> None:
    """In at least 90 of 100 cases that it has not learned from, of a network that has seen outcomes and no lesion."""
    torch.manual_seed(1)
    arguments = {"in_channels": 2, "channels": [4, 8], "attention": 8, "mirrored": True}
    network = build_network("slices", arguments).train()
    assert isinstance(network, SliceBag)
    images, adverse, _ = lesioned(7, 96)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-2)
    for step in range(100):
        rows = torch.arange(24) + 24 * (step % 4)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(network(images[rows])[:, 0], adverse[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    images, adverse, first = lesioned(8, 200)
    network.eval()
    with torch.no_grad():
        logit, share = network(images)[:, 0], network.attention(images)
    assert float(((logit > 0) == (adverse > 0)).float().mean()) > 0.95
    peak = share[::2].argmax(dim=1).numpy() - first[::2]
    assert ((peak == 0) | (peak == 1)).mean() >= 0.9
