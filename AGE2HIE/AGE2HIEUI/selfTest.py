"""The module's self-test: the whole path on the sample data, by clicks."""

from __future__ import annotations

import time
from typing import Any

import slicer

from AGE2HIEUI import scene
from AGE2HIEUI.nodes import part

_PATIENCE_SECONDS = 600.0
# Of the sample with the bundled model 0.9.0, HiResCAM, on a CPU. Processors and graphics cards differ in the fourth
# digit; a wrong orientation, unit or model moves both by more than is allowed here.
GOLDEN_SCORE, SCORE_TOLERANCE = 0.906, 0.01
GOLDEN_EVIDENCE = {"lentiform nucleus, left": 0.205, "lentiform nucleus, right": 0.197, "thalamus, left": 0.097}
EVIDENCE_TOLERANCE = 0.01  # of all evidence


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
    _checkGolden(test, widget)
    return record


def _checkGolden(test: Any, widget: Any) -> None:
    """The number and where its evidence lies, as they were when the sample was made."""
    result = widget.results.result
    test.assertAlmostEqual(result.probability_adverse, GOLDEN_SCORE, delta=SCORE_TOLERANCE)
    shares = {f"{one.region}, {one.hemisphere}": one.evidence_share or 0.0 for one in widget.results.regions}
    for place, share in GOLDEN_EVIDENCE.items():
        test.assertAlmostEqual(shares[place], share, delta=EVIDENCE_TOLERANCE, msg=place)
    worst = widget.results.regions[0]
    test.assertEqual(worst.region, "lentiform nucleus")
