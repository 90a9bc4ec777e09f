"""The covariance network with the outcome of infants as its target: learned, kept, predicted and explained."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from bundles import CALIBRATION, untrained_facts
from calling import run
from learning_samples import CPU
from scans import bundled_atlas
from sklearn.metrics import roc_auc_score

from AGE2HIELib.bundle.model_facts import Reading
from AGE2HIELib.bundle.reading import Bundle
from AGE2HIELib.bundle.weights import load_members
from AGE2HIELib.bundle.writing import write_bundle
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.networks.covariance import CovarianceNetwork
from AGE2HIELib.preprocess.region_cells import region_cells
from training.learning.augment import pick_z
from training.learning.fitting import FitPlace, fit
from training.learning.keyed import Learner
from training.learning.outcomes import Infants, OutcomeModule, logits
from training.learning.transfer import from_scratch, outcome_arguments
from training.preparing.inputs import infant_spec
from training.settings import Finetune, TrainingSettings
from training.systems.table import find_systems

COVARIANCE = TrainingSettings(network={"name": "covariance", "channels": (5, 5), "dropout": 0.0}).network
INFANTS, LEARNED = 140, 90
DEEP = ("thalamus", "lentiform nucleus", "caudate nucleus", "posterior limb of the internal capsule", "brainstem")


def injured_infants() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(volumes ``(N, 3, ...)``, adverse, ``(regions,)`` whether a region is of ``DEEP``): every region has a level of
    its own, and in the half who do badly those of ``DEEP`` are two and a half spreads lower, in ADC as in z.
    """
    rng = np.random.default_rng(3)
    atlas, grid = bundled_atlas(), infant_spec(COVARIANCE).grid
    cells = region_cells(atlas, grid)
    adverse = np.arange(INFANTS) % 2 == 0
    deep = np.array([region.name in DEEP for region in atlas.regions])
    levels = rng.normal(0, 0.3, (INFANTS, len(deep))) + rng.normal(0, 0.2, (INFANTS, 1))
    levels -= 0.9 * adverse[:, None] * deep
    painted = np.concatenate([np.zeros((INFANTS, 1)), levels], axis=1)[:, cells][:, None]
    noisy = painted + rng.normal(0, 0.2, (INFANTS, 3, *grid.shape))
    return np.where(cells > 0, noisy, 0).astype(np.float16), adverse, deep


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[CovarianceNetwork, np.ndarray, np.ndarray, np.ndarray]:
    volumes, adverse, deep = injured_infants()
    infants = Infants(np.arange(LEARNED), adverse, ~adverse, "atlas")
    learner = Learner(epochs=12, batch_size=8, weight_decay=1e-3, seed=1, augment=False)
    start = from_scratch(COVARIANCE, Finetune(scratch_rate=0.03), seed=2)
    module = OutcomeModule(start, volumes, infants, learner)
    module.network.measure(module.healthy_images())
    fit(module, FitPlace(tmp_path_factory.mktemp("fit"), CPU))
    network = module.network.eval().requires_grad_(False)
    assert isinstance(network, CovarianceNetwork)
    return network, volumes, adverse, deep


def test_the_row_learns_ages_and_outcomes() -> None:
    (row,) = find_systems(["covariance"])
    assert row.targets == "both"


def test_it_learns_the_outcome_of_infants_and_says_which_regions_speak_for_it(
    learned: tuple[CovarianceNetwork, np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Of 50 infants whom it has not seen; in an injured one the injured regions' residuals are the highest."""
    network, volumes, adverse, deep = learned
    left = np.arange(LEARNED, INFANTS)
    assert roc_auc_score(adverse[left], logits(network, volumes[left], "atlas")) > 0.95
    ill = left[adverse[left]]
    residuals = network.standardised_residuals(pick_z(torch.from_numpy(volumes[ill]), "atlas")).numpy()
    assert np.mean(residuals[:, deep].mean(1) > residuals[:, ~deep].mean(1)) > 0.9
    assert np.mean(residuals[:, deep].mean(1) > 1) > 0.9  # in standard deviations of healthy infants'


@pytest.fixture(scope="module")
def bundle(
    learned: tuple[CovarianceNetwork, np.ndarray, np.ndarray, np.ndarray], tmp_path_factory: pytest.TempPathFactory
) -> Bundle:
    network, *_ = learned
    facts = untrained_facts(
        network="covariance",
        network_arguments=outcome_arguments(COVARIANCE),
        spec=infant_spec(COVARIANCE),
        z_origins=(bundled_atlas().sha256,),
        readings={"atlas": Reading(CALIBRATION)},
        saliency_layer="filter2",
    )
    folder = tmp_path_factory.mktemp("models") / "covariance"
    return write_bundle(folder, facts=facts, members=[network.state_dict()], results="", licence="Apache-2.0")


def test_a_bundle_keeps_its_answers(
    bundle: Bundle, learned: tuple[CovarianceNetwork, np.ndarray, np.ndarray, np.ndarray]
) -> None:
    network, volumes, _, _ = learned
    (member,) = load_members(bundle)
    before, after = (logits(one, volumes[LEARNED:], "atlas") for one in (network, member))
    np.testing.assert_allclose(after, before, atol=0.02 * float(np.ptp(before)))  # 16 bits of each weight


@pytest.mark.slow
def test_predict_paints_each_region_of_the_scan_with_its_residual(
    bundle: Bundle, infant_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ("predict", infant_file, "--model", bundle.folder, "--saliency", "regional-residuals")
    assert run(capfd, *words, "--output", tmp_path / "out")[0] == 0
    record = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert 0 < record["probability_adverse"] < 1
    (reading,) = record["readings"]
    assert (reading["name"], reading["unit"]) == ("regional_residuals", "log-odds of an adverse outcome")
    of_region = {(place["region"], place["hemisphere"]): place["value"] for place in reading["places"]}
    assert len(of_region) == len(bundled_atlas().regions)
    assert abs(np.mean(list(of_region.values()))) < 0.01 * np.ptp(list(of_region.values()))
    saliency, regions = (read_volume(tmp_path / "out" / f"{name}.nii.gz").array for name in ("saliency", "regions"))
    painted, said = [], []
    for region in bundled_atlas().regions:
        inside = regions == region.value
        if inside.sum() > 400:
            painted.append(float(np.median(saliency[inside])))
            said.append(of_region[region.name, region.hemisphere])
    assert len(said) > 15
    assert np.corrcoef(painted, said)[0, 1] > 0.9
