"""Two streams joined by attention: what each may say, what learns, and a bundle that is asked about scans."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from bundles import CHANNELS, age_facts, untrained_bundle
from calling import run
from learning_samples import CPU
from morphometry_samples import planted
from scans import bundled_atlas
from sklearn.metrics import roc_auc_score

from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.bundle.weights import check_weights
from AGE2HIELib.errors import ModelError
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.networks.streams import StreamBlock, StreamsNetwork
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.scan import PROTOCOLS, scanner_adc
from AGE2HIELib.preprocess.network_input import InputSpec
from AGE2HIELib.volume import Grid
from training.learning.augment import TABLE_VALUES, Draws, augment_adc, augment_t1, augment_t1_with, pick_z
from training.learning.fitting import FitPlace, fit
from training.learning.keyed import Learner
from training.learning.outcomes import Infants, OutcomeModule, logits
from training.learning.randomness import noise_bank, uniforms
from training.learning.transfer import from_ages, from_scratch, new_age_network, new_outcome_network
from training.preparing.inputs import MORPHOMETRY_CHANNELS, T1_CHANNELS
from training.settings import Finetune, Network, TrainingSettings

SHAPE = (16, 16, 16)
STREAMS = TrainingSettings(
    network={"name": "streams", "channels": (4, 8, 8), "dropout": 0.0, "pooling": "mean"}
).network
ARGUMENTS = {"in_channels": 3, "channels": [4, 8, 8], "streams": [2, 1]}


def streams(pooling: str = "mean", *, mirrored: bool = False, norm: str = "group") -> StreamsNetwork:
    torch.manual_seed(0)
    made = build_network("streams", {**ARGUMENTS, "pooling": pooling, "mirrored": mirrored, "norm": norm})
    assert isinstance(made, StreamsNetwork)
    with torch.no_grad():  # attention that has learned something
        for block in made.blocks:
            block.attention.ask.weight.normal_()
    return made


def image(seed: int = 1) -> torch.Tensor:
    return torch.randn(2, 3, *SHAPE, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("pooling", ["mean", "places", "voxels"])
@pytest.mark.parametrize("mirrored", [False, True])
def test_it_is_cut_at_any_block_and_reads_both_streams(pooling: str, mirrored: bool) -> None:
    network, given = streams(pooling, mirrored=mirrored), image()
    answer = network(given)
    for layer in network.layers:
        torch.testing.assert_close(network.above(network.below(given, layer), layer), answer, atol=1e-6, rtol=0)
    for channel in range(3):
        other = given.clone()
        other[:, channel] += 0.5 * torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(2))
        assert float((network(other) - answer).abs().min().detach()) > 1e-5


@pytest.mark.parametrize("norm", ["group", "batch"])
def test_what_is_said_together_lies_between_the_streams(norm: str) -> None:
    """Weights of every cell and feature are above 0 and sum to 1; before anything is learned they are a half."""
    network, given = streams(norm=norm), image()
    block = network.blocks[0]
    assert isinstance(block, StreamBlock)
    first, second, together = block(given).chunk(3, dim=1)
    assert torch.all(together <= torch.maximum(first, second) + 1e-6)
    assert torch.all(together >= torch.minimum(first, second) - 1e-6)
    weights = block.attention.weights(torch.cat([first, second], 1)).detach()
    torch.testing.assert_close(weights.sum(1), torch.ones_like(first))
    assert float(weights.min()) < 0.2 < 0.8 < float(weights.max())
    fresh = build_network("streams", ARGUMENTS).blocks[0]
    first, second, together = fresh(given).chunk(3, dim=1)
    torch.testing.assert_close(together, (first + second) / 2)


def test_a_stream_of_the_first_block_is_blind_to_the_other() -> None:
    network, given = streams(), image()
    other = given.clone()
    other[:, 2] = 0
    (contrast, shape, _), (same, moved, _) = (network.blocks[0](one).chunk(3, dim=1) for one in (given, other))
    assert torch.equal(contrast, same)
    assert not torch.equal(shape, moved)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"streams": [1, 1]}, "do not make an image of 3"),
        ({"streams": [3]}, "do not make an image of 3"),
        ({"streams": [0, 3]}, "must be 1 to 1024"),
        ({"streams": 3}, "must list"),
    ],
)
def test_a_network_that_cannot_be_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        build_network("streams", {**ARGUMENTS, **wrong})


def test_a_trunk_that_saw_t1_goes_on_with_adc_and_z_as_contrast() -> None:
    """The same image in ADC and z, and the same local volume, give the features of the trunk that saw them as T1."""
    trunk = new_age_network(STREAMS, seed=3)
    assert trunk.blocks[0].counts == [1, 1]
    volumes = np.zeros((1, 4, *SHAPE), np.float16)
    start = from_ages(STREAMS, Finetune(), trunk.state_dict(), seed=4, volumes=volumes, z_maps="released")
    one = image()[:, [0, 2]]
    torch.testing.assert_close(start.network.blocks[:3](one[:, [0, 0, 1]]), trunk.blocks[:3](one), atol=1e-5, rtol=0)


def test_training_varies_contrast_and_only_moves_morphometry() -> None:
    """T1 is varied as without it, to the bit; local volume keeps its values where nothing is moved, in all samples."""
    table, bank = uniforms(1, 0, torch.arange(300), TABLE_VALUES), noise_bank(1)
    volumes = torch.randn(300, 2, 8, 8, 8, generator=torch.Generator().manual_seed(3))
    both, alone = (
        augment_t1(volumes, Draws(table.clone(), bank)),
        augment_t1(volumes[:, :1], Draws(table.clone(), bank)),
    )
    assert torch.equal(both[:, :1], alone)
    still = table.clone()
    still[:, 16:19] = 0.99  # not swapped, not thick, not moved
    assert torch.equal(augment_t1(volumes, Draws(still.clone(), bank))[:, 1], volumes[:, 1])
    marks = torch.zeros(300, 3, 8, 8, 8)
    images, shares = augment_t1_with(volumes, marks, Draws(still.clone(), bank))
    assert images.shape[1] == 2
    assert torch.equal(shares[:, 0], torch.ones_like(shares[:, 0]))
    stored = torch.randn(300, 4, 8, 8, 8, generator=torch.Generator().manual_seed(4))
    moved, _ = augment_adc(stored, None, Draws(still.clone(), bank), morphometry=True)
    plain, _ = augment_adc(stored[:, :3], None, Draws(still.clone(), bank))
    assert torch.equal(moved[:, 2], stored[:, 3])
    assert torch.equal(moved[:, :2], plain)


def test_morphometry_adds_what_it_alone_knows(tmp_path: Path) -> None:
    """Outcomes of which ADC tells half and local volume the other half: ranked by both at least 0.05 better than by
    either with the other blank.
    """
    rng = np.random.default_rng(0)
    count = 240
    in_adc, in_shape = rng.standard_normal((2, count))
    adverse = in_adc + in_shape > 0
    volumes = rng.normal(0, 0.3, (count, 4, *SHAPE))
    volumes[:, :3] += 0.6 * in_adc[:, None, None, None, None]
    volumes[:, 3] += 0.6 * in_shape[:, None, None, None]
    volumes = volumes.astype(np.float16)
    settings = Finetune(epochs=12, scratch_rate=1e-2)
    infants = Infants(np.arange(160), adverse, np.zeros(count, bool), "released")
    learner = Learner(epochs=12, batch_size=8, weight_decay=1e-3, seed=1)
    module = OutcomeModule(from_scratch(STREAMS, settings, seed=2), volumes, infants, learner)
    fit(module, FitPlace(tmp_path, CPU))
    told = volumes[160:]
    blank = {name: told.copy() for name in ("both", "contrast", "morphometry")}
    blank["contrast"][:, :3] = 0
    blank["morphometry"][:, 3] = 0
    area = {
        name: roc_auc_score(adverse[160:], logits(module.network, given, "released")) for name, given in blank.items()
    }
    assert area["both"] > 0.85
    assert area["both"] > max(area["contrast"], area["morphometry"]) + 0.05
    assert min(area.values()) > 0.6


def test_networks_read_what_their_specs_name() -> None:
    network = new_outcome_network(STREAMS, seed=0)
    assert isinstance(network, StreamsNetwork)
    assert network.streams == (2, 1)
    stored = torch.randn(1, 4, *SHAPE)
    assert torch.equal(pick_z(stored, "released"), stored[:, [0, 2, 3]])
    assert Network(name="streams").poolings == 4


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two untrained networks of the outcome and one of age, with streams."""
    folder = tmp_path_factory.mktemp("models") / "streams"
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = [-62.0, -62.0, -46.0]
    grid = Grid((32, 32, 24), affine)
    age = age_facts(
        network="streams",
        network_arguments={"in_channels": 2, "channels": [4, 4, 4], "streams": [1, 1], "outputs": 1, "norm": "group"},
        spec=InputSpec(grid, (*T1_CHANNELS, *MORPHOMETRY_CHANNELS)),
    )
    untrained_bundle(
        folder,
        count=2,
        network="streams",
        network_arguments={"in_channels": 3, "channels": [4, 4, 4], "streams": [2, 1], "mirrored": True},
        spec=InputSpec(grid, (*CHANNELS, *MORPHOMETRY_CHANNELS)),
        z_origins=(bundled_atlas().sha256, "released", "none"),
        saliency_layer="block2",
        age=age,
    )
    return folder


def test_a_bundle_with_streams_is_read_back_and_wrong_ones_are_refused(model: Path, tmp_path: Path) -> None:
    bundle = read_bundle(model)
    assert check_weights(bundle) == 2
    assert bundle.age is not None
    assert bundle.age.spec.has_morphometry
    assert "deformed to the template" in (model / "docs" / "age.md").read_text(encoding="utf-8")
    wrong = age_facts(
        network="streams",
        network_arguments={"in_channels": 2, "channels": [4, 4], "streams": [1, 1]},
        spec=bundle.age.spec,
        placement="rigid",
    )
    with pytest.raises(ModelError, match="'placement' of age is 'rigid'; it must be one of affine"):
        untrained_bundle(tmp_path / "rigid", count=1, age=wrong)


def test_a_newborn_is_predicted_with_its_map(model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """And the same newborn in a batch, with the same number."""
    (tmp_path / "scans" / "a").mkdir(parents=True)
    infant = make_infant(71)
    scan = tmp_path / "scans" / "a" / "adc.nii.gz"
    write_volume(scanner_adc(infant, injure(infant, "bgt", seed=71), PROTOCOLS["4mm"], seed=71), scan)
    words = ("--model", model, "--progress", "none", "--output")
    code, _, err = run(capfd, "predict", scan, *words, tmp_path / "out")
    assert code == 0, err
    said = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert 0 < said["probability_adverse"] < 1
    saliency = read_volume(tmp_path / "out" / "saliency.nii.gz")
    assert saliency.grid.same_as(read_volume(scan).grid)
    assert float(np.abs(saliency.array).max()) > 0
    assert run(capfd, "batch", tmp_path / "scans", "--jobs", 1, *words, tmp_path / "all")[0] == 0
    again = json.loads((tmp_path / "all" / "a" / "result.json").read_text(encoding="utf-8"))
    assert again["probability_adverse"] == said["probability_adverse"]


def test_age_is_explained_in_a_t1_scan(model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    scan, out = tmp_path / "t1.nii.gz", tmp_path / "out"
    write_volume(planted(0.3), scan)
    code, said, err = run(
        capfd, "explain", scan, "--target", "age", "--model", model, "--output", out, "--methods", "hirescam,occlusion"
    )
    assert code == 0, err
    assert "predicted age" in said
    for name in ("hirescam", "occlusion"):
        found = read_volume(out / f"saliency_{name}.nii.gz")
        assert found.grid.same_as(read_volume(scan).grid)
        assert float(np.abs(found.array).max()) > 0
