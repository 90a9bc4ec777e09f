"""What the panel says of a map that was examined, and how long it says that a map takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from comparison_workers import (
    MATRIX,
    compare,
    examination,
    explaining,
)
from panel_actions import SHAPE, SPOT, add_volume, good, predict

from AGE2HIELib.pipeline.stages import expected_seconds
from AGE2HIEPlayed import record

pytestmark = pytest.mark.host


def test_examination_of_a_prediction(host: Any, panel: Any) -> None:
    """Nothing, one plain line, or an amber banner; the check box adds the option."""
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    ui = panel.widget.ui
    process = predict(host, panel, good(MATRIX))
    assert "--examine" not in process.command.arguments
    assert ui.examinationLabel.isHidden()
    ui.examineCheckBox.setChecked(True)
    process = predict(host, panel, good(MATRIX, record(examination=examination("hirescam", passed=True))))
    assert "--examine" in process.command.arguments
    assert ui.examinationLabel.text == "hirescam was examined: all 2 figures were kept."
    assert ui.examinationLabel.styleSheet == ""
    predict(host, panel, good(MATRIX, record(examination=examination("hirescam", passed=False))))
    assert "Do not rely on this map" in ui.examinationLabel.text
    assert "0.93; limit: at most 0.5" in ui.examinationLabel.text
    assert "under noise" not in ui.examinationLabel.text
    assert "#ffe0b2" in ui.examinationLabel.styleSheet
    even = examination("hirescam", passed=False)
    even["findings"][0]["value"] = None
    predict(host, panel, good(MATRIX, record(examination=even)))
    assert "cannot be had; limit: at most 0.5" in ui.examinationLabel.text
    predict(host, panel, good(MATRIX, record(examination=None)))
    assert ui.examinationLabel.isHidden()


@pytest.mark.parametrize("key", ["name", "value", "limit", "passed", "meaning"])
def test_a_bad_examination_is_no_result(host: Any, panel: Any, key: str) -> None:
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    for odd in ([], "no"):
        found = examination("hirescam", passed=False)
        found["findings"][0][key] = odd if key in ("value", "passed") else []
        predict(host, panel, good(MATRIX, record(examination=found)))
        assert "cannot be read" in panel.widget.ui.messageLabel.text
    contradiction = {**examination("hirescam", passed=False), "passed": True}
    predict(host, panel, good(MATRIX, record(examination=contradiction)))
    assert "cannot be read" in panel.widget.ui.messageLabel.text


def test_a_failed_map_has_an_amber_banner(host: Any, ready: Any) -> None:
    ui = ready.widget.ui
    found = [examination("hirescam", passed=True), examination("layercam", passed=False)]
    compare(host, ready, explaining(MATRIX, SHAPE, SPOT, examination=found))
    text = ui.compareExaminationLabel.text
    assert "HiResCAM was examined: all 2 figures were kept" in text
    assert "Do not rely on this map (LayerCAM)" in text
    assert "learned nothing (likeness &lt;to&gt; random: 0.93; limit: at most 0.5)" in text
    assert "background-color" in ui.compareExaminationLabel.styleSheet


def test_time_left_of_a_slow_map_falls_while_it_is_made() -> None:
    import sys

    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "AGE2HIE"))
    from AGE2HIEUI.remaining import progressOf

    expected = {**expected_seconds(("hirescam", "occlusion")), "predict": 0.0}
    before = sum(seconds for name, seconds in expected.items() if name not in ("explain", "report"))
    moments = [progressOf(expected, "explain", before + inside, inside) for inside in (0.0, 30.0, 55.0, 300.0)]
    lefts = [left for _, left in moments]
    assert lefts[0] == pytest.approx(60.47, abs=0.1)
    assert lefts[1] == pytest.approx(30.47, abs=0.1)
    assert lefts == sorted(lefts, key=lambda left: -(left or 0))
    assert moments[3][0] < 1
    assert progressOf(expected, "a stage of a later version", 9.0, 1.0) == (0.0, None)
    assert list(expected_seconds(("hirescam",), examine=True))[-2:] == ["examine", "report"]
