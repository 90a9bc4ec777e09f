"""Sound ADC maps made as other scanners and tools make them, by which the limits of the ADC of fluid were chosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from AGE2HIELib.io.coordinates import series_to_canonical, to_canonical
from AGE2HIELib.phantom.head import make_head
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.scan import PROTOCOLS, scan_infant, scanner_adc
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.volume import Volume

CLIPPED = (2500.0, 3000.0)  # 1e-6 mm^2/s
ERODED_MM = (2.0, 4.0)
SMOOTHED_MM = 2.0  # sd
THICK_MM = 6.0
VENTRICLE_MM = 8.0  # deeper than this fluid is that of the ventricles
FLUID = 2000.0  # 1e-6 mm^2/s
SIGNALS_TO_NOISE = (10, 20)  # of white matter at b = 0 in one volume
HIGH_B = (1500.0, 2000.0)  # s/mm^2
DIRECTIONS = 3
T2_ADC, T2_SIGNAL = (1500.0, 2800.0), (1.0, 2.0)  # fluid is twice as bright as white matter at b = 0, as in the phantom
PATTERNS = ("none", "bgt", "near-total")


def changed_maps(adc: Volume, brain: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """(what was done, the ADC of the brain's voxels) of a newborn's stripped map; ``brain`` is bool."""
    values, spacing_mm = adc.array[brain], adc.grid.spacing_mm
    yield "as-it-is", values
    for most in CLIPPED:
        yield f"clipped-{most:g}", np.minimum(values, most)
    yield f"smoothed-{SMOOTHED_MM:g}mm", _smoothed(adc.array, brain, SMOOTHED_MM / spacing_mm)[brain]
    yield f"slices-{THICK_MM:g}mm", _thick(adc.array, brain, spacing_mm[2])
    depth_mm = distance_transform_edt(brain, sampling=spacing_mm)
    for edge in ERODED_MM:
        yield f"mask-{edge:g}mm-smaller", adc.array[depth_mm > edge]
    slit = adc.array.copy()
    slit[(depth_mm > VENTRICLE_MM) & (slit > FLUID)] = np.median(values)
    yield "without-ventricles", slit[brain]
    yield f"without-ventricles-slices-{THICK_MM:g}mm", _thick(slit, brain, spacing_mm[2])
    for edge in ERODED_MM:
        yield f"without-ventricles-mask-{edge:g}mm-smaller", slit[depth_mm > edge]
    yield "fluid-over-2500-cut-out", values[values < 2500]
    for b in HIGH_B:
        for ratio in SIGNALS_TO_NOISE:
            yield f"b{b:g}-snr{ratio}", _measured_again(values, b, ratio)


def phantom_maps(seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Of every protocol and pattern of injury, and at high b, where noise is what is left of fluid's signal."""
    infant = make_infant(seed)
    for pattern in PATTERNS:
        injury = injure(infant, pattern, seed=seed)
        for name, protocol in PROTOCOLS.items():
            adc = scanner_adc(infant, injury, protocol, seed=seed).array
            yield f"{name}-{pattern}", adc[adc != 0]
    for name in ("2mm", "6mm"):
        for b in (1000.0, 1500.0):
            count = 12 if name == "2mm" else DIRECTIONS
            protocol = replace(PROTOCOLS[name], b_values=(0.0,) * 2 + (b,) * count)
            scan = scan_infant(infant, injury, make_head(infant), protocol, seed=seed)
            brain = to_canonical(scan.labels).array > 0
            yield f"{name}-fitted-b{b:g}", adc_map(series_to_canonical(scan.dwi)).adc.array[brain]


def _smoothed(array: np.ndarray, brain: np.ndarray, sd_voxels: np.ndarray) -> np.ndarray:
    inside = brain.astype(float)
    weights = np.maximum(gaussian_filter(inside, sd_voxels), 1e-6)
    return np.asarray(gaussian_filter(array * inside, sd_voxels) / weights)


def _thick(array: np.ndarray, brain: np.ndarray, thickness_mm: float) -> np.ndarray:
    """Slices joined to ``THICK_MM``; voxels of which more than half is brain."""
    layers = max(1, round(THICK_MM / thickness_mm))
    whole = array.shape[2] // layers * layers
    total, inside = (
        (part[:, :, :whole]).reshape(*array.shape[:2], -1, layers).sum(axis=3)
        for part in (array * brain, brain.astype(float))
    )
    return np.asarray(total[inside > layers / 2] / inside[inside > layers / 2])


def _measured_again(values: np.ndarray, b: float, ratio: float) -> np.ndarray:
    """ADC from magnitudes at ``b`` whose noise does not average out, b0 known; seeded."""
    rng = np.random.default_rng(0)
    b0 = np.interp(values, T2_ADC, T2_SIGNAL)
    attenuated = b0 * np.exp(-b * 1e-6 * values)
    shape = (DIRECTIONS, len(values))
    real, imaginary = rng.normal(0, 1 / ratio, shape), rng.normal(0, 1 / ratio, shape)
    signal = np.hypot(attenuated + real, imaginary)
    return np.asarray(1e6 * (np.log(b0) - np.log(signal).mean(axis=0)) / b)
