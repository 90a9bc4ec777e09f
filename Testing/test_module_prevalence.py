"""The panel and the share of adverse outcomes: what it asks the worker for, and what it says of the number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from comparison_workers import compare
from panel_actions import add_volume, affine, good, predict
from workers import STAGES

from AGE2HIEPlayed import PlayedProcess, event, record

pytestmark = pytest.mark.host

MODEL = {**record()["model"], "prevalence": 0.47}


def moved(**changes: Any) -> dict[str, Any]:
    """As ``predict --prevalence=0.3`` writes it, as far as the panel reads it."""
    return record(model=MODEL, settings={"prevalence": 0.3}, prevalence=0.3, **changes)


def shown(host: Any, panel: Any, content: dict[str, Any]) -> str:
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    predict(host, panel, good(affine(np.eye(3)), content))
    return str(panel.widget.ui.labelLabel.text)


@pytest.mark.parametrize("demonstration", [True, False])
def test_the_number_stands_with_the_prevalence_that_was_given(host: Any, panel: Any, demonstration: bool) -> None:
    label = "demonstration" if demonstration else "indeterminate"
    text = shown(host, panel, moved(demonstration=demonstration, label=label))
    assert "for a prevalence of 0.3, which was given; the model was calibrated at 0.47" in text
    assert "if nothing but the prevalence differs" in text
    assert "<b>prevalence of the calibration</b>: 0.47" in panel.widget.ui.provenanceLabel.text
    assert "<b>prevalence given</b>: 0.3" in panel.widget.ui.provenanceLabel.text
    claims = [word for word in ("probability", "adverse", "favourable", "risk", "chance") if word in text.lower()]
    assert claims == []


@pytest.mark.parametrize("settings", [{}, {"settings": {"prevalence": None}}], ids=["older", "none given"])
def test_without_one_nothing_is_said_of_it(host: Any, panel: Any, settings: dict[str, Any]) -> None:
    assert "prevalence" not in shown(host, panel, record(**settings))
    assert panel.widget.ui.prevalenceSpinBox.text == "as the model was calibrated"


@pytest.mark.parametrize("given", [0, 1, 45, float("nan")])
def test_a_record_with_a_prevalence_that_is_none_is_not_shown(host: Any, panel: Any, given: float) -> None:
    text = shown(host, panel, {**moved(), "settings": {"prevalence": given}})
    assert text == ""
    assert "cannot be read" in panel.widget.ui.messageLabel.text


@pytest.mark.parametrize(
    ("used", "row"), [([0.0, 1000.0], "<b>ADC fitted from b</b>: 0, 1000 s/mm2"), (None, ""), ([], "")]
)
def test_the_provenance_says_from_which_b_values_the_adc_was_fitted(host: Any, panel: Any, used: Any, row: str) -> None:
    shown(host, panel, record(input={**record()["input"], "b_values_used": used}))
    text = panel.widget.ui.provenanceLabel.text
    assert row in text
    assert ("ADC fitted" in text) == bool(row)


def test_a_comparison_is_asked_for_the_prevalence_of_the_result_that_is_shown(host: Any, panel: Any) -> None:
    """The maps do not depend on it, and belong to that number, whatever the field says meanwhile."""
    shown(host, panel, moved())
    panel.widget.ui.prevalenceSpinBox.value = 0.9
    process = compare(host, panel, PlayedProcess(STAGES, code=1))
    assert [word for word in process.command.arguments if "prevalence" in word] == ["--prevalence=0.3"]


def test_the_workers_words_name_the_field(host: Any, panel: Any) -> None:
    said = event(event="error", code=2, message="--prevalence is 2.", remedy="Give a share.")
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    predict(host, panel, PlayedProcess([said], code=2))
    assert "Prevalence" in panel.widget.ui.messageLabel.text
    assert "--prevalence" not in panel.widget.ui.messageLabel.text
