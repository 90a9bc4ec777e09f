"""One newborn's ADC map cut into more voxels, and the bundled networks as smaller and larger ensembles.

``growth.py`` and ``assembled.py`` ask with them how time and memory grow.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.bundle.weights import load_members
from AGE2HIELib.bundle.writing import write_bundle
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.scan import PROTOCOLS, scanner_adc
from AGE2HIELib.system.places import find_model
from AGE2HIELib.volume import Volume

CUTS = {1: (1, 1, 1), 2: (1, 1, 2), 4: (2, 2, 1), 8: (2, 2, 2)}  # voxels that one becomes, along each axis
MEMBERS = (1, 5, 10)
_SEED = 620_000


def newborn() -> Volume:
    """A synthetic newborn's ADC, 1e-6 mm^2/s, in slices of 2 mm, as a scanner stores it."""
    infant = make_infant(_SEED)
    return scanner_adc(infant, injure(infant, "bgt", seed=_SEED), PROTOCOLS["2mm"], seed=_SEED)


def cut(adc: Volume, cuts: tuple[int, int, int]) -> Volume:
    """Every voxel in parts of the same value, which lie where it lay: the anatomy and the zeros around it stay."""
    array = adc.array
    for axis, parts in enumerate(cuts):
        array = np.repeat(array, parts, axis=axis)
    affine = adc.affine_ras.copy()
    affine[:3, :3] = affine[:3, :3] / cuts
    affine[:3, 3] += affine[:3, :3] @ ((1 - np.array(cuts)) / 2)
    return Volume(array, affine)


def ensemble(count: int, folder: Path) -> Path:
    """A bundle of the first ``count`` networks of the bundled model, taken again from the first where they run out.

    It does not remember the training cases, from which the gate measures a distance: those are of five networks.
    """
    bundle = read_bundle(find_model(None))
    states = [member.state_dict() for member in load_members(bundle)]
    members = [states[number % len(states)] for number in range(count)]
    facts = replace(bundle, cases=None, clinical=None, age=None)
    write_bundle(folder, facts=facts, members=members, results="", licence="Apache-2.0")
    return folder
