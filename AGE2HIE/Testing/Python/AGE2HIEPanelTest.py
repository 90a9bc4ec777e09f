"""The panel with played workers, for ctest: what can be seen without torch, in Slicer as well as in its stand-in."""

import csv
import json
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any

import numpy as np

import slicer

from AGE2HIEPlayed import RESULT, PlayedProcess, event, record

SHAPE = (8, 14, 12)  # k, j, i, as Slicer's arrays are
SPOT = (3, 9, 4)
STAGE = event(event="stage", name="read", index=1, of=10, fraction=0.0)


def writeResult(folder: Any) -> None:
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
    (folder / "result.json").write_text(json.dumps(record()), encoding="utf-8")


class AGE2HIEPanelTest(unittest.TestCase):
    """Every test clicks in the module's own panel."""

    def setUp(self) -> None:
        slicer.mrmlScene.Clear()
        self.widget = slicer.util.getModuleWidget("AGE2HIE")
        self.newProcess = self.widget.logic.newProcess
        self.scan = slicer.util.addVolumeFromArray(np.full(SHAPE, 1000, np.float32), np.diag([2.0, 2.0, 4.0, 1.0]), "A")
        self.widget.enter()
        self.widget.ui.inputSelector.setCurrentNode(self.scan)

    def tearDown(self) -> None:
        self.widget.logic.newProcess = self.newProcess
        slicer.mrmlScene.Clear()

    def predict(self, process: Any) -> None:
        self.widget.logic.newProcess = lambda: process
        self.widget.ui.predictButton.click()
        until = time.monotonic() + 60
        while self.widget.running:
            self.assertLess(time.monotonic(), until)
            slicer.app.processEvents()
            time.sleep(0.01)

    def test_result(self) -> None:
        from AGE2HIEUI.nodes import part

        self.predict(PlayedProcess([STAGE, RESULT], write=writeResult))
        self.assertIn("0.70", self.widget.ui.scoreLabel.text, self.widget.ui.messageLabel.text)
        saliency = part(self.widget.results.record, "saliency")
        values = slicer.util.arrayFromVolume(saliency)
        self.assertEqual(np.unravel_index(values.argmax(), values.shape), SPOT)
        for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
            self.assertEqual(composite.GetForegroundVolumeID(), saliency.GetID())
        with tempfile.TemporaryDirectory() as folder:
            self.widget.results.export(Path(folder) / "out")
            self.assertEqual(len(list(Path(folder, "out").iterdir())), 8)

    def test_noStaleResult(self) -> None:
        self.predict(PlayedProcess([STAGE, RESULT], write=writeResult))
        slicer.util.arrayFromVolume(self.scan)[0, 0, 0] += 1
        slicer.util.arrayFromVolumeModified(self.scan)
        self.assertEqual(self.widget.ui.scoreLabel.text, "")

    def test_badWorkers(self) -> None:
        before = slicer.mrmlScene.GetNumberOfNodes()
        for process in (
            PlayedProcess([STAGE], code=1),
            PlayedProcess([STAGE], code=-9),
            PlayedProcess([b"garbage\n", RESULT], write=writeResult),
            PlayedProcess([b'{"event":']),
        ):
            self.predict(process)
            self.assertNotEqual(self.widget.ui.messageLabel.text, "")
            self.assertEqual(self.widget.ui.scoreLabel.text, "")
            self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)

    def test_cancel(self) -> None:
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
