"""Synthetic T1 brains change with age as real ones do, and come from their seed."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from AGE2HIELib.phantom.lifespan import T1Subject, age_of, make_t1_subject, scan_t1
from AGE2HIELib.phantom.lifespan_curves import BRAIN_ML, MYELINATION
from AGE2HIELib.phantom.structures import BASE_VALUE, CORTEX, FLUID, VALUE, WHITE_MATTER

SEEDS = range(3)


@cache
def subject(seed: int, age_years: float) -> T1Subject:
    return make_t1_subject(seed, age_years)


def contrast(one: T1Subject) -> float:
    """White matter over cortex, minus one."""
    base = BASE_VALUE[one.labels.array]
    white, grey = (one.signal.array[np.isin(base, values)].mean() for values in (WHITE_MATTER, CORTEX))
    return float(white / grey - 1)


def share(one: T1Subject, values: tuple[int, ...]) -> float:
    base = BASE_VALUE[one.labels.array]
    return float(np.isin(base, values).sum() / (base > 0).sum())


def mean(measure, age_years: float) -> float:
    return float(np.mean([measure(subject(seed, age_years)) for seed in SEEDS]))


def test_white_matter_is_darker_than_cortex_at_birth_and_brighter_later() -> None:
    assert mean(contrast, 0.0) < -0.05
    assert abs(mean(contrast, 0.6)) < 0.08
    assert mean(contrast, 3.0) > 0.15
    assert mean(contrast, 35.0) > mean(contrast, 3.0) + 0.1
    assert mean(contrast, 85.0) < mean(contrast, 35.0) - 0.05


def test_regions_myelinate_in_their_order() -> None:
    """Of what the first years bring, the capsule has half at birth, and occipital is ahead of temporal white matter."""

    def gained(name: str, age_years: float) -> float:
        region = MYELINATION[VALUE[name]]
        return 1 - 2 ** (-max(age_years + region.ahead_years, 0) / region.half_years)

    order = ["posterior limb of the internal capsule", "occipital white matter", "frontal white matter"]
    order.append("temporal white matter")
    at_six_months = [gained(name, 0.5) for name in order]
    assert at_six_months == sorted(at_six_months, reverse=True)
    assert gained(order[0], 0.1) > 0.4
    assert gained(order[-1], 5.0) > 0.9


def test_brains_grow_as_measured_and_shrink_late() -> None:
    assert BRAIN_ML.at(0) == pytest.approx(400, rel=0.05)
    assert BRAIN_ML.at(1) == pytest.approx(850, rel=0.05)
    assert 1250 < BRAIN_ML.at(25) < 1350
    assert BRAIN_ML.at(90) < BRAIN_ML.at(50) - 50
    volumes = [make_t1_subject(seed, 25.0).brain_ml for seed in range(20, 26)]
    assert np.mean(volumes) == pytest.approx(BRAIN_ML.at(25), rel=0.12)
    assert np.std(volumes) > 30


def test_age_widens_ventricles_and_sulci_and_thins_the_cortex() -> None:
    def ventricles(one: T1Subject) -> float:
        return share(one, (VALUE["lateral ventricle"],))

    def fluid(one: T1Subject) -> float:
        return share(one, FLUID)

    def cortex(one: T1Subject) -> float:
        """Grey share of the mantle, from the signal: the ribbon is thinner than two voxels."""
        return share(one, CORTEX) / share(one, (*CORTEX, *WHITE_MATTER))

    assert mean(ventricles, 85.0) > 2 * mean(ventricles, 20.0)
    assert mean(ventricles, 45.0) > 1.1 * mean(ventricles, 20.0)
    assert mean(fluid, 85.0) > mean(fluid, 45.0) > mean(fluid, 20.0)
    assert mean(cortex, 85.0) < mean(cortex, 45.0) < mean(cortex, 8.0)


def test_the_seed_decides_everything() -> None:
    again = make_t1_subject(1, 35.0)
    np.testing.assert_array_equal(again.signal.array, subject(1, 35.0).signal.array)
    other = make_t1_subject(4, 35.0)
    assert other.brain_ml != again.brain_ml
    scan = scan_t1(again, seed=5)
    np.testing.assert_array_equal(scan_t1(subject(1, 35.0), seed=5).array, scan.array)
    assert (
        scan_t1(again, seed=6).array.shape != scan.array.shape or scan_t1(again, seed=6).array.max() != scan.array.max()
    )


def test_scans_are_stripped_and_hold_the_whole_brain() -> None:
    for seed, age_years in ((0, 0.0), (1, 35.0), (2, 85.0)):
        one = subject(seed, age_years)
        scan = scan_t1(one, seed=seed)
        assert scan.array.dtype == np.float32
        assert scan.array.min() == 0
        measured_ml = (scan.array > 0).sum() * scan.grid.voxel_ml
        assert measured_ml == pytest.approx(one.brain_ml, rel=0.03)
        assert 1.7 < scan.grid.spacing_mm.min() <= scan.grid.spacing_mm.max() < 2.9
        faces = [scan.array.take(side, axis) for axis in range(3) for side in (0, -1)]
        assert not any(face.any() for face in faces)


def test_a_head_surrounds_the_brain_with_dark_bone_and_bright_fat() -> None:
    scan = scan_t1(subject(1, 35.0), seed=3, with_head=True)
    assert (scan.array > 0).mean() > 0.99  # noise everywhere
    assert scan.array.size * scan.grid.voxel_ml > 3 * subject(1, 35.0).brain_ml
    white = np.percentile(scan_t1(subject(1, 35.0), seed=3).array, 99)
    assert np.percentile(scan.array, 99) != white


def test_ages_cover_life_with_many_infants() -> None:
    ages = np.array([age_of(np.random.default_rng([seed, 30])) for seed in range(2000)])
    assert ages.min() < 0.05
    assert ages.max() > 94
    assert ages.max() <= 97
    assert 0.2 < (ages < 3).mean() < 0.4
    for low, high in ((6, 18), (18, 40), (40, 60), (60, 97)):
        assert ((ages >= low) & (ages < high)).mean() > 0.1
