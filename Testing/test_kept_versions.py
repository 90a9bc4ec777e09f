"""What is kept on disk under a key is made again when the code that makes it has changed: its version is in the key.

The figures below are of the code as it is. Where a change moves them, raise the version that stands in the key of the
kept files, and put the new figures beside it: a run that goes on would mix infants placed in two ways otherwise.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scans import bundled_atlas

from AGE2HIELib.io.images import write_volume
from AGE2HIELib.normative import build
from AGE2HIELib.normative.cases import CaseTask, keep_case
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.lifespan import make_t1_subject, scan_t1
from AGE2HIELib.phantom.scan import PROTOCOLS, scanner_adc
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.volume import Volume
from training.cohorts.bids import AgeScan
from training.cohorts.bonbid import HieCase
from training.preparing import infants, lifespan
from training.preparing.infants import infant_arrays
from training.preparing.inputs import adc_spec, t1_spec

SPACING_MM = 4.0
# Of the change to Gauss-Newton, which no version told, octants of eight phantoms moved by 0.012 to 0.27 of themselves.
MOVED = 2e-3


def octants(image: np.ndarray) -> np.ndarray:
    """``(D, H, W)`` -> the mean size of the values in each eighth, ``(8,)``, without those that are not finite."""
    halves = [np.array_split(np.arange(size), 2) for size in image.shape]
    return np.array(
        [np.nanmean(np.abs(image[np.ix_(i, j, k)])) for i in halves[0] for j in halves[1] for k in halves[2]]
    )


@cache
def injured_scan() -> Volume:
    infant = make_infant(731)
    return scanner_adc(infant, injure(infant, "bgt", seed=731, extent=0.8), PROTOCOLS["4mm"], seed=731)


def infant_octants(folder: Path) -> np.ndarray:
    image = folder / "adc.mha"
    write_volume(injured_scan(), image)
    case = HieCase(case="a", subject="a", site="A", adverse=False, image=image, z_adc=None, lesion=None)
    _, arrays = infant_arrays(case, bundled_atlas(), adc_spec(SPACING_MM, 3), z_maps="atlas")
    return np.concatenate([octants(arrays["volume"][channel].astype(float)) for channel in (0, 1)])


def t1_octants(folder: Path) -> np.ndarray:
    image = folder / "t1.nii.gz"
    write_volume(scan_t1(make_t1_subject(54, 25.0), seed=54), image)
    scan = AgeScan("a", "", image, age_years=25.0)
    task = lifespan.ScanTask(scan, "key", folder, t1_spec(SPACING_MM, "affine", 3), "affine")
    assert lifespan.prepare_t1_task(task) == ""
    with np.load(next(folder.glob("**/*.npz"))) as kept:
        return octants(kept["volume"][0].astype(float))


def atlas_octants(folder: Path) -> np.ndarray:
    image, start = folder / "adc.mha", resource_path("atlas")
    write_volume(injured_scan(), image)
    kept, placed = folder / "case.npz", folder / "placed.npz"
    assert keep_case(CaseTask(image, None, start, kept)) == ""
    build._place_case(build._PlaceTask(kept, start, bundled_atlas().sha256, placed))
    return octants(np.load(placed.with_suffix(".npy")))


KNOWN = {
    "infants": (
        4,
        infant_octants,
        [
            0.10311,
            0.12592,
            0.094279,
            0.11015,
            0.088837,
            0.11138,
            0.10261,
            0.10764,
            0.021089,
            0.037544,
            0.016,
            0.041107,
            0.023541,
            0.040834,
            0.014765,
            0.032533,
        ],
    ),
    "T1": (2, t1_octants, [0.14581, 0.22181, 0.12165, 0.23074, 0.14118, 0.24316, 0.12154, 0.21964]),
    "atlas": ("2", atlas_octants, [1400.5, 1421.5, 1509.0, 1378.5, 1370.1, 1390.0, 1528.3, 1361.6]),
}


@pytest.mark.parametrize("what", KNOWN)
def test_files_that_are_kept_are_those_of_their_version(what: str, tmp_path: Path) -> None:
    version, measure, figures = KNOWN[what]
    assert version == {"infants": infants.VERSION, "T1": lifespan.VERSION, "atlas": build.VERSION}[what]
    assert measure(tmp_path) == pytest.approx(figures, rel=MOVED)
