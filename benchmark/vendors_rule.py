"""The independent rule of ``vendors.py``: dcm2niix by its command line, nibabel and SimpleITK, and a slope.

No code of the library is used. Shells are runs of sorted b-values without a step of more than 50 s/mm2 or 5 %, and b0
is what lies up to 20; volumes without a direction stay out of a shell that has directions (a scanner's trace); shells
above 1200 stay out where there are a b0 and one from 600 to 1200, else only the lowest two are used. ln S is averaged
over a shell; the slope is that of two shells, or of a line weighted by the number of volumes times the squared
geometric mean.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import dcm2niix
import nibabel as nib
import numpy as np
import SimpleITK as sitk

B0, PLAIN, LOW, HIGH = 20.0, 50.0, 600.0, 1200.0
FEWEST_APART = 50.0


@dataclass(frozen=True)
class Expected:
    """What the rule makes of a case: ``adc`` in 1e-6 mm2/s, None where it finds none; ``words`` for the table."""

    words: str
    adc: np.ndarray | None = None
    b_values: np.ndarray = field(default_factory=lambda: np.zeros(0))
    tissue: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))


def in_words(b_values: np.ndarray) -> str:
    """``1 x 0, 12 x 1000``."""
    if not len(b_values):
        return "a map"
    values, counts = np.unique(np.rint(b_values), return_counts=True)
    if len(values) > 6:
        return f"{len(b_values)} volumes, {len(values)} b-values from {values[0]:g} to {values[-1]:g}"
    return ", ".join(f"{count} x {value:g}" for value, count in zip(values, counts, strict=True))


def expected_of_dicom(folder: Path, scratch: Path, limit_s: float) -> Expected:
    """dcm2niix with its plain options; the only series with two b-values, else a map called ADC."""
    scratch.mkdir()
    command = [dcm2niix.bin, "-b", "y", "-z", "n", "-w", "2", "-f", "%s_%j", "-o", str(scratch), str(folder)]
    try:
        ended = subprocess.run(command, capture_output=True, check=False, timeout=limit_s)
    except subprocess.TimeoutExpired:
        return Expected(f"dcm2niix took over {limit_s:g} s")
    images = sorted(scratch.glob("*.nii"))
    if not images:
        return Expected(f"dcm2niix made nothing (exit {ended.returncode})")
    series = [found for image in images if (found := _series(image)) is not None and found.adc is not None]
    if len(series) > 1:
        return Expected(f"{len(series)} diffusion series: which?")
    if series:
        return series[0]
    maps = [image for image in images if _is_adc(image)]
    if len(maps) == 1:
        values = _samples(maps[0])
        return Expected("an ADC map", values if values.ndim == 3 else None, np.zeros(0), values > 0)
    shapes = ", ".join("x".join(map(str, _samples(image).shape)) + _b_of(image) for image in images[:3])
    return Expected(f"no ADC: {len(images)} images, {shapes}")


def expected_of_image(path: Path) -> Expected:
    """A NIfTI with ``.bval`` by nibabel; an NRRD by SimpleITK and its DWMRI keys; a 3D image is a map as it stands."""
    try:
        if path.name.lower().endswith((".nii", ".nii.gz")):
            return _series(path) or _plain(_samples(path))
        image = sitk.ReadImage(str(path))
    except Exception as error:  # whatever a foreign reader says
        return Expected(f"not read ({type(error).__name__})")
    keys = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}
    if "DWMRI_b-value" not in keys:
        return _plain(sitk.GetArrayFromImage(image).T)
    gradients = [keys[key].split() for key in sorted(keys) if key.startswith("DWMRI_gradient_")]
    vectors = np.array(gradients, dtype=float)
    squared = (vectors**2).sum(axis=1)
    b_values = float(keys["DWMRI_b-value"]) * squared / squared.max()
    samples = sitk.GetArrayFromImage(image)
    if samples.ndim != 4 or len(vectors) != samples.shape[-1]:
        return Expected(f"no ADC: {len(vectors)} gradients for {samples.shape}")
    return fitted(np.moveaxis(samples, -1, 0).transpose(0, 3, 2, 1), b_values, vectors)


def _samples(path: Path) -> np.ndarray:
    return np.asarray(nib.Nifti1Image.from_filename(path).get_fdata())


def _plain(values: np.ndarray) -> Expected:
    values = np.squeeze(values)
    return Expected(f"no diffusion, {'x'.join(map(str, values.shape))}")


def _stem(image: Path) -> str:
    return image.name.removesuffix(".gz").removesuffix(".nii")


def _series(image: Path) -> Expected | None:
    """None without a ``.bval``."""
    bval, bvec = (image.with_name(_stem(image) + suffix) for suffix in (".bval", ".bvec"))
    if not bval.exists():
        return None
    b_values = np.array(bval.read_text().split(), dtype=float)
    vectors = np.array(bvec.read_text().split(), dtype=float).reshape(3, -1).T if bvec.exists() else None
    samples = _samples(image)
    if samples.ndim != 4 or samples.shape[3] != len(b_values):
        return Expected(f"no ADC: {len(b_values)} b-values for {samples.shape}")
    return fitted(np.moveaxis(samples, 3, 0), b_values, vectors)


def _b_of(image: Path) -> str:
    bval = image.with_name(_stem(image) + ".bval")
    return f" (b {in_words(np.array(bval.read_text().split(), dtype=float))})" if bval.exists() else ""


def _is_adc(image: Path) -> bool:
    sidecar = image.with_name(_stem(image) + ".json")
    said = json.loads(sidecar.read_text()) if sidecar.exists() else {}
    return any(str(word).upper().startswith("ADC") for word in said.get("ImageType", [])) or image.stem.endswith("_ADC")


def fitted(samples: np.ndarray, b_values: np.ndarray, vectors: np.ndarray | None) -> Expected:
    """The ADC of ``(N, I, J, K)`` samples."""
    words = in_words(b_values)
    shells = _used(_shells(b_values, vectors), b_values)
    if len(shells) < 2:
        return Expected(f"no ADC: {words}")
    at = np.array([b_values[shell].mean() for shell in shells])
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.array([np.log(samples[shell]).mean(axis=0) for shell in shells])
        weights = np.array([len(s) * np.exp(2 * (log - logs[0])) for s, log in zip(shells, logs, strict=True)])
        if len(shells) == 2:
            weights = np.ones_like(weights)
        total = weights.sum(axis=0)
        centred = at[:, None, None, None] - (weights * at[:, None, None, None]).sum(axis=0) / total
        slope = (weights * centred * logs).sum(axis=0) / (weights * centred**2).sum(axis=0)
    bright = samples[shells[0]].mean(axis=0)
    tissue = bright > 0.2 * np.percentile(bright, 98)
    return Expected(words, -1e6 * slope, b_values, tissue)


def _shells(b_values: np.ndarray, vectors: np.ndarray | None) -> list[np.ndarray]:
    order = np.argsort(b_values, kind="stable")
    steps = np.diff(b_values[order])
    low, high = b_values[order][:-1], b_values[order][1:]
    apart = (steps > np.maximum(FEWEST_APART, 0.05 * high)) | ((low <= B0) & (high > B0))
    groups = np.split(order, np.flatnonzero(apart) + 1)
    if vectors is None:
        return groups
    directed = np.abs(vectors).sum(axis=1) > 0
    return [g[directed[g]] if b_values[g].max() > PLAIN and directed[g].any() else g for g in groups]


def _used(shells: list[np.ndarray], b_values: np.ndarray) -> list[np.ndarray]:
    at = [float(b_values[shell].mean()) for shell in shells]
    if at[0] <= B0 and any(LOW <= b <= HIGH for b in at):
        return [shell for shell, b in zip(shells, at, strict=True) if b <= HIGH]
    return shells[:2]
