"""Calibration, interval and label, on numbers that can be worked out by hand."""

import numpy as np
import pytest
import torch
from bundles import untrained_bundle, untrained_facts, untrained_members

from AGE2HIELib.bundle.model_facts import Calibration
from AGE2HIELib.bundle.weights import load_members
from AGE2HIELib.errors import InputError
from AGE2HIELib.inference.device import choose_device
from AGE2HIELib.inference.probability import combine_logits, predict_probability, probability_interval
from AGE2HIELib.networks.registry import build_network

_PLAIN = Calibration(slope=1.0, intercept=0.0, prevalence=0.5)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return untrained_bundle(tmp_path_factory.mktemp("models") / "untrained", half_width=True)


@pytest.fixture(scope="module")
def image(bundle):
    shape = (1, 2, *bundle.spec.grid.shape)
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_probability_is_the_calibrated_mean_logit():
    facts = untrained_facts(calibration=Calibration(slope=2.0, intercept=-1.0, prevalence=0.4))
    answer = combine_logits([0.0, 1.0, 2.0], facts)
    assert answer.probability_adverse == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert answer.members == pytest.approx([1 / (1 + np.exp(-x)) for x in (-1.0, 1.0, 3.0)])


def test_interval_holds_the_answer_of_nine_in_ten_further_members():
    logits = np.random.default_rng(0).normal(0.3, 0.8, size=(4000, 6))
    further = 1 / (1 + np.exp(-logits[:, 5]))
    bounds = np.array([probability_interval(row, _PLAIN) for row in logits[:, :5]])
    inside = np.mean((bounds[:, 0] <= further) & (further <= bounds[:, 1]))
    assert inside == pytest.approx(0.90, abs=3 * np.sqrt(0.9 * 0.1 / 4000))


def test_calibration_alone_gives_the_delta_method():
    # members agree on a logit of 2: the variance is 0.3^2 + 2^2 * 0.1^2 - 2 * 2 * 0.02 = 0.05
    calibration = Calibration(1.0, 0.0, 0.5, slope_sd=0.1, intercept_sd=0.3, covariance=-0.02)
    low, high = probability_interval(np.full(5, 2.0), calibration)
    half_width = 1.6449 * np.sqrt(0.05)
    assert (low, high) == pytest.approx([1 / (1 + np.exp(-2 + s * half_width)) for s in (1, -1)], abs=1e-5)


def test_a_single_member_of_a_certain_calibration_has_no_interval():
    low, high = probability_interval(np.array([1.0]), _PLAIN)
    assert low == high == pytest.approx(1 / (1 + np.exp(-1.0)))


def test_number_of_threads_does_not_change_the_answer(bundle, image):
    members, before = load_members(bundle), torch.get_num_threads()
    answers = []
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        answers.append(predict_probability(members, bundle, image).probability_adverse)
    torch.set_num_threads(before)
    assert np.ptp(answers) < 1e-6


def test_float16_on_disk_moves_the_answer_by_less_than_a_thousandth(bundle, image):
    exact = []
    for state in untrained_members(bundle):
        network = build_network(bundle.network, bundle.network_arguments)
        network.load_state_dict(state)
        exact.append(network)
    rounded = predict_probability(load_members(bundle), bundle, image)
    assert rounded.probability_adverse == pytest.approx(
        predict_probability(exact, bundle, image).probability_adverse, abs=1e-3
    )


def test_an_image_of_another_grid_or_with_a_hole_is_not_answered(bundle, image):
    members = load_members(bundle)
    with pytest.raises(ValueError, match=r"\(1, 2, 55, 64, 48\)"):
        predict_probability(members, bundle, image[:, :, 1:])
    broken = image.copy()
    broken[0, 0, 0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        predict_probability(members, bundle, broken)


def test_a_device_that_is_not_there_is_said_so():
    assert choose_device("cpu") == "cpu"
    with pytest.raises(InputError, match="abacus"):
        choose_device("abacus")
    if not torch.cuda.is_available():
        assert choose_device("auto") == "cpu"
        with pytest.raises(InputError, match="cuda"):
            choose_device("cuda")


def test_a_gpu_that_runs_out_of_memory_gives_way_to_the_cpu(bundle, image, monkeypatch):
    """The numbers are those of the CPU, and the result says where they come from."""
    from AGE2HIELib.explanation import saliency as cam
    from AGE2HIELib.pipeline.analysis import explain_prediction
    from AGE2HIELib.pipeline.inputs import HieModel

    members = load_members(bundle)
    expected = cam.explain_score(members, bundle, image)
    tried = []

    def first_fails(*arguments, **options):
        tried.append(1)
        if len(tried) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return explain(*arguments, **options)

    explain = cam.explain_score
    monkeypatch.setattr(cam, "explain_score", first_fails)
    model, found = explain_prediction(HieModel(bundle, members, "cuda"), image, None)
    assert model.device == "cpu"
    assert "ran out of memory" in model.warnings[0]
    assert found.prediction == expected.prediction
    tried.clear()
    with pytest.raises(torch.OutOfMemoryError):  # the CPU has nowhere to go
        explain_prediction(HieModel(bundle, members, "cpu"), image, None)


def test_a_gpu_that_cannot_compute_is_not_taken(monkeypatch):
    """torch may see a card that it has no kernels for."""
    from AGE2HIELib.inference import device

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(device, "_computes", lambda name: False)
    assert choose_device("auto") == "cpu"
    monkeypatch.setattr(device, "_computes", lambda name: True)
    assert choose_device("auto") == "cuda"
