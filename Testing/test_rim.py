"""A stripped map that was interpolated or smoothed has zeros in its rim: it is read as before, a sound one as it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from marks import long
from real_scans import adc_file, newborns
from scans import bundled_atlas, stripped_scan
from scipy.ndimage import binary_erosion

from AGE2HIELib.io.coordinates import from_sitk, to_canonical, to_sitk
from AGE2HIELib.io.source import Source, read_source
from AGE2HIELib.phantom.scan import PROTOCOLS
from AGE2HIELib.pipeline.admission import gate_scan
from AGE2HIELib.pipeline.analysis import analyse
from AGE2HIELib.pipeline.inputs import Scan, load_model
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import CHECK_STAGES, STAGES
from AGE2HIELib.preprocess.rim import DARK, MIXED_SHARE, dark_share, without_mixed_rim
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Volume

KINDS = {"linear": sitk.sitkLinear, "cubic": sitk.sitkBSpline, "windowed sinc": sitk.sitkLanczosWindowedSinc}


def cropped(volume: Volume, margin: int = 8) -> Volume:
    """To the brain and some background, which the tests are fast on."""
    where = np.argwhere(volume.array != 0)
    low = np.maximum(where.min(axis=0) - margin, 0)
    high = np.minimum(where.max(axis=0) + margin + 1, volume.array.shape)
    matrix = volume.affine_ras.copy()
    matrix[:3, 3] = (matrix @ [*low, 1])[:3]
    return Volume(np.ascontiguousarray(volume.array[tuple(map(slice, low, high))]), matrix)


def resampled(volume: Volume, kind: str, *, factors: tuple[float, float, float] = (2, 2, 1)) -> Volume:
    """On voxels that many times as fine, over the same field of view."""
    image = sitk.Cast(to_sitk(volume), sitk.sitkFloat32)
    finer = sitk.Image([int(n * factor) for n, factor in zip(image.GetSize(), factors, strict=True)], sitk.sitkFloat32)
    finer.SetSpacing([mm / factor for mm, factor in zip(image.GetSpacing(), factors, strict=True)])
    finer.SetDirection(image.GetDirection())
    finer.SetOrigin(image.TransformContinuousIndexToPhysicalPoint([0.5 / factor - 0.5 for factor in factors]))
    return from_sitk(sitk.Resample(image, finer, sitk.Transform(), KINDS[kind], 0.0))


def smoothed(volume: Volume, fwhm_mm: float) -> Volume:
    image = sitk.Cast(to_sitk(volume), sitk.sitkFloat32)
    return from_sitk(sitk.DiscreteGaussian(image, variance=(fwhm_mm / 2.3548) ** 2, useImageSpacing=True))


WAYS: dict[str, Callable[[Volume], Volume]] = {
    **{kind: partial(resampled, kind=kind) for kind in KINDS},
    "linear along all axes": partial(resampled, kind="linear", factors=(1.3, 1.3, 1.3)),
    "smoothed by 2 mm": partial(smoothed, fwhm_mm=2.0),
}


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def as_scan(adc: Volume) -> Scan:
    return Scan(Source("adc-nifti", "", None, adc, "1e-6 mm2/s", ()))


@pytest.mark.parametrize("way", ["linear", *(long(way) for way in list(WAYS)[1:])])
@pytest.mark.parametrize("acquisition", ["6mm", long("2mm"), long("4mm")])
def test_the_rim_is_weighted_by_its_share_of_brain(acquisition: str, way: str) -> None:
    adc = cropped(stripped_scan("bgt", acquisition, 31)[0])
    mixed = WAYS[way](adc)
    share = WAYS[way](adc.like((adc.array != 0).astype(np.float32))).array
    brain = share > 0.5
    found, [warning] = without_mixed_rim(mixed)
    assert "Zeros are mixed into the rim" in warning
    assert dice(found.array != 0, brain) > 0.96
    edge = brain & ~binary_erosion(brain, iterations=2) & (found.array != 0)
    ratio = found.array[edge] / (mixed.array[edge] / share[edge])
    assert np.median(ratio) == pytest.approx(1, abs=0.05)
    assert without_mixed_rim(found) == (found, ())


def test_a_map_that_was_resampled_along_slices_passes_the_gate_as_its_original_does() -> None:
    """Unmended the zeros are 'a step between slices'."""
    adc = cropped(stripped_scan("none", "6mm", 31)[0])
    gated = gate_scan(as_scan(resampled(adc, "linear")), bundled_atlas(), Request(), Stages(CHECK_STAGES))
    assert [check.name for check in gated.quality.stopping] == []
    assert any("Zeros are mixed into the rim" in one for one in gated.warnings)


@pytest.mark.parametrize("acquisition", PROTOCOLS)
@pytest.mark.parametrize("kind", ["none", "near-total"])
def test_a_sound_map_stays_as_it_is(acquisition: str, kind: str) -> None:
    adc = stripped_scan(kind, acquisition, 31)[0]
    values = adc.array.astype(np.float64)
    assert dark_share(values, values != 0) < MIXED_SHARE / 3
    assert without_mixed_rim(adc) == (adc, ())


def test_the_share_of_dark_voxels_is_the_planted_one() -> None:
    values = np.zeros((30, 30, 30))
    values[8:22, 8:22, 8:22] = 1000.0
    assert dark_share(values, values != 0) == 0.0
    values[8, 10:20, 8:22] = 1000 * DARK - 1
    assert dark_share(values, values != 0) == pytest.approx(10 / 28, abs=0.01)
    empty = Volume(np.zeros((5, 5, 5), np.float32), np.eye(4))
    assert without_mixed_rim(empty) == (empty, ())


@pytest.mark.real
@pytest.mark.parametrize("case", newborns(short=("028", "305", "458")))
def test_maps_of_real_newborns_stay_as_they_are(real_data: Path, case: str) -> None:
    adc = canonical(real_data, case)
    values = adc.array.astype(np.float64)
    assert dark_share(values, values != 0) < 0.12  # the 28 end at 0.111; a mixed rim begins at 1/3
    assert without_mixed_rim(adc) == (adc, ())


@pytest.fixture(scope="module")
def model() -> Any:
    return load_model(resource_path("models", "demo"))


def score(adc: Volume, model: Any) -> float:
    found = analyse(as_scan(adc), model, bundled_atlas(), Request(), Stages(STAGES))
    assert found.explanation is not None, found.gated.quality.stopping
    return float(found.explanation.prediction.probability_adverse)


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("acquisition", ["2mm", "4mm", "6mm"])
def test_the_score_stays(acquisition: str, way: str, model: Any) -> None:
    adc = cropped(stripped_scan("bgt", acquisition, 31)[0])
    assert score(WAYS[way](adc), model) == pytest.approx(score(adc, model), abs=0.05)


OFF = pytest.mark.xfail(strict=True, reason="0.92 becomes 0.80; 0.92 where the rim is weighted by the true mask")


@pytest.mark.real
@pytest.mark.long
@pytest.mark.parametrize("case", ["010", "231", pytest.param("373", marks=OFF)])
def test_real_newborns_score_as_before_when_resampled(real_data: Path, case: str, model: Any) -> None:
    adc = cropped(canonical(real_data, case))
    assert score(resampled(adc, "linear"), model) == pytest.approx(score(adc, model), abs=0.05)


def canonical(real_data: Path, case: str) -> Volume:
    stored = read_source(adc_file(real_data, case)).adc
    assert stored is not None
    return to_canonical(stored)
