"""The brain of a whole head whose ADC map comes alone, as hospitals export it: what is found beside the true one.

    python benchmark/whole_heads.py [--infants 5] [--jobs 2] [--model DIR]

Phantoms with skull and scalp, each pattern of injury in turn, scanned by every protocol, and in slices of 6 mm also in
the pixels that were measured; the map as it is, with noise in air, and with the air set to 0. Printed for each
protocol: Dice of the first mask and of the one that is used, volume over the true one, how often skull was cut off,
how far the score lies from that with the true mask. The first five chose the limits in ``preprocess/skull.py``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from figures import Figures
from scipy import ndimage

from AGE2HIELib.io.coordinates import series_to_canonical, to_canonical
from AGE2HIELib.io.source import Source
from AGE2HIELib.phantom.head import make_head
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.injury import INJURIES, injure
from AGE2HIELib.phantom.scan import PROTOCOLS, Protocol, scan_infant
from AGE2HIELib.pipeline.analysis import analyse
from AGE2HIELib.pipeline.inputs import HieModel, Scan, load_model
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import STAGES
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.preprocess.mask import brain_mask
from AGE2HIELib.preprocess.skull import CUT
from AGE2HIELib.quality.check import OVERRIDABLE
from AGE2HIELib.system.parallel import run_all
from AGE2HIELib.system.places import find_atlas, find_model
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Volume

FIRST_SEED = 35
ACQUISITIONS: dict[str, Protocol] = {
    **PROTOCOLS,
    "6mm-as-measured": replace(PROTOCOLS["6mm"], acquired_mm=PROTOCOLS["6mm"].spacing_mm[0]),
}


@dataclass(frozen=True)
class Row:
    """``first``, ``used``: Dice of the mask before and after the atlas was asked; ``off``: of the score."""

    acquisition: str
    first: float
    used: float
    volume: float
    cut: bool
    off: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--infants", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    seeds = [FIRST_SEED + number for number in range(options.infants)]
    found = run_all(partial(rows_of, model=options.model), seeds, jobs=options.jobs, description="infants")
    rows = [row for part in found for row in part]
    figures = Figures("whole_heads")
    print(f"{'':16}first mask, Dice   used, Dice    volume      cut     score off by (median, largest)")
    for acquisition in ACQUISITIONS:
        tell(acquisition, [row for row in rows if row.acquisition == acquisition], figures)
    figures.write(model=options.model is None)


def rows_of(seed: int, *, model: Path | None) -> list[Row]:
    infant, loaded = make_infant(seed), load_model(find_model(model), device="cpu")
    injury = injure(infant, INJURIES[seed % len(INJURIES)], seed=seed)
    rows = []
    for acquisition, protocol in ACQUISITIONS.items():
        scan = scan_infant(infant, injury, make_head(infant), protocol, seed=seed)
        fit = adc_map(series_to_canonical(scan.dwi))
        labels = to_canonical(scan.labels)
        brain = labels.like(labels.array > 0)
        true, _, _ = asked(fit.adc, loaded, mask=brain)
        for adc in (fit.adc, without_air(fit.adc, fit.mean_b0)):
            score, used, cut = asked(adc, loaded)
            first = brain_mask(adc, contrast=None)
            before, after = (_dice(one.array, brain.array) for one in (first, used))
            volume = float(used.array.sum() / brain.array.sum())
            rows.append(Row(acquisition, before, after, volume, cut, abs(score - true)))
    return rows


def asked(adc: Volume, model: HieModel, *, mask: Volume | None = None) -> tuple[float, Volume, bool]:
    """(score, the mask that was used, whether skull was cut off); NaN where the gate refuses the scan."""
    scan = Scan(Source("adc-nifti", "", None, adc, "1e-6 mm2/s", ()), mask=mask)
    found = analyse(scan, model, load_atlas(find_atlas(None)), Request(override=OVERRIDABLE), Stages(STAGES))
    score = found.explanation.prediction.probability_adverse if found.explanation else float("nan")
    return score, found.gated.brain, CUT in found.gated.warnings


def without_air(adc: Volume, b0: Volume) -> Volume:
    """As a scanner writes it that sets what has hardly any signal to 0."""
    head = ndimage.binary_opening(b0.array > 0.1 * np.percentile(b0.array, 99))
    return adc.like(np.where(ndimage.binary_fill_holes(head), adc.array, 0).astype(np.float32))


def tell(acquisition: str, rows: list[Row], into: Figures) -> None:
    first, used, volume, off = (np.array([getattr(row, name) for row in rows]) for name in _MEASURED)
    cut = sum(row.cut for row in rows)
    print(
        f"{acquisition:16}{first.min():.2f}-{first.max():.2f}          {used.min():.2f}-{used.max():.2f}     "
        f"{volume.min():.2f}-{volume.max():.2f}   {cut} of {len(rows)}   {np.nanmedian(off):.3f}, {np.nanmax(off):.3f}"
    )
    for name, value in _figures_of(first, used, volume, off):
        into.add(f"{acquisition}/{name}", value)
    into.add(f"{acquisition}/cut", cut)
    into.add(f"{acquisition}/maps", len(rows))
    into.add(f"{acquisition}/refused", int(np.isnan(off).sum()))


_MEASURED = ("first", "used", "volume", "off")


def _figures_of(
    first: np.ndarray, used: np.ndarray, volume: np.ndarray, off: np.ndarray
) -> Iterator[tuple[str, float]]:
    for name, values in (("first", first), ("used", used), ("volume", volume)):
        yield f"{name}/least", values.min()
        yield f"{name}/most", values.max()
    yield "score/median", float(np.nanmedian(off))
    yield "score/most", float(np.nanmax(off))


def _dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


if __name__ == "__main__":
    main()
