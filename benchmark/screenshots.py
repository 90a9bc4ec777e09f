"""The pictures of the documentation, of the sample data and of the newborn of ``age2hie demo``.

    python benchmark/screenshots.py [panel] [page] [maps]

panel: the module in the headless host: Resources/Screenshots/panel.png, views.png and comparison.png, and the sample's
thumbnail, AGE2HIE/Resources/Icons/AGE2HIESyntheticNewborn.png.
page: what a prediction leaves: overlay.png, and report.png, the first screen of its page in chromium.
maps: explanations.png, all eight saliency methods; ten minutes.
Without a word all of them. age.png is not among them: its child is in no data that comes with the project.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "AGE2HIE" / "Testing" / "Python"), str(ROOT)]
PICTURES = ROOT / "Resources" / "Screenshots"
THUMBNAIL = (260, 280)
SCREEN = (1180, 860)
METHODS = "hirescam,gradcam,gradcam++,layercam,integrated-gradients,smooth-integrated-gradients,occlusion,noise-map"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = {"panel": panel, "page": page, "maps": maps}
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(parts)} (default: all)")
    for name in parser.parse_args().parts or parts:
        parts[name]()


def page() -> None:
    from browsing import opened

    with tempfile.TemporaryDirectory() as scratch:
        _age2hie("demo", "--output", f"{scratch}/demo")
        report = next(Path(scratch).rglob("report.html"))
        shutil.copyfile(report.with_name("overlay.png"), PICTURES / "overlay.png")
        with opened(report) as browser:
            browser.set_window_size(*SCREEN)
            Image.open(io.BytesIO(browser.get_screenshot_as_png())).save(PICTURES / "report.png")


def maps() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        _age2hie("demo", "--output", f"{scratch}/demo")
        scan = next(Path(scratch).rglob("dwi.nii.gz"))
        _age2hie("explain", str(scan), "--output", f"{scratch}/maps", "--methods", METHODS)
        shutil.copyfile(f"{scratch}/maps/explanations.png", PICTURES / "explanations.png")


def _age2hie(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "AGE2HIELib.cli", *words], check=True, stdout=subprocess.DEVNULL)


def panel() -> None:
    from workers import stand_in_python

    from slicer_host import Host

    with tempfile.TemporaryDirectory() as scratch:
        os.environ["PATH"] = f"{stand_in_python(Path(scratch))}{os.pathsep}{os.environ['PATH']}"
        host = Host.start()
        module = host.load(ROOT / "AGE2HIE" / "AGE2HIE.py")
        _predict(host, module.widget)
        host.screenshot(module.parent, PICTURES / "panel.png")
        _to_peak(host, module.widget)
        views = [host.sliceImage(view) for view in ("Red", "Green", "Yellow")]
        Image.fromarray(np.hstack(views)).save(PICTURES / "views.png")
        axial = Image.fromarray(views[0])
        side = (axial.width - axial.height * THUMBNAIL[0] / THUMBNAIL[1]) / 2
        axial = axial.crop((round(side), 0, round(axial.width - side), axial.height))
        axial.resize(THUMBNAIL).save(ROOT / "AGE2HIE" / "Resources" / "Icons" / "AGE2HIESyntheticNewborn.png")
        _compare(host, module.widget).save(PICTURES / "comparison.png")
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
