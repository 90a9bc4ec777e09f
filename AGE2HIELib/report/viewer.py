"""The page's interactive view: volumes packed for NiiVue (doi:10.1038/s41592-024-02367-0), with nothing to download."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from AGE2HIELib.explanation.compare import MARKED_SHARE, standing
from AGE2HIELib.report.backdrop import Backdrop
from AGE2HIELib.report.colours import saliency_scale
from AGE2HIELib.report.landmarks import peak_voxel
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.volume import Volume

LIBRARY = "niivue-0.69.0.umd.js.gz"
STEPS = 255  # in which a map's standing is kept
_MARGIN = 2  # voxels around the brain


Voxel = tuple[int, int, int]


@dataclass(frozen=True)
class Shown:
    """A map to choose from.

    Attributes:
        title: for people.
        volume: 0..1, where what is shown first is near 1.
        centre: where a reader should look; None for the highest value.
    """

    title: str
    volume: Volume
    centre: Voxel | None = None


def ranked(title: str, saliency: Volume) -> Shown:
    """A saliency map, 0 outside the brain, as its standing: one threshold and one colour scale serve every method."""
    return Shown(title, saliency.like(standing(saliency.array).astype(np.float32)))


def viewer_parts(
    below: Backdrop, brain: Volume, maps: Mapping[str, Shown], points: Mapping[str, Voxel] | None = None
) -> dict[str, Any]:
    """What ``viewer.html.j2`` needs; all volumes on one grid, which may be oblique.

    The script and the volumes are embedded, compressed: about 1 MB for the library, and 0.1-0.8 MB for the volumes.
    The cross starts at the peak of the first map.

    Args:
        points: voxels to go to by a button, by what it says, besides the peak of the map that is shown.
    """
    box = brain_box(brain)
    shape = cropped(brain, box).array.shape

    def part_of_way(voxel: Voxel | None) -> list[float] | None:
        """From 0 to 1 along each axis of the part that is embedded; None for nowhere."""
        if voxel is None:
            return None
        starts = (part.start or 0 for part in box)
        return [round((n - start + 0.5) / size, 6) for n, start, size in zip(voxel, starts, shape, strict=True)]

    goals = [{"title": title, "at": part_of_way(voxel)} for title, voxel in (points or {}).items()]
    content = {
        "below": _packed(cropped(below.volume, box), np.int16, 1.0),
        "window": list(below.window),
        "share": MARKED_SHARE,
        "steps": STEPS,
        "colours": _colour_map(),
        "maps": [
            {
                "name": name,
                "title": one.title,
                "data": _packed(cropped(one.volume, box), np.uint8, STEPS),
                "peak": part_of_way(one.centre or peak_voxel(one.volume)),
            }
            for name, one in maps.items()
        ],
        "points": goals,
    }
    return {
        "below": below.name,
        "content": json.dumps(content).replace("<", "\\u003c"),  # nothing in it can end the script that holds it
        "maps": [{"name": name, "title": one.title} for name, one in maps.items()],
        "points": [goal["title"] for goal in goals],
        "library": base64.b64encode(resource_path("viewer", LIBRARY).read_bytes()).decode("ascii"),
        "script": (Path(__file__).parent / "viewer.js").read_text(encoding="utf-8"),
        "share": MARKED_SHARE,
        "bar": _bar(),
    }


def brain_box(brain: Volume) -> tuple[slice, slice, slice]:
    """The brain with a margin; the whole image where there is none."""
    if not brain.array.any():
        return slice(None), slice(None), slice(None)
    found = []
    for axis, size in enumerate(brain.array.shape):
        others = tuple(other for other in range(3) if other != axis)
        occupied = np.flatnonzero(brain.array.any(axis=others))
        found.append(slice(max(int(occupied[0]) - _MARGIN, 0), min(int(occupied[-1]) + _MARGIN + 1, size)))
    return found[0], found[1], found[2]


def cropped(image: Volume, box: tuple[slice, slice, slice]) -> Volume:
    """A part of an image, where it was in space."""
    affine = image.affine_ras.copy()
    affine[:3, 3] += affine[:3, :3] @ [part.start or 0 for part in box]
    return Volume(image.array[box], affine)


def _packed(image: Volume, kind: type[np.integer[Any]], factor: float) -> str:
    """A compressed NIfTI file in base64, its values times ``factor`` as whole numbers."""
    limits = np.iinfo(kind)
    whole = np.clip(np.rint(np.nan_to_num(image.array.astype(np.float64)) * factor), limits.min, limits.max)
    file = nibabel.Nifti1Image(whole.astype(kind), image.affine_ras)
    file.header.set_xyzt_units("mm")
    return base64.b64encode(gzip.compress(file.to_bytes(), mtime=0)).decode("ascii")


def _colour_map() -> dict[str, list[int]]:
    """The saliency's colours, as NiiVue wants them; the first entry is clear: what is below the threshold gets it."""
    scale = saliency_scale(1.0).anchors
    anchors = (scale[0], *scale)
    places = [0, *np.rint(np.linspace(1, 255, len(scale))).astype(int).tolist()]
    colours = dict(zip("RGB", (list(values) for values in zip(*anchors, strict=True)), strict=True))
    return {**colours, "A": [0] + [255] * len(scale), "I": places}


def _bar() -> str:
    """The same colours as a CSS gradient, for the legend."""
    colours = (f"rgb({red},{green},{blue})" for red, green, blue in saliency_scale(1.0).anchors)
    return f"linear-gradient(to right, {', '.join(colours)})"
