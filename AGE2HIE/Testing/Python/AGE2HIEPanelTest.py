"""The panel with played workers, for ctest: what can be seen without torch, in Slicer as well as in its stand-in."""

import csv
import json
import tempfile
import time
import unittest
from pathlib import Path

import numpy as np

import slicer

SHAPE = (8, 14, 12)  # k, j, i, as Slicer's arrays are
SPOT = (3, 9, 4)
STAGE = b'{"event":"stage","name":"read","index":1,"of":10,"fraction":0.0}\n'


class PlayedProcess:
    """Says its lines, one at a look, and ends; writes a result folder at the start where it is asked to."""

    def __init__(self, lines=(), code=0, result=False, hangs=False):
        self.lines, self.code, self.result, self.hangs, self.cancelled = list(lines), code, result, hangs, False

    def start(self, command):
        given = next(item for item in command.arguments if item.startswith("--output="))
        self.output = Path(given.split("=", 1)[1])
        if self.result:
            writeResult(self.output)
            self.lines.append(json.dumps({"event": "result", "output": str(self.output)}).encode() + b"\n")

    def read(self):
        return b"" if self.cancelled or not self.lines else self.lines.pop(0)

    def ended(self):
        from AGE2HIEUI.process import Ended

        if self.cancelled:
            return Ended(-15, "")
        return None if self.lines or self.hangs else Ended(self.code, "Traceback")

    def cancel(self):
        self.cancelled = True

    def wait(self, seconds):
        return True


def writeResult(folder):
    """An output folder as ``age2hie predict`` makes it, with one voxel of saliency."""
    folder.mkdir(parents=True)
    values = np.zeros(SHAPE, np.float32)
    values[SPOT] = 0.4
    ones = np.ones(SHAPE, np.uint8)
    volumes = {"adc": values + 1000, "z_adc": -values, "saliency": values, "brain_mask": ones, "regions": ones}
    for name, array in volumes.items():
        node = slicer.util.addVolumeFromArray(array, np.diag([2.0, 2.0, 4.0, 1.0]), name)
        storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
        storage.SetFileName(str(folder / f"{name}.nii.gz"))
        storage.WriteData(node)
        for each in (node.GetDisplayNode(), node):
            if each is not None:
                slicer.mrmlScene.RemoveNode(each)
    with (folder / "regions.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["region", "hemisphere", "label"], ["thalamus", "left", 1]])
    (folder / "report.html").write_text("<html></html>", encoding="utf-8")
    (folder / "result.json").write_text(json.dumps(RECORD), encoding="utf-8")


RECORD = {
    "demonstration": True,
    "probability_adverse": 0.7,
    "interval": [0.5, 0.9],
    "members": [0.6, 0.7, 0.8],
    "threshold": 0.5,
    "label": "demonstration",
    "quality": {"passed": True, "checks": []},
    "saliency": {"method": "hirescam", "layer": "block2", "resolution_mm": [8.0, 8.0, 8.0]},
    "model": {"name": "m", "version": "1", "sha256": "0", "trained_on": "synthetic", "intended_use": "tests"},
    "atlas": {"name": "a", "provenance": "p"},
    "input": {"kind": "k", "sha256": "1", "shape": [12, 14, 8], "spacing_mm": [2, 2, 4], "adc_unit_found": "u"},
    "software": {"version": "0", "python": "3", "torch": "2"},
    "device": "cpu",
    "timing_s": {"read": 0.5},
    "warnings": [],
}


class AGE2HIEPanelTest(unittest.TestCase):
    """Every test clicks in the module's own panel."""

    def setUp(self):
        slicer.mrmlScene.Clear()
        self.widget = slicer.util.getModuleWidget("AGE2HIE")
        self.newProcess = self.widget.logic.newProcess
        self.scan = slicer.util.addVolumeFromArray(np.full(SHAPE, 1000, np.float32), np.diag([2.0, 2.0, 4.0, 1.0]), "A")
        self.widget.enter()
        self.widget.ui.inputSelector.setCurrentNode(self.scan)

    def tearDown(self):
        self.widget.logic.newProcess = self.newProcess
        slicer.mrmlScene.Clear()

    def predict(self, process):
        self.widget.logic.newProcess = lambda: process
        self.widget.ui.predictButton.click()
        until = time.monotonic() + 60
        while self.widget.running:
            self.assertLess(time.monotonic(), until)
            slicer.app.processEvents()
            time.sleep(0.01)

    def test_result(self):
        from AGE2HIEUI import scene

        self.predict(PlayedProcess([STAGE], result=True))
        self.assertIn("0.70", self.widget.ui.scoreLabel.text, self.widget.ui.messageLabel.text)
        saliency = scene.part(self.widget.results.record, "saliency")
        values = slicer.util.arrayFromVolume(saliency)
        self.assertEqual(np.unravel_index(values.argmax(), values.shape), SPOT)
        for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
            self.assertEqual(composite.GetForegroundVolumeID(), saliency.GetID())
        with tempfile.TemporaryDirectory() as folder:
            self.widget.results.export(Path(folder) / "out")
            self.assertEqual(len(list(Path(folder, "out").iterdir())), 8)

    def test_noStaleResult(self):
        self.predict(PlayedProcess([STAGE], result=True))
        slicer.util.arrayFromVolume(self.scan)[0, 0, 0] += 1
        slicer.util.arrayFromVolumeModified(self.scan)
        self.assertEqual(self.widget.ui.scoreLabel.text, "")

    def test_badWorkers(self):
        before = slicer.mrmlScene.GetNumberOfNodes()
        for process in (
            PlayedProcess([STAGE], code=1),
            PlayedProcess([STAGE], code=-9),
            PlayedProcess([b"garbage\n"], result=True),
            PlayedProcess([b'{"event":']),
        ):
            self.predict(process)
            self.assertNotEqual(self.widget.ui.messageLabel.text, "")
            self.assertEqual(self.widget.ui.scoreLabel.text, "")
            self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)

    def test_cancel(self):
        before = slicer.mrmlScene.GetNumberOfNodes()
        process = PlayedProcess([STAGE], hangs=True)
        self.widget.logic.newProcess = lambda: process
        self.widget.ui.predictButton.click()
        self.widget.ui.cancelButton.click()
        while self.widget.running:
            slicer.app.processEvents()
        self.assertTrue(process.cancelled)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)


if __name__ == "__main__":
    unittest.main()
