"""The pictures of the documentation and the sample's thumbnail: the module in the headless host, on the sample data.

    python benchmark/screenshots.py

Writes Resources/Screenshots/panel.png, views.png and comparison.png, and
AGE2HIE/Resources/Icons/AGE2HIESyntheticNewborn.png.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "AGE2HIE" / "Testing" / "Python"), str(ROOT)]
THUMBNAIL = (260, 280)


def main() -> None:
    from workers import stand_in_python

    from slicer_host import Host

    with tempfile.TemporaryDirectory() as scratch:
        os.environ["PATH"] = f"{stand_in_python(Path(scratch))}{os.pathsep}{os.environ['PATH']}"
        host = Host.start()
        module = host.load(ROOT / "AGE2HIE" / "AGE2HIE.py")
        _predict(host, module.widget)
        pictures = ROOT / "Resources" / "Screenshots"
        host.screenshot(module.parent, pictures / "panel.png")
        _to_peak(host, module.widget)
        views = [host.sliceImage(view) for view in ("Red", "Green", "Yellow")]
        Image.fromarray(np.hstack(views)).save(pictures / "views.png")
        axial = Image.fromarray(views[0])
        side = (axial.width - axial.height * THUMBNAIL[0] / THUMBNAIL[1]) / 2
        axial = axial.crop((round(side), 0, round(axial.width - side), axial.height))
        axial.resize(THUMBNAIL).save(ROOT / "AGE2HIE" / "Resources" / "Icons" / "AGE2HIESyntheticNewborn.png")
        _compare(host, module.widget).save(pictures / "comparison.png")
        module.close()


def _predict(host: Any, widget: Any) -> None:
    import SampleData

    import AGE2HIE

    AGE2HIE.registerSampleData()
    widget.ui.inputSelector.setCurrentNode(SampleData.downloadSample(AGE2HIE.SAMPLE_NAME))
    widget.ui.predictButton.click()
    host.wait(lambda: not widget.running, 600)


def _compare(host: Any, widget: Any) -> Image.Image:
    """The default methods and their agreement, with the labels that Slicer draws above its views."""
    from PIL import ImageDraw

    widget.ui.compareButton.click()
    host.wait(lambda: not widget.running, 600)
    manager, tiles = host.slicer.app.layoutManager(), []
    for name in [name for name in manager.sliceViewNames() if name.startswith("AGE2HIE")]:
        view = Image.fromarray(host.sliceImage(name))
        label = manager.sliceLogic(name).GetSliceNode().GetLayoutLabel()
        ImageDraw.Draw(view).text((8, 6), label, fill=(255, 255, 255), font_size=18)
        tiles.append(np.asarray(view))
    return Image.fromarray(np.vstack([np.hstack(tiles[:2]), np.hstack(tiles[2:4])]))


def _to_peak(host: Any, widget: Any) -> None:
    """All three views through the highest saliency."""
    import vtk

    from AGE2HIEUI.nodes import part

    saliency = part(widget.results.record, "saliency")
    values = host.slicer.util.arrayFromVolume(saliency)
    k, j, i = np.unravel_index(int(values.argmax()), values.shape)
    matrix = vtk.vtkMatrix4x4()
    saliency.GetIJKToRASMatrix(matrix)
    there = matrix.MultiplyPoint((i, j, k, 1))[:3]
    for view in ("Red", "Green", "Yellow"):
        node = host.slicer.app.layoutManager().sliceLogic(view).GetSliceNode()
        node.JumpSliceByOffsetting(*there)


if __name__ == "__main__":
    main()
