"""Several maps of one scan: their picture with one colour scale, and the record of how they were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from AGE2HIELib.explain.compare import marked, standing
from AGE2HIELib.explain.examination import Examination
from AGE2HIELib.explain.registry import METHODS
from AGE2HIELib.explain.saliency import Explanation
from AGE2HIELib.quality import Quality
from AGE2HIELib.report.colours import Scale, adc_scale, saliency_scale, standing_scale
from AGE2HIELib.report.overlay import COLUMNS, TILE_WIDTH, Row, mosaic, over
from AGE2HIELib.report.record import Circumstances, examination_record, result_record
from AGE2HIELib.report.tiles import choose_view, tile
from AGE2HIELib.volume import Volume


@dataclass(frozen=True)
class Comparison:
    """What was found, on the scan's grid in canonical voxel order.

    Attributes:
        maps: saliency by method, 0 outside the brain.
        members_agree: by method, how far the members of the ensemble say the same, 0..1.
        agreement: part of the methods that mark each voxel, 0..1.
        share: of a map's evidence that counts as marked.
    """

    adc: Volume
    brain: Volume
    explanations: Mapping[str, Explanation]
    maps: Mapping[str, Volume]
    members_agree: Mapping[str, Volume]
    agreement: Volume
    share: float

    @property
    def probability(self) -> float:
        """What is explained: the same for every map."""
        return next(iter(self.explanations.values())).prediction.probability_adverse


def comparison_picture(found: Comparison, *, demonstration: bool) -> Image.Image:
    """A row a method, coloured by what share of its evidence lies in stronger voxels, and one of their agreement."""
    view = choose_view(found.brain, columns=COLUMNS, tile_width=TILE_WIDTH)
    grey = adc_scale()

    def adc(level: int) -> np.ndarray:
        return tile(found.adc, level, view, grey)[..., :3]

    def row(title: str, shown: Volume, scale: Scale, ends: tuple[str, str]) -> Row:
        def draw(level: int) -> np.ndarray:
            return over(tile(shown, level, view, scale, brain=found.brain), adc(level))

        return Row(title, *ends, scale, draw)

    rows = [Row("ADC (1e-6 mm2/s)", f"{grey.low:g}", f"{grey.high:g}", grey, adc)]
    scale = standing_scale()
    for name, saliency in found.maps.items():
        ranked = saliency.like(standing(saliency.array).astype(np.float32))
        rows.append(row(_heading(found.explanations[name]), ranked, scale, ("0", "peak")))
    if len(found.maps) > 1:
        title = f"Agreement: part of the maps that mark a voxel (their strongest {100 * found.share:.0f} %)"
        rows.append(row(title, found.agreement, saliency_scale(1.0), ("0", "all")))
    return mosaic(rows, view, found.adc.array.shape[2], demonstration=demonstration)


def comparison_record(
    about: Circumstances,
    quality: Quality,
    found: Comparison,
    timing_s: Mapping[str, float],
    examinations: Sequence[Examination] = (),
) -> dict[str, Any]:
    """The content of explanations.json: as result.json, with a list of maps, and of examinations, in the place of the
    one.
    """
    first = next(iter(found.explanations.values()))
    record = result_record(about, quality, first, timing_s)
    record.pop("saliency")
    record["examination"] = [examination_record(one) for one in examinations]
    return {**record, "target": first.target, "share": found.share, "maps": [_map(found, name) for name in found.maps]}


def _map(found: Comparison, name: str) -> dict[str, Any]:
    made, inside = found.explanations[name], found.brain.array
    values = found.maps[name].array[inside]
    return {
        "method": name,
        "title": METHODS[name].title,
        "signed": METHODS[name].signed,
        "unit": "calibrated logit, per cell" if METHODS[name].in_logits else "log of tolerated noise",
        "layer": made.layer or None,
        "resolution_mm": [round(mm, 3) for mm in made.resolution_mm],
        "peak": float(values.max(initial=0.0)),
        "least": float(values.min(initial=0.0)),
        "members_agree_where_marked": _mean_where_marked(found, name),
    }


def _mean_where_marked(found: Comparison, name: str) -> float | None:
    strong = marked(found.maps[name].array, found.share)
    return round(float(found.members_agree[name].array[strong].mean()), 4) if strong.any() else None


def _heading(made: Explanation) -> str:
    where = f", {made.layer}" if made.layer else ""
    millimetres = max(made.resolution_mm)
    return f"{METHODS[made.method].title} ({made.target}{where}, cells of {millimetres:.0f} mm)"
