"""What is typed of a child: given to the worker in a private file, kept nowhere, gone with the next scan."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from comparison_workers import MATRIX
from panel_actions import add_volume, play
from workers import STAGES

from AGE2HIELib.clinical.variables import BY_NAME
from AGE2HIELib.result.findings import ClinicalPart, ClinicalReading
from AGE2HIEPlayed import PlayedProcess

pytestmark = pytest.mark.host


def test_what_is_typed_reaches_the_worker_alone(host: Any, panel: Any, tmp_path: Path) -> None:
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    ui = panel.widget.ui
    assert ui.clinicalCollapsibleButton.collapsed
    ui.apgar5Edit.text = " 4 "
    ui.cordPhEdit.text = "6.91"
    ui.seizuresComboBox.setCurrentIndex(1)
    process = play(panel, PlayedProcess(STAGES, hangs=True))
    ui.predictButton.click()
    (option,) = [word for word in process.command.arguments if word.startswith("--clinical=")]
    path = Path(option.split("=", 1)[1])
    assert json.loads(path.read_text(encoding="utf-8")) == {"apgar_5": "4", "cord_ph": "6.91", "seizures": "yes"}
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.parent.stat().st_mode & 0o077 == 0
    ui.cancelButton.click()
    host.wait(lambda: not panel.widget.running)
    assert not path.exists()
    host.saveScene(tmp_path / "scene.mrb")
    assert b"6.91" not in (tmp_path / "scene.mrb").read_bytes()
    assert not [key for key in host.slicer.app.userSettings().allKeys() if "apgar" in key.lower()]
    ui.inputSelector.pick(add_volume(host, MATRIX, "Infant B", 1300.0))
    assert panel.widget.clinical.given == {}


def test_nothing_typed_is_no_option(host: Any, panel: Any) -> None:
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    process = play(panel, PlayedProcess(STAGES, code=1))
    panel.widget.ui.predictButton.click()
    host.wait(lambda: not panel.widget.running)
    assert not [word for word in process.command.arguments if "clinical" in word]


def test_the_fields_are_those_that_the_library_knows(host: Any, panel: Any) -> None:
    """Beside gestation, age and cooling, which have fields of their own above; with the library's ranges and units."""
    from AGE2HIEUI.clinicalSection import _FIELDS
    from AGE2HIEUI.clinicalTexts import variableTitle

    assert set(_FIELDS) | {"gestation_weeks", "age_days", "cooled"} == set(BY_NAME)
    ui = panel.widget.ui
    shown = {name: str(getattr(ui, field).placeholderText) for name, field in _FIELDS.items() if field.endswith("Edit")}
    assert shown == {
        "apgar_1": "0 to 10",
        "apgar_5": "0 to 10",
        "apgar_10": "0 to 10",
        "cord_ph": "6.2 to 7.7",
        "base_deficit_mmol_l": "-5 to 45 mmol/l",
        "sarnat_grade": "0 to 3",
        "weight_g": "300 to 7000 g",
        "head_cm": "18 to 45 cm",
    }
    assert {name: variableTitle(name, "?") for name in BY_NAME} == {name: one.title for name, one in BY_NAME.items()}
    assert variableTitle("lactate", "Lactate") == "Lactate"


def test_how_much_comes_from_the_image_and_from_which_variable(host: Any, panel: Any) -> None:
    from AGE2HIEUI.clinicalTexts import clinicalText

    parts = (
        ClinicalPart("cord_ph", "pH", True, 0.8),
        ClinicalPart("apgar_10", "Apgar", False, -0.1),
        ClinicalPart("sex", "Sex", True, 0.0),
        ClinicalPart("head_cm", "Head", False, 0.0),
    )
    reading = ClinicalReading(("cord_ph", "sex"), ("head_cm",), "", 0.4, 0.6, (0.3, 0.8), -0.4, parts, "Assumed <so>.")
    assert clinicalText(reading).split("<br>") == [
        "<b>With clinical variables (2 given): 0.60</b> (90 % interval 0.30-0.80); by the image alone 0.40.",
        "In log-odds, above 0 raises the number: image -0.4; pH of cord blood +0.8; "
        "Apgar score at 10 minutes, not known, -0.1; others (1) less than 0.05 each.",
        "Assumed &lt;so&gt;.",
    ]
    assert clinicalText(None) == clinicalText(ClinicalReading(("cord_ph",), ())) == ""
    nothing = ClinicalReading((), ("sex",), "", 0.4, 0.4, (0.3, 0.8), -0.4, parts[-1:])
    assert clinicalText(nothing) == ""


def type_all(ui: Any) -> None:
    """One value in every field of the section."""
    typed = {"apgar1": "1", "apgar5": "3", "apgar10": "4", "cordPh": "6.8137", "baseDeficit": "21.7391"}
    for name, value in {**typed, "sarnat": "moderate", "weight": "3317.4937", "head": "33.8719"}.items():
        getattr(ui, f"{name}Edit").text = value
    ui.sexComboBox.setCurrentIndex(1)
    ui.seizuresComboBox.setCurrentIndex(1)


@pytest.mark.slow
def test_the_real_worker_joins_what_was_typed(host: Any, panel: Any, infant_file: Path, tmp_path: Path) -> None:
    ui = panel.widget.ui
    ui.inputPathEdit.text = str(infant_file)
    type_all(ui)
    ui.predictButton.click()
    host.wait(lambda: not panel.widget.running, 300)
    assert panel.widget.results.record is not None, ui.messageLabel.text
    found = panel.widget.results.result.clinical
    assert set(found.given) == set(BY_NAME) - {"gestation_weeks", "age_days", "cooled"}
    assert f"With clinical variables (10 given): {found.probability_adverse:.2f}" in ui.labelLabel.text
    assert f"by the image alone {found.probability_image:.2f}" in ui.labelLabel.text
    assert f"{found.probability_image:.2f}" in ui.scoreLabel.text
    assert f"image {found.image_logit:+.1f};" in ui.labelLabel.text
    words = ui.labelLabel.text.lower()  # of a demonstration model
    assert not [word for word in ("probability", "adverse", "favourable", "risk") if word in words]
    assert found.assumption
    assert found.assumption in ui.labelLabel.text
    for part in found.parts:
        if abs(part.contribution_logit) >= 0.05:
            assert part.title in ui.labelLabel.text
    host.saveScene(tmp_path / "scene.mrb")
    kept = panel.widget.results.record.GetText() + ui.provenanceLabel.text + ui.labelLabel.text
    for value in (b"6.8137", b"21.7391", b"3317.4937", b"33.8719"):
        assert value not in (tmp_path / "scene.mrb").read_bytes()
        assert value.decode() not in kept


@pytest.mark.slow
def test_the_real_worker_says_which_value_cannot_be(host: Any, panel: Any, infant_file: Path) -> None:
    ui = panel.widget.ui
    ui.inputPathEdit.text = str(infant_file)
    ui.weightEdit.text = "3.3"
    ui.predictButton.click()
    host.wait(lambda: not panel.widget.running, 300)
    assert panel.widget.results.record is None
    assert re.search(r"weight_g is 3\.3; it must be 300 to 7000 g", ui.messageLabel.text), ui.messageLabel.text
    assert str(ui.weightEdit.text) == "3.3"  # to be corrected, not typed anew
