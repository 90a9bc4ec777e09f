"""Stand-ins for ``age2hie explain``: output folders with maps of known places."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from panel_actions import ORIENTATIONS, SHAPE, SPOT, affine, play

from AGE2HIELib.explanation.compare import agreement
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.volume import Volume
from AGE2HIEPlayed import RESULT, PlayedProcess, record

MATRIX = affine(ORIENTATIONS["axial RAS"])
TITLES = {"hirescam": "HiResCAM", "layercam": "LayerCAM", "integrated-gradients": "Integrated gradients"}
UNITS = {"hirescam": 1.0, "layercam": 1e-6, "integrated-gradients": 300.0}  # every method has its own


def explanations_record(methods: tuple[str, ...], **changes: Any) -> dict[str, Any]:
    content = record()
    content.pop("saliency")
    maps = [
        {"method": name, "title": TITLES[name], "resolution_mm": [8.0, 8.0, 8.0], "members_agree_where_marked": 0.83}
        for name in methods
    ]
    return {**content, "target": "adverse", "share": 0.5, "maps": maps, **changes}


def examination(method: str, *, passed: bool) -> dict[str, Any]:
    finding = {"name": "likeness <to> random", "value": 0.93, "limit": "at most 0.5", "passed": passed}
    kept = {"name": "likeness under noise", "value": 0.8, "limit": "at least 0.7", "passed": True, "meaning": "noise"}
    failing = {**finding, "meaning": "the map would look much the same had the network learned nothing"}
    return {"method": method, "passed": passed, "findings": [failing, kept]}


def maps_of(shape: tuple[int, int, int], spot: tuple[int, int, int], methods: tuple[str, ...]) -> dict[str, np.ndarray]:
    """A ball of falling values, each method's one voxel further along the first axis, each in its own unit."""
    found = {}
    for shift, name in enumerate(methods):
        there = (spot[0] + shift, *spot[1:])
        distance = sum((axis - at) ** 2 for axis, at in zip(np.indices(shape), there, strict=True))
        found[name] = UNITS[name] * np.maximum(10.0 - distance, -1).astype(np.float32)
    return found


def explanations_writer(
    affine_ras: np.ndarray,
    shape: tuple[int, int, int],
    spot: tuple[int, int, int],
    methods: tuple[str, ...] = tuple(TITLES),
    **changes: Any,
) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        folder.mkdir(parents=True)
        content = explanations_record(methods, **changes)
        (folder / "explanations.json").write_text(json.dumps(content), encoding="utf-8")
        maps = {name: Volume(values, affine_ras) for name, values in maps_of(shape, spot, methods).items()}
        volumes = {f"saliency_{name}": volume for name, volume in maps.items()}
        for name, volume in maps.items():
            volumes[f"members_agree_{name}"] = volume.like(np.full(shape, 0.83, np.float32))
        volumes["agreement"] = agreement(list(maps.values()), 0.5)
        volumes["adc"] = Volume(np.full(shape, 1000, np.float32), affine_ras)
        for name, volume in volumes.items():
            write_volume(volume, folder / f"{name}.nii.gz")
        rows = ["method,region,hemisphere,mean,label", *(f"{name},thalamus,left,0.5,9" for name in methods)]
        (folder / "evidence.csv").write_text("\n".join(rows), encoding="utf-8")

    return write


def explaining(*arguments: Any, **changes: Any) -> PlayedProcess:
    """A worker that has made the maps of ``explanations_writer``."""
    return PlayedProcess([RESULT], write=explanations_writer(*arguments, **changes))


def compare(host: Any, panel: Any, process: PlayedProcess | None = None) -> PlayedProcess:
    """One click, to its end."""
    process = play(panel, process or explaining(MATRIX, SHAPE, SPOT))
    panel.widget.ui.compareButton.click()
    host.wait(lambda: not panel.widget.running)
    return process


def standings(host: Any, panel: Any) -> list[Any]:
    from AGE2HIEUI.comparison import standingOf

    return [standingOf(panel.widget.comparisons.record, method) for method in TITLES]


def views(host: Any) -> dict[str, Any]:
    """Composite nodes of the comparison's views."""
    nodes = host.slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    return {node.GetLayoutName(): node for node in nodes if node.GetLayoutName().startswith("AGE2HIE")}


def layout(host: Any) -> int:
    return int(host.slicer.app.layoutManager().layout)
