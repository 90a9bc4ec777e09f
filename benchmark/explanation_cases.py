"""Phantoms and real infants for whom ``predict`` gives a number, up to the network's input, with the lesion to find."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.io.source import Source
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.scan import PROTOCOLS, nearest, scanner_adc
from AGE2HIELib.pipeline.admission import Admitted, Withheld, admit
from AGE2HIELib.pipeline.inputs import HieModel, Scan, read_scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import STAGES
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Volume
from training.explaining.examinations import InLesion, in_lesion

ACQUISITIONS = ("2mm", "4mm", "6mm")
INJURED_LOAD = 0.01
KINDS = ("none", "focal", "bgt", "watershed", "near-total")


@dataclass(frozen=True)
class Placed:
    """``lesion``: bool, on the scan's grid in canonical voxel order."""

    admitted: Admitted
    lesion: Volume

    @property
    def load(self) -> float:
        """The lesion's share of the brain."""
        brain = self.admitted.gated.brain.array
        return float((self.lesion.array & brain).sum() / brain.sum())

    def found(self, saliency: Volume, *, half_cell_mm: float = 0.0) -> InLesion | None:
        """Peak and positive mass beside the lesion; None where nothing in the map is positive."""
        return in_lesion(saliency, self.lesion, self.admitted.gated.brain, half_cell_mm=half_cell_mm)


def focal_infant(seed: int, model: HieModel, atlas: Atlas) -> Placed | None:
    """One lesion of 12 mm or more; None where the gate withholds the number."""
    extent = float(np.random.default_rng([seed, 20]).uniform())
    return _infant(seed, "focal", extent, model, atlas)


def mixed_infant(seed: int, model: HieModel, atlas: Atlas) -> Placed | None:
    """Any injury, or none, as a training cohort has them."""
    return _infant(seed, KINDS[seed % len(KINDS)], None, model, atlas)


def real_cases(folder: Path, model: HieModel, atlas: Atlas) -> Iterator[tuple[str, Placed]]:
    """(number, case) of the BONBID-HIE cases with an expert lesion of more than 1 % of the brain."""
    for file in sorted((folder / "1ADC_ss").glob("*.mha")):
        name = file.name.removesuffix("-ADC_ss.mha")
        lesion = to_canonical(read_volume(folder / "3LABEL" / f"{name}_lesion.mha"))
        placed = _placed(read_scan(file), lesion.like(lesion.array > 0), model, atlas)
        if placed is not None and placed.load > INJURED_LOAD:
            yield name.split("_")[1].split("-")[0], placed


def _infant(seed: int, kind: str, extent: float | None, model: HieModel, atlas: Atlas) -> Placed | None:
    infant = make_infant(seed)
    injury = injure(infant, kind, seed=seed, extent=extent)
    adc = scanner_adc(infant, injury, PROTOCOLS[ACQUISITIONS[seed % len(ACQUISITIONS)]], seed=seed)
    scan = Scan(Source("adc-nifti", "", None, adc, "1e-6 mm2/s", ()))
    return _placed(scan, to_canonical(nearest(injury.lesion, adc.grid)), model, atlas)


def _placed(scan: Scan, lesion: Volume, model: HieModel, atlas: Atlas) -> Placed | None:
    admitted = admit(scan, model, atlas, Request(), Stages(STAGES))
    return None if isinstance(admitted, Withheld) else Placed(admitted, lesion)
