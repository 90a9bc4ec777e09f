"""The phantom has the volumes, ADC values, injuries and acquisitions that were measured on real newborns."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.source import read_source
from AGE2HIELib.phantom.fields import REACH_MM, tube
from AGE2HIELib.phantom.head import make_head
from AGE2HIELib.phantom.infant import Infant, make_infant
from AGE2HIELib.phantom.injury import Injury, injure
from AGE2HIELib.phantom.scan import PROTOCOLS, Noise, even_directions, nearest, rician, scan_infant, scanner_adc
from AGE2HIELib.phantom.structures import BASE_VALUE, DEEP_GREY, RIGHT_OFFSET, VALUE
from AGE2HIELib.phantom.write import write_phantom

SEEDS = range(8)


@pytest.fixture(scope="module")
def infants() -> list[Infant]:
    return [make_infant(seed) for seed in SEEDS]


def test_a_tube_is_as_far_as_its_axis_less_its_radius_and_unknown_far_away() -> None:
    x, y, z = (axis.astype(np.float32) for axis in np.meshgrid(*[np.arange(-30.0, 31.0, 1.5)] * 3, indexing="ij"))
    distance = tube((x, y, z), [(0, 0, -10), (0, 0, 10)], [3.0, 3.0])
    true = np.sqrt(x**2 + y**2 + np.maximum(np.abs(z) - 10, 0) ** 2) - 3.0
    np.testing.assert_allclose(distance[true < REACH_MM - 0.01], true[true < REACH_MM - 0.01], atol=1e-5)
    assert np.all(np.isinf(distance[np.maximum(np.abs(x), np.abs(y)) > 3.0 + REACH_MM]))


def structure(infant: Infant, name: str) -> np.ndarray:
    both_sides = (VALUE[name], VALUE[name] + RIGHT_OFFSET)
    return np.isin(infant.labels.array, both_sides)


def test_the_same_seed_gives_the_same_infant_and_another_seed_another(infants: list[Infant]) -> None:
    again = make_infant(3)
    np.testing.assert_array_equal(again.adc.array, infants[3].adc.array)
    assert again.adc.array.shape != infants[4].adc.array.shape or np.any(again.adc.array != infants[4].adc.array)


def test_brain_volumes_are_those_of_newborns(infants: list[Infant]) -> None:
    volumes = [infant.brain.array.sum() * infant.brain.grid.voxel_ml for infant in infants]
    assert min(volumes) > 270
    assert max(volumes) < 620
    assert np.std(volumes) > 20


@pytest.mark.parametrize(
    ("name", "adc", "sd"),
    # caudate: in the mean of six cases, where it can be told from the ventricle that it borders
    [("thalamus", 1107, 42), ("lentiform nucleus", 1203, 48), ("caudate nucleus", 1168, 91), ("brainstem", 1104, 64)],
)
def test_regional_adc_is_as_measured(infants: list[Infant], name: str, adc: float, sd: float) -> None:
    medians = [float(np.median(infant.adc.array[structure(infant, name)])) for infant in infants]
    standard_error = sd / np.sqrt(len(medians))
    assert abs(np.mean(medians) - adc) < 3 * standard_error + 15  # fluid at the border adds a little


def test_whole_brain_percentiles_are_near_the_measured_ones(infants: list[Infant]) -> None:
    """1228, 1353, 1545 on 56 cases; case medians 1226-1623."""
    quartiles = np.mean([np.percentile(i.adc.array[i.brain.array], [25, 50, 75]) for i in infants], axis=0)
    np.testing.assert_allclose(quartiles, [1228, 1353, 1545], rtol=0.08)


def test_left_is_left_and_every_structure_is_there(infants: list[Infant]) -> None:
    for infant in infants:
        labels, x = infant.labels.array, infant.template_points[0]
        paired = (labels > 0) & (labels < 2 * RIGHT_OFFSET)
        right = paired & (labels > RIGHT_OFFSET)
        assert x[right].min() > 0
        assert x[paired & ~right].max() <= 0
        for name in VALUE:
            assert structure(infant, name).sum() > 50, name


def test_injury_patterns_lie_where_their_names_say(infants: list[Infant]) -> None:
    infant = infants[0]
    z = infant.template_points[2]
    deep = np.isin(BASE_VALUE[infant.labels.array], DEEP_GREY)
    central = injure(infant, "bgt", seed=1, extent=0.5)
    border = injure(infant, "watershed", seed=1, extent=0.7)
    total = injure(infant, "near-total", seed=1, extent=0.9)
    assert central.deep_grey > 0.15
    assert injure(infant, "bgt", seed=1, extent=0.9).deep_grey > 0.3
    assert central.lesion.array[~deep].sum() < central.lesion.array.sum()
    assert border.deep_grey < 0.02
    assert np.median(z[border.lesion.array]) > 10
    assert total.load > 0.5
    assert injure(infant, "none", seed=1).load == 0


def test_adc_falls_in_lesions_as_measured_and_nowhere_else(infants: list[Infant]) -> None:
    """On scans, where lesions hold some fluid: about 1020 inside small lesions, 889 (819) inside large ones."""
    small = [injure(i, "focal", seed=s, extent=0.8) for s, i in zip(SEEDS, infants, strict=True)]
    large = [injure(i, "near-total", seed=s, extent=0.8) for s, i in zip(SEEDS, infants, strict=True)]
    assert 850 < np.mean([scanned_in_lesion(i, j) for i, j in zip(infants, small, strict=True)]) < 1090
    assert 780 < np.mean([scanned_in_lesion(i, j) for i, j in zip(infants, large, strict=True)]) < 950
    for infant, injury in zip(infants, small, strict=True):
        assert np.all(injury.adc.array <= infant.adc.array)
        changed = injury.adc.array < infant.adc.array
        assert changed.sum() < 4 * injury.lesion.array.sum()


def scanned_in_lesion(infant: Infant, injury: Injury) -> float:
    adc = scanner_adc(infant, injury, PROTOCOLS["2mm"], seed=infant.seed)
    return float(adc.array[nearest(injury.lesion, adc.grid).array & (adc.array != 0)].mean())


def test_scans_lie_on_the_truth_however_they_are_tilted(infants: list[Infant]) -> None:
    """The ADC scanned on an oblique grid is that of the fine grid at the same points."""
    infant = infants[1]
    injury = injure(infant, "focal", seed=5, extent=1.0)
    for acquisition in ("2mm", "4mm", "6mm"):
        scanned = scanner_adc(infant, injury, PROTOCOLS[acquisition], seed=7)
        lesion = nearest(injury.lesion, scanned.grid).array
        outside = (scanned.array != 0) & ~lesion
        fall = np.median(scanned.array[lesion]) / np.median(scanned.array[outside])
        assert 0.6 < fall < 0.88, acquisition
        brain_ml = (scanned.array != 0).sum() * scanned.grid.voxel_ml
        assert abs(brain_ml / (infant.brain.array.sum() * infant.brain.grid.voxel_ml) - 1) < 0.12


def test_acquisitions_keep_the_oddities_that_were_measured(infants: list[Infant]) -> None:
    injury = injure(infants[0], "none", seed=0)
    thick = scanner_adc(infants[0], injury, PROTOCOLS["4mm"], seed=0)
    clamped = scanner_adc(infants[0], injury, PROTOCOLS["6mm"], seed=0)
    np.testing.assert_allclose(thick.grid.spacing_mm, [1.5625, 1.5625, 4.0])
    np.testing.assert_allclose(clamped.grid.spacing_mm, [1.375, 1.375, 6.0])
    assert clamped.array.min() == 0
    assert clamped.array.max() <= 4095
    # noise that is as strong as where real scans hold them makes negative values, and only one of the two keeps them
    noisy = {name: replace(PROTOCOLS[name], snr=7.0) for name in ("4mm", "6mm")}
    lowest = {name: scanner_adc(infants[0], injury, one, seed=0).array.min() for name, one in noisy.items()}
    assert lowest["4mm"] < 0 == lowest["6mm"]


def test_rician_noise_has_its_known_moments() -> None:
    """E[M^2] = A^2 + 2 sigma^2; with A = 0 the mean is sigma sqrt(pi / 2)."""
    rng = np.random.default_rng(0)
    strong = rician(np.full((60, 60, 60), 100.0, np.float32), Noise(10.0), rng)
    empty = rician(np.zeros((60, 60, 60), np.float32), Noise(10.0), rng)
    assert np.mean(strong.astype(float) ** 2) == pytest.approx(100**2 + 2 * 10**2, rel=2e-3)
    assert empty.mean() == pytest.approx(10 * np.sqrt(np.pi / 2), rel=5e-3)


@pytest.mark.parametrize("count", [3, 6, 12])
def test_directions_weigh_every_axis_of_space_alike(count: int) -> None:
    vectors = even_directions(count)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(vectors.T @ vectors / count, np.eye(3) / 3, atol=0.02)


def test_raw_signals_decay_with_the_true_adc(infants: list[Infant]) -> None:
    """The median over deep grey matter of ln(S0 / Sb) / b, directions averaged, is its ADC."""
    infant, protocol = infants[2], PROTOCOLS["2mm-shells"]
    scan = scan_infant(infant, injure(infant, "none", seed=0), make_head(infant), protocol, seed=1)
    thalamus = np.isin(scan.labels.array, (VALUE["thalamus"], VALUE["thalamus"] + RIGHT_OFFSET))
    shell = scan.dwi.b_values == 1000
    logs = np.log(np.maximum(scan.dwi.array.astype(float), 1))
    adc = 1e3 * (logs[scan.dwi.b_values == 0].mean(axis=0) - logs[shell].mean(axis=0))
    truth = np.median(infant.adc.array[structure(infant, "thalamus")])
    assert np.median(adc[thalamus]) == pytest.approx(truth, rel=0.05)


@pytest.mark.parametrize("file_format", ["nifti", "nrrd", "mha"])
def test_written_phantoms_are_read_back(tmp_path, file_format: str) -> None:
    scan_file = write_phantom(tmp_path, seed=3, file_format=file_format, injury="watershed", acquisition="4mm")
    source = read_source(scan_file)
    assert source.stored.shape == (128, 128, 25)
    truth = json.loads((tmp_path / "truth" / "truth.json").read_text())
    assert "Synthetic" in truth["statement"]
    assert truth["lesion_load"] > 0
    if source.dwi is not None:
        np.testing.assert_allclose(source.dwi.b_values, [0, 1000, 1000, 1000])
        np.testing.assert_allclose(source.dwi.directions_ras[1:], np.eye(3), atol=1e-4)


def test_unknown_choices_are_refused_with_the_known_ones(tmp_path) -> None:
    with pytest.raises(InputError, match="none, bgt, watershed, near-total"):
        write_phantom(tmp_path, seed=1, file_format="nifti", injury="stroke", acquisition="2mm")
    with pytest.raises(InputError, match="nifti, nrrd, mha, dicom"):
        write_phantom(tmp_path, seed=1, file_format="analyze", injury="none", acquisition="2mm")
    assert not list(tmp_path.iterdir())
