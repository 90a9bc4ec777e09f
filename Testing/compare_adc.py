"""Prints how the ADC of real adult scans compares with DIPY's mean diffusivity and the scanner's own map.

Run: AGE2HIE_TEST_DATA=FOLDER python Testing/compare_adc.py
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from dipy.core.gradients import gradient_table
from dipy.reconst.dti import TensorModel

from AGE2HIELib.io.coordinates import series_to_canonical
from AGE2HIELib.io.source import read_source
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.preprocess.mask import brain_mask

SCANS = (("siemens-xa30", "10"), ("siemens-mosaic", None), ("philips-classic", None))


def agreement(ours: np.ndarray, theirs: np.ndarray) -> str:
    ratio = ours / theirs
    within = np.mean(np.abs(ratio - 1) < 0.02)
    low, middle, high = np.nanpercentile(ratio, [5, 50, 95])
    return f"ratio median {middle:.4f} (5-95 %: {low:.3f}-{high:.3f}), {within:.1%} within 2 %"


def main() -> None:
    folder = Path(os.environ["AGE2HIE_TEST_DATA"]) / "dwi-dicom"
    for name, series in SCANS:
        dwi = read_source(folder / name, series=series).dwi
        assert dwi is not None
        dwi = series_to_canonical(dwi)
        assert dwi.directions_ras is not None
        fit = adc_map(dwi)
        brain = brain_mask(fit.adc, contrast=fit.mean_b0).array & np.isfinite(fit.adc.array)
        used = (dwi.b_values <= 50) | (np.linalg.norm(dwi.directions_ras, axis=1) > 0.5)
        table = gradient_table(dwi.b_values[used], bvecs=dwi.directions_ras[used], b0_threshold=50)
        voxels = np.moveaxis(dwi.array[used], 0, -1)[brain].astype(float)
        print(f"{name}: {used.sum()} of {len(used)} volumes, brain {brain.sum() * dwi.grid.voxel_ml:.0f} ml")
        for method in ("OLS", "WLS"):
            diffusivity = 1e6 * TensorModel(table, fit_method=method).fit(voxels).md
            print(f"  ours / DIPY {method} mean diffusivity: {agreement(fit.adc.array[brain], diffusivity)}")


if __name__ == "__main__":
    main()
