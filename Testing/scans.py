"""Phantom scans for tests: made once a session, small enough to keep tests fast."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.ndimage import binary_fill_holes
from scipy.spatial.transform import Rotation

from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.phantom.infant import Infant, make_infant
from AGE2HIELib.phantom.injury import Injury, injure
from AGE2HIELib.phantom.scan import PROTOCOLS, scanner_adc
from AGE2HIELib.preprocess.atlas import Atlas, load_atlas
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.volume import Volume


@cache
def bundled_atlas() -> Atlas:
    return load_atlas(resource_path("atlas"))


infant_of = cache(make_infant)


@cache
def infant_with(kind: str, seed: int) -> tuple[Infant, Injury]:
    infant = infant_of(seed)
    return infant, injure(infant, kind, seed=seed, extent=0.8)


@cache
def stripped_scan(kind: str, acquisition: str, seed: int) -> tuple[Volume, Volume]:
    """(ADC, brain) of a synthetic newborn in canonical voxel order."""
    infant, injury = infant_with(kind, seed)
    adc = to_canonical(scanner_adc(infant, injury, PROTOCOLS[acquisition], seed=seed))
    return adc, adc.like(binary_fill_holes(adc.array != 0))


def turned(volume: Volume, degrees: tuple[float, float, float]) -> Volume:
    """The same voxels of a head that lies rotated about the x, y and z axes of the scanner, in that order."""
    rotation = np.eye(4)
    rotation[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    return to_canonical(Volume(volume.array, rotation @ volume.affine_ras))
