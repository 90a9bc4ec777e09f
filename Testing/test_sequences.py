"""T1 and T2 of an infant brought to its diffusion scan: how near, on which grids, and whether another's is noticed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from marks import long
from scans import bundled_atlas

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.phantom.infant import Infant, make_infant
from AGE2HIELib.phantom.injury import Injury, injure
from AGE2HIELib.phantom.scan import PROTOCOLS, scanner_adc
from AGE2HIELib.phantom.sequences import ScannedSequence, scan_sequence
from AGE2HIELib.pipeline.sequences import LEAST_AGREEMENT, GivenSequences, sequences_on_scan
from AGE2HIELib.preprocess.fluid_contrast import BRIGHT_FLUID, tail_asymmetry
from AGE2HIELib.preprocess.sequences import Registered, normalised_information, register_sequence
from AGE2HIELib.volume import Volume
from training.cohorts.bonbid import HieCase
from training.preparing.infants import DOUBTED, infant_arrays
from training.preparing.inputs import infant_spec
from training.settings import TrainingSettings

VOXEL_MM = 2.0


@cache
def infant(seed: int, kind: str = "bgt", protocol: str = "4mm") -> tuple[Infant, Injury, Volume]:
    made = make_infant(seed)
    injury = injure(made, kind, seed=seed)
    return made, injury, to_canonical(scanner_adc(made, injury, PROTOCOLS[protocol], seed=seed))


def registered(scanned: ScannedSequence, adc: Volume) -> tuple[Registered, np.ndarray]:
    """And how far each of some points of the brain lies from where it should be, mm."""
    brain = adc.like(adc.array != 0)
    found = register_sequence(to_canonical(scanned.image), adc, brain)
    points = np.argwhere(brain.array)[::300] @ adc.affine_ras[:3, :3].T + adc.affine_ras[:3, 3]
    to_lps = np.array([-1.0, -1.0, 1.0])
    there = np.array([found.moved.TransformPoint(point) for point in (points * to_lps).tolist()]) * to_lps
    return found, np.linalg.norm(there - scanned.moved(points), axis=1)


@pytest.mark.parametrize(
    ("name", "with_head", "spacing_mm"),
    [
        ("t1", True, (1.0, 1.0, 1.5)),
        ("t2", False, (0.9, 0.9, 3.0)),
        long("t1", False, (1.2, 1.2, 6.0)),
        long("t2", True, (0.9, 0.9, 5.0)),
    ],
)
def test_a_moved_head_is_found_on_an_oblique_grid_of_uneven_voxels(
    name: str, with_head: bool, spacing_mm: tuple[float, ...]
) -> None:
    """After some mm and degrees of movement, on a grid tilted against the scan's, within a voxel of 2 mm everywhere."""
    made, injury, adc = infant(71)
    scanned = scan_sequence(made, injury, name, seed=1, with_head=with_head, spacing_mm=spacing_mm)
    found, away_mm = registered(scanned, adc)
    assert found.displacement_mm > 1.0  # there was something to find
    assert away_mm.mean() < VOXEL_MM / 2
    assert away_mm.max() < VOXEL_MM
    assert found.image.grid.same_as(adc.grid)
    assert found.agreement > LEAST_AGREEMENT[name]


def test_the_way_an_image_is_stored_changes_nothing() -> None:
    made, injury, adc = infant(71)
    scanned = scan_sequence(made, injury, "t2", seed=1)
    image = scanned.image
    flipped = image.affine_ras.copy()
    flipped[:3, 3] += flipped[:3, 0] * (image.array.shape[0] - 1)
    flipped[:3, 0] *= -1
    stored = Volume(np.ascontiguousarray(3 * image.array[::-1]), flipped)  # another gain, too
    brain = adc.like(adc.array != 0)
    one, other = (register_sequence(to_canonical(each), adc, brain) for each in (image, stored))
    atol = 1e-3 * float(np.ptp(image.array))
    np.testing.assert_allclose(other.image.array, 3 * one.image.array, rtol=1e-3, atol=atol)


def test_another_infant_s_image_is_warned_of_and_the_infant_s_own_is_not() -> None:
    made, injury, adc = infant(71)
    other, of_other, _ = infant(78, "none")
    brain = adc.like(adc.array != 0)
    own, stranger = (
        GivenSequences({"t1": to_canonical(scan_sequence(*of, "t1", seed=2).image)})
        for of in ((made, injury), (other, of_other))
    )
    images, doubts = sequences_on_scan(own, adc, brain)
    assert doubts == {}
    assert images["t1"].grid.same_as(adc.grid)
    (said,) = sequences_on_scan(stranger, adc, brain)[1].values()
    assert "may be another infant's" in said


def test_t1_and_t2_that_are_exchanged_and_a_part_of_a_brain_are_warned_of() -> None:
    made, injury, adc = infant(71)
    brain = adc.like(adc.array != 0)
    t1, t2 = (to_canonical(scan_sequence(made, injury, name, seed=2).image) for name in ("t1", "t2"))
    assert tail_asymmetry(t1.array[t1.array != 0]) < 0 < BRIGHT_FLUID < tail_asymmetry(t2.array[t2.array != 0])
    exchanged = sequences_on_scan(GivenSequences({"t1": t2, "t2": t1}), adc, brain)[1]
    assert "In the T1 fluid is bright, as in a T2 or an ADC map" in exchanged["t1"]
    assert "In the T2 fluid is dark, as in a T1" in exchanged["t2"]
    third = t1.like(np.where(np.arange(t1.array.shape[2]) < 0.4 * t1.array.shape[2], t1.array, 0))
    assert (
        "% of the brain. Give an image of all of it"
        in sequences_on_scan(GivenSequences({"t1": third}), adc, brain)[1]["t1"]
    )


def test_tails_are_told_apart_in_any_unit() -> None:
    values = np.random.default_rng(0).gamma(2.0, size=100_000)
    assert tail_asymmetry(values) > 0.3
    assert tail_asymmetry(-7 * values + 3) == pytest.approx(-tail_asymmetry(values))
    assert abs(tail_asymmetry(np.random.default_rng(1).standard_normal(100_000))) < 0.03
    assert tail_asymmetry(np.full(9, np.nan)) == tail_asymmetry(np.ones(9)) == 0.0


ONE_VOXEL = np.zeros((30, 30, 30))
ONE_VOXEL[9, 9, 9] = 5.0


@pytest.mark.parametrize("array", [np.zeros((8, 8, 8)), np.full((8, 8, 8), np.nan), np.ones((30, 30, 1)), ONE_VOXEL])
def test_an_image_with_nothing_to_register_is_refused(array: np.ndarray) -> None:
    _, _, adc = infant(71)
    brain = adc.like(adc.array != 0)
    with pytest.raises(InputError, match=r"--t2: The image has .* nothing to register"):
        sequences_on_scan(GivenSequences({"t2": Volume(array, np.eye(4))}), adc, brain)


def test_an_image_that_is_even_over_the_brain_is_refused() -> None:
    """Its outline alone would be taken for a T1."""
    _, _, adc = infant(71)
    brain = adc.like(adc.array != 0)
    with pytest.raises(InputError, match="--t1: The image is even over the infant's brain"):
        sequences_on_scan(GivenSequences({"t1": adc.like(np.where(brain.array, 700.0, 0.0))}), adc, brain)


def test_information_in_common_is_one_of_a_value_with_itself_and_none_with_noise() -> None:
    rng = np.random.default_rng(0)
    values, noise = rng.standard_normal((2, 100_000))
    assert normalised_information(values, -(values**3)) == pytest.approx(1.0, abs=1e-6)
    assert normalised_information(values, noise) < 0.01
    assert normalised_information(values, np.zeros(100_000)) == 0.0


def test_training_takes_another_infant_s_t1_for_missing_and_names_it(tmp_path: Path) -> None:
    made, injury, adc = infant(71)
    other, of_other, _ = infant(78, "none")
    images = {"adc": adc, "t1": scan_sequence(other, of_other, "t1", seed=2).image}
    images["t2"] = scan_sequence(made, injury, "t2", seed=2).image
    files = {name: tmp_path / f"{name}.mha" for name in images}
    for name, image in images.items():
        write_volume(image, files[name])
    case = HieCase("a", "a", "A", files["adc"], adverse=False, t1=files["t1"], t2=files["t2"])
    spec = infant_spec(TrainingSettings(network={"name": "fused"}).network)
    row, arrays = infant_arrays(case, bundled_atlas(), spec, z_maps="atlas")
    assert (row["has_t1"], row["has_t2"]) == (False, True)
    assert row[DOUBTED].startswith("The T1 shares")
    names = [channel.name for channel in spec.channels]
    stored = [arrays["volume"][1 + names.index(name)] for name in ("t1", "t2")]  # after both kinds of z
    assert [bool(np.abs(channel).any()) for channel in stored] == [False, True]
