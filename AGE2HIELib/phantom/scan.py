"""Scanning the phantom: signals on the fine grid become noisy volumes on the scanner's oblique, thick-sliced grid.

Voxel sizes, b-values, directions and noise are those of acquisitions seen in BONBID-HIE.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

from AGE2HIELib.io.coordinates import from_sitk, reference_image, to_sitk
from AGE2HIELib.phantom.head import Head
from AGE2HIELib.phantom.infant import Infant
from AGE2HIELib.phantom.injury import Injury
from AGE2HIELib.phantom.structures import BASE_VALUE, WHITE_MATTER
from AGE2HIELib.volume import DwiSeries, Grid, Volume

_WHITE_MATTER_SIGNAL = 185.0
_FIBRE_ANISOTROPY = 0.25  # of white matter: ADC along fibres over the mean, minus one, is 2/3 of this
_ADC_MAXIMUM = 4095.0
_PSF = 0.4  # sd of a pixel's point spread over its edge
_RECEIVER_GAIN = 8.0  # scanners store integers; this many units keep their rounding far below the noise


@dataclass(frozen=True)
class Protocol:
    """One acquisition.

    Attributes:
        matrix: voxels along i, j, k.
        spacing_mm: voxel size.
        b_values: one for each volume, s/mm^2.
        snr: signal of white matter at b = 0 over the noise of a volume.
        tilt_sd_degrees: spread of the slices' rotation about the left-right axis; a third of it about the others.
        acquired_mm: edge of a pixel as it was measured: scanners interpolate to finer ones, which smooths signal and
            noise in the plane.
        b_scale: the b-values that act over those that are stated: gradients are calibrated to some per cent.
        keeps_negative: whether the scanner's ADC keeps values below zero; otherwise it lies within 0..4095.
    """

    matrix: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    b_values: tuple[float, ...]
    snr: float
    tilt_sd_degrees: float
    acquired_mm: float
    keeps_negative: bool
    b_scale: float = 1.0


_ONE_SHELL = (0.0,) * 2 + (1000.0,) * 12
_TWO_SHELLS = (0.0,) * 2 + (500.0,) * 6 + (1000.0,) * 12
_THREE_AXES = (0.0,) + (1000.0,) * 3

# Matrix and noise after 28 BONBID-HIE infants: a voxel differs from the mean of its neighbours about as much (quartiles
# 62, 93 and 118e-6 mm^2/s; 60, 65 and 113 in 80 phantoms); neighbours in the plane are more alike than in the infants
# (correlation of ADC: 0.69, 0.74 and 0.84; 0.75, 0.88 and 0.90).
PROTOCOLS = {
    "2mm": Protocol((128, 128, 54), (2.0, 2.0, 2.0), _ONE_SHELL, 19, 12, 2.0, False),
    "2mm-shells": Protocol((96, 96, 50), (2.0, 2.0, 2.0), _TWO_SHELLS, 19, 12, 2.0, False),
    "4mm": Protocol((128, 128, 25), (1.5625, 1.5625, 4.0), _THREE_AXES, 42, 6, 2.7, True),
    "6mm": Protocol((160, 160, 18), (1.375, 1.375, 6.0), _THREE_AXES, 56, 10, 2.4, False),
}


def even_directions(count: int) -> np.ndarray:
    """``(count, 3)`` unit vectors whose mean square is the same along every axis of space.

    Three are the axes; more are spread by repulsion of their both ends (Jones et al. 1999,
    doi:10.1002/(SICI)1522-2594(199909)42:3<515::AID-MRM14>3.0.CO;2-Q) from a seeded start.
    """
    if count == 3:
        return np.eye(3)
    rng = np.random.default_rng(count)
    vectors = rng.standard_normal((count, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for step in np.linspace(0.1, 0.005, 400):
        both = np.concatenate([vectors, -vectors])
        away = vectors[:, None] - both[None]
        distance = np.linalg.norm(away, axis=2, keepdims=True)
        force = np.where(distance > 1e-9, away / np.maximum(distance, 1e-9) ** 3, 0).sum(axis=1)
        vectors = vectors + step * force / np.linalg.norm(force, axis=1, keepdims=True)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors)


def gradient_table(protocol: Protocol) -> np.ndarray:
    """``(N, 3)`` directions in RAS+ for the protocol's volumes, zero rows at b = 0."""
    b_values = np.array(protocol.b_values)
    directions = np.zeros((len(b_values), 3))
    for b in np.unique(b_values[b_values > 0]):
        directions[b_values == b] = even_directions(int((b_values == b).sum()))
    return directions


@dataclass(frozen=True)
class PhantomScan:
    """What the scanner stores, and the truth on the same grid."""

    dwi: DwiSeries
    labels: Volume
    lesion: Volume


def scan_grid(protocol: Protocol, *, seed: int) -> Grid:
    """The scanner's grid around an infant that lies at the origin: tilted and shifted by the seed."""
    rng = np.random.default_rng([seed, 3])
    spread = np.array([1.0, 1 / 3, 1 / 3]) * protocol.tilt_sd_degrees
    rotation = Rotation.from_euler("xyz", spread * rng.standard_normal(3), degrees=True).as_matrix()
    affine = np.eye(4)
    affine[:3, :3] = rotation * protocol.spacing_mm
    centre = (np.array(protocol.matrix) - 1) / 2
    affine[:3, 3] = rng.normal(0, 2, 3) - affine[:3, :3] @ centre
    return Grid(protocol.matrix, affine)


def scan_infant(infant: Infant, injury: Injury, head: Head, protocol: Protocol, *, seed: int) -> PhantomScan:
    """Raw diffusion-weighted volumes with Rician noise and coil bias, head included."""
    rng = np.random.default_rng([seed, 4])
    grid = scan_grid(protocol, seed=seed)
    signal, adc = head.tissue(infant, injury)
    fibres = head.on_grid(_fibre_strength(infant))
    sensitivity = coil_bias(grid, rng)
    noise = _noise(protocol)
    volumes = []
    directions = gradient_table(protocol)
    for b, direction in zip(protocol.b_values, directions, strict=True):
        # fibres run front to back here; the mean over an even set of directions stays the ADC
        along = fibres.array * (direction[1] ** 2 - 1 / 3) if b > 0 else 0.0
        attenuated = signal.like(
            (signal.array * np.exp(-b * protocol.b_scale * 1e-6 * adc.array * (1 + along))).astype(np.float32)
        )
        measured = rician(slice_average(attenuated, grid, protocol.acquired_mm).array * sensitivity, noise, rng)
        volumes.append(np.rint(_RECEIVER_GAIN * measured).astype(np.int16))
    dwi = DwiSeries(np.stack(volumes), grid.affine_ras, np.array(protocol.b_values), directions)
    return PhantomScan(dwi, nearest(infant.labels, grid), nearest(injury.lesion, grid))


def scanner_adc(infant: Infant, injury: Injury, protocol: Protocol, *, seed: int) -> Volume:
    """The skull-stripped ADC map a scanner would give (1e-6 mm^2/s, exactly 0 outside), from b0 and trace signals."""
    rng = np.random.default_rng([seed, 4])
    grid = scan_grid(protocol, seed=seed)
    b = max(protocol.b_values)
    brain = slice_average(infant.brain.like(infant.brain.array.astype(np.float32)), grid).array
    noise = _noise(protocol)
    measured = []
    for weighting in (0.0, b):
        image = infant.labels.like(
            (infant.b0_signal.array * np.exp(-weighting * protocol.b_scale * 1e-6 * injury.adc.array)).astype(
                np.float32
            )
        )
        count = protocol.b_values.count(weighting)
        measured.append(rician(slice_average(image, grid, protocol.acquired_mm).array, noise.averaged(count), rng))
    adc = 1e6 * np.log(measured[0] / measured[1]) / b
    if not protocol.keeps_negative:
        adc = np.clip(adc, 1.0, _ADC_MAXIMUM)  # a scanner's zero would read as background
    threshold = rng.uniform(0.3, 0.7)  # brain masks are a little too large or too small
    return Volume(np.where(brain > threshold, adc, 0).astype(np.float32), grid.affine_ras)


def slice_average(image: Volume, grid: Grid, acquired_mm: float | None = None) -> Volume:
    """Sample a fine image on the scanner's grid, averaged over each slice's thickness and blurred in plane.

    ``acquired_mm``: edge of a measured pixel; that of the grid's unless given.
    """
    in_plane_mm, thickness_mm = float(acquired_mm or grid.spacing_mm[0]), grid.spacing_mm[2]
    fine_mm = float(image.grid.spacing_mm[0])
    blur = np.sqrt(max((_PSF * in_plane_mm) ** 2 - (_PSF * fine_mm) ** 2, 0.0)) / fine_mm
    source = to_sitk(image.like(gaussian_filter(image.array, blur)))
    layers = max(1, round(thickness_mm / (1.2 * fine_mm)))
    total: np.ndarray | float = 0.0
    for layer in range(layers):
        shifted = grid.affine_ras.copy()
        shifted[:3, 3] += grid.affine_ras[:3, 2] * ((layer + 0.5) / layers - 0.5)
        total = total + sitk.GetArrayFromImage(sitk.Resample(source, reference_image(Grid(grid.shape, shifted)))).T
    return Volume(np.ascontiguousarray(total / layers, dtype=np.float32), grid.affine_ras)


def nearest(image: Volume, grid: Grid) -> Volume:
    """Labels or a mask on the scanner's grid."""
    resampled = sitk.Resample(to_sitk(image), reference_image(grid), sitk.Transform(), sitk.sitkNearestNeighbor)
    return Volume(from_sitk(resampled).array.astype(image.array.dtype), grid.affine_ras)


@dataclass(frozen=True)
class Noise:
    """``sd`` in both channels, in units of the signal, and ``blur``: how far it is alike in the plane, in pixels."""

    sd: float
    blur: float = 0.0

    def averaged(self, count: int) -> Noise:
        """Of the mean of so many volumes."""
        return replace(self, sd=self.sd / float(np.sqrt(count)))


def _noise(protocol: Protocol) -> Noise:
    stored, acquired = protocol.spacing_mm[0], protocol.acquired_mm
    return Noise(_WHITE_MATTER_SIGNAL / protocol.snr, _PSF * float(np.sqrt(max(acquired**2 - stored**2, 0))) / stored)


def rician(signal: np.ndarray, noise: Noise, rng: np.random.Generator) -> np.ndarray:
    """Magnitude of a signal with equal Gaussian noise in both channels (Gudbjartsson and Patz 1995)."""
    real = signal + noise.sd * _channel(signal.shape, noise.blur, rng)
    return np.asarray(np.hypot(real, noise.sd * _channel(signal.shape, noise.blur, rng)), dtype=np.float32)


def _channel(shape: tuple[int, ...], blur: float, rng: np.random.Generator) -> np.ndarray:
    """Noise of unit variance, the third axis across slices."""
    white = rng.standard_normal(shape, dtype=np.float32)
    if blur == 0:
        return white
    smooth = gaussian_filter(white, (blur, blur, 0), mode="wrap")
    return np.asarray(smooth / smooth.std())


def coil_bias(grid: Grid, rng: np.random.Generator) -> np.ndarray:
    """Receive sensitivity: a smooth factor of about 0.7 to 1.3 over the field of view."""
    axes = np.meshgrid(*[np.linspace(-1, 1, n, dtype=np.float32) for n in grid.shape], indexing="ij")
    tilt = sum(rng.uniform(-0.2, 0.2) * axis for axis in axes)
    bowl = rng.uniform(0.0, 0.25) * sum(axis**2 for axis in axes)
    return np.asarray(np.exp(tilt + bowl - 0.15), dtype=np.float32)


def _fibre_strength(infant: Infant) -> Volume:
    white = np.isin(BASE_VALUE[infant.labels.array], WHITE_MATTER)
    return infant.labels.like(gaussian_filter(white.astype(np.float32), 0.8) * _FIBRE_ANISOTROPY)
