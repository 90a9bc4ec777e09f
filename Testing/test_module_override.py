"""What the panel does with a scan that a warning of the gate keeps back, in the headless host."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from panel_actions import SHAPE, SPOT, add_volume, affine, good, play, predict
from workers import WARNING, refused_record, result_writer, withheld_record

from AGE2HIEPlayed import RESULT, PlayedProcess, record

OVERRIDDEN = {**withheld_record()["quality"]["checks"][0], "overridden": True}

pytestmark = pytest.mark.host


def stopped(content: dict[str, Any]) -> PlayedProcess:
    """A run that the gate ends, with this record."""
    said = b'{"event":"error","code":3,"message":"Stopped","remedy":"Look."}\n'
    return PlayedProcess([said, RESULT], code=3, write=result_writer(affine(np.eye(3)), SHAPE, SPOT, content))


def test_a_warning_keeps_the_number_back_until_the_user_says_so_twice(
    host: Any, panel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    ui, asked, answers = panel.widget.ui, [], [False, True]
    monkeypatch.setattr(
        host.slicer.util, "confirmYesNoDisplay", lambda text: asked.append(text) or answers.pop(0), raising=False
    )
    held = stopped(withheld_record())
    predict(host, panel, held)
    assert "Withheld" in ui.headingLabel.text
    assert ui.checksTable.item(0, 1).text() == "WARNING"
    assert not ui.overrideButton.isHidden()
    ui.overrideButton.click()  # and the question is answered with no
    assert "step between slices: 0.4" in asked[0]
    assert "Withheld" in ui.headingLabel.text
    given = record(quality={"passed": True, "overridden": [WARNING["name"]], "checks": [OVERRIDDEN]})
    process = play(panel, good(affine(np.eye(3)), given))
    ui.overrideButton.click()
    host.wait(lambda: not panel.widget.running)
    assert "--override=step between slices" in process.command.arguments
    assert "in spite of a warning" in ui.labelLabel.text
    assert ui.checksTable.item(0, 1).text() == "overridden"
    assert ui.overrideButton.isHidden()
    assert "<b>step between slices</b>, overridden: 0.4" in ui.remediesLabel.text
    play(panel, good(affine(np.eye(3))))
    ui.predictButton.click()  # the next one asks the gate anew
    host.wait(lambda: not panel.widget.running)
    assert ui.remediesLabel.isHidden()
    assert ui.labelLabel.text.count("in spite of") == 0


def test_a_refusal_has_no_button_to_override_it(host: Any, panel: Any) -> None:
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    content = refused_record()
    content["quality"]["checks"] = [*content["quality"]["checks"], *withheld_record()["quality"]["checks"]]
    refusal = stopped(content)
    predict(host, panel, refusal)
    assert "Refused" in panel.widget.ui.headingLabel.text
    assert panel.widget.ui.overrideButton.isHidden()


def test_a_warning_that_comes_after_an_overridden_one_is_overridden_with_it(
    host: Any, panel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the first would withhold the number again."""
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    monkeypatch.setattr(host.slicer.util, "confirmYesNoDisplay", lambda text: True, raising=False)
    content = withheld_record()
    far = {**content["quality"]["checks"][0], "name": "distance from the training cases"}
    content["quality"] = {"passed": False, "overridden": [WARNING["name"]], "checks": [OVERRIDDEN, far]}
    held = stopped(content)
    predict(host, panel, held)
    assert not panel.widget.ui.overrideButton.isHidden()
    process = play(panel, good(affine(np.eye(3))))
    panel.widget.ui.overrideButton.click()
    host.wait(lambda: not panel.widget.running)
    assert [word for word in process.command.arguments if word.startswith("--override")] == [
        f"--override={WARNING['name']}",
        f"--override={far['name']}",
    ]


def test_a_warning_looks_other_than_a_refusal(host: Any, panel: Any) -> None:
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    content = refused_record()
    content["quality"]["checks"] = [*content["quality"]["checks"], *withheld_record()["quality"]["checks"]]
    refusal = stopped(content)
    predict(host, panel, refusal)
    table = panel.widget.ui.checksTable
    seen = {table.item(row, 1).text(): table.item(row, 1).background().color().name() for row in range(2)}
    assert seen == {"NOT PASSED": "#ffcdd2", "WARNING": "#ffe0b2"}


def test_what_to_do_can_be_read_without_scrolling(host: Any, panel: Any) -> None:
    """Above the table, refusals before warnings before what was overridden, in the colour of the worst."""
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    [refusal], [warning] = (content["quality"]["checks"] for content in (refused_record(), withheld_record()))
    content = refused_record()
    overridden = {**OVERRIDDEN, "name": "postnatal age"}
    content["quality"] = {"passed": False, "overridden": ["postnatal age"], "checks": [overridden, warning, refusal]}
    predict(host, panel, stopped(content))
    ui = panel.widget.ui
    lines, order = ui.remediesLabel.text.split("<br>"), ["brain volume", WARNING["name"], "postnatal age"]
    assert [line[3 : line.index("</b>")] for line in lines] == order
    assert all("Is this a newborn?" in line for line in lines)
    assert "#ffcdd2" in ui.remediesLabel.styleSheet
    assert [ui.checksTable.item(row, 0).text() for row in range(3)] == order
    many = [{**warning, "name": f"warning {number}"} for number in range(5)]
    content["quality"] = {"passed": False, "overridden": [], "checks": many}
    predict(host, panel, stopped(content))
    assert ui.remediesLabel.text.split("<br>")[-1] == "And 2 more, first in the table."
    assert "#ffe0b2" in ui.remediesLabel.styleSheet
