"""The module's self-test: the whole path on the sample data, by clicks."""

from __future__ import annotations

import time
from typing import Any

import slicer

from AGE2HIEUI import scene
from AGE2HIEUI.nodes import part

_PATIENCE_SECONDS = 600.0


def predictSampleData(test: Any, sampleName: str) -> Any:
    """Load, choose, click, wait; then the score, the volumes and the table must be there.

    Args:
        test: a ``unittest.TestCase``.
        sampleName: registered sample data.

    Returns:
        The result's record.
    """
    import SampleData

    volume = SampleData.downloadSample(sampleName)
    widget = slicer.util.getModuleWidget("AGE2HIE")
    widget.ui.inputSelector.setCurrentNode(volume)
    test.assertTrue(widget.ui.predictButton.enabled, widget.ui.predictButton.toolTip)
    widget.ui.predictButton.click()
    until = time.monotonic() + _PATIENCE_SECONDS
    while widget.running:
        test.assertLess(time.monotonic(), until, "the prediction did not end")
        slicer.app.processEvents()
        time.sleep(0.02)
    record = widget.results.record
    test.assertIsNotNone(record, widget.ui.messageLabel.text)
    test.assertIn("Demonstration score", widget.ui.headingLabel.text)
    for role in scene.VOLUMES:
        values = slicer.util.arrayFromVolume(part(record, role))
        test.assertEqual(values.shape, slicer.util.arrayFromVolume(part(record, "adc")).shape)
        test.assertGreater(abs(values).max(), 0, role)
    test.assertGreater(part(record, "region_table").GetTable().GetNumberOfRows(), 10)
    return record
