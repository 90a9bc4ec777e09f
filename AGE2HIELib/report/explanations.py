"""Several maps of one scan: their picture with one colour scale, and the record of how they were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import numpy as np
from PIL import Image

from AGE2HIELib.explanation.compare import mark_strongest, names_a_place, standing
from AGE2HIELib.explanation.maps import Explanation, SaliencyMap
from AGE2HIELib.explanation.methods import method_facts
from AGE2HIELib.report.backdrop import Backdrop
from AGE2HIELib.report.colours import Scale, saliency_scale, standing_scale
from AGE2HIELib.report.overlay import COLUMNS, TILE_WIDTH, MapRow, mosaic, over
from AGE2HIELib.report.record import Circumstances, result_record
from AGE2HIELib.report.tiles import choose_view, tile
from AGE2HIELib.result.decode import encode
from AGE2HIELib.result.network_readings import NetworkReading
from AGE2HIELib.result.verdicts import Examination, Quality
from AGE2HIELib.volume import Volume

M = TypeVar("M", bound=SaliencyMap)


@dataclass(frozen=True)
class Comparison(Generic[M]):
    """What was found, on the scan's grid in canonical voxel order.

    Attributes:
        maps: saliency by method, 0 outside the brain.
        members_agree: by method, how far the members of an ensemble say the same, 0..1; empty for a single network.
        agreement: part of the methods that mark each voxel, 0..1.
        share: of a map's evidence that counts as marked.
        channels: by method and channel of the network's input, its part of the map; empty for methods that cannot
            part them.
    """

    below: Backdrop
    brain: Volume
    explanations: Mapping[str, M]
    maps: Mapping[str, Volume]
    members_agree: Mapping[str, Volume]
    agreement: Volume
    share: float
    channels: Mapping[str, Mapping[str, Volume]] = field(default_factory=dict)

    @property
    def first(self) -> M:
        """What is explained is the same for every map."""
        return next(iter(self.explanations.values()))


def comparison_picture(found: Comparison[M], *, demonstration: bool) -> Image.Image:
    """A row a method, coloured by what share of its evidence lies in stronger voxels, and one of their agreement."""
    view = choose_view(found.brain, columns=COLUMNS, tile_width=TILE_WIDTH)
    below, grey = found.below, found.below.scale

    def grey_slice(level: int) -> np.ndarray:
        return tile(below.volume, level, view, grey)[..., :3]

    def row(title: str, shown: Volume, scale: Scale, ends: tuple[str, str]) -> MapRow:
        def draw(level: int) -> np.ndarray:
            return over(tile(shown, level, view, scale, brain=found.brain), grey_slice(level))

        return MapRow(title, *ends, scale, draw)

    rows = [MapRow(below.title, f"{grey.low:g}", f"{grey.high:g}", grey, grey_slice)]
    scale = standing_scale()
    for name, saliency in found.maps.items():
        ranked = saliency.like(standing(saliency.array).astype(np.float32))
        rows.append(row(_heading(found.explanations[name]), ranked, scale, ("0", "peak")))
    if len(found.maps) > 1:
        title = f"Agreement: part of the maps that mark a voxel (their strongest {100 * found.share:.0f} %)"
        rows.append(row(title, found.agreement, saliency_scale(1.0), ("0", "all")))
    return mosaic(rows, view, below.volume.array.shape[2], demonstration=demonstration)


def comparison_record(
    about: Circumstances,
    quality: Quality,
    found: Comparison[Explanation],
    timing_s: Mapping[str, float],
    examinations: Sequence[Examination] = (),
    readings: tuple[NetworkReading, ...] = (),
) -> dict[str, Any]:
    """The content of explanations.json: as result.json, with a list of maps, and of examinations, in the place of the
    one.
    """
    record: dict[str, Any] = encode(replace(result_record(about, quality, found.first, timing_s), readings=readings))
    record.pop("saliency")
    record["examination"] = encode([one.recorded() for one in examinations])
    return {**record, **maps_record(found, "calibrated logit")}


def maps_record(found: Comparison[M], unit: str) -> dict[str, Any]:
    """``target``, ``share`` and ``maps`` of explanations.json; ``unit``: of what is explained."""
    maps = [_map(found, name, unit) for name in found.maps]
    return {"target": found.first.target, "share": found.share, "maps": maps}


def _map(found: Comparison[M], name: str, unit: str) -> dict[str, Any]:
    made, inside, method = found.explanations[name], found.brain.array, method_facts(name)
    values = found.maps[name].array[inside]
    return {
        "method": name,
        "title": method.title,
        "signed": method.signed,
        "unit": method.unit.format(unit=unit),
        "layer": made.layer or None,
        "resolution_mm": [round(mm, 3) for mm in made.resolution_mm],
        "peak": float(values.max(initial=0.0)),
        "least": float(values.min(initial=0.0)),
        "names_a_place": names_a_place(values),
        "members_agree_where_marked": _mean_where_marked(found, name),
        "channels": _channel_sums(made),
    }


def _channel_sums(made: SaliencyMap) -> dict[str, float]:
    """What each channel adds to what is explained, in its unit: their sum is the change from an unremarkable brain."""
    parts = made.channels if isinstance(made, Explanation) else {}
    return {name: round(float(part.array.sum(dtype=np.float64)), 4) for name, part in parts.items()}


def _mean_where_marked(found: Comparison[M], name: str) -> float | None:
    if name not in found.members_agree:
        return None
    strong = mark_strongest(found.maps[name].array, found.share)
    return round(float(found.members_agree[name].array[strong].mean()), 4) if strong.any() else None


def _heading(made: SaliencyMap) -> str:
    return f"{method_facts(made.method).title} ({made.target}, cells of {max(made.resolution_mm):.0f} mm)"
