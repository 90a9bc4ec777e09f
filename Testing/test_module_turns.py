"""How long the panel keeps Slicer waiting, as turns of the event loop: a time would depend on the other programs."""

from __future__ import annotations

from typing import Any

import pytest
from comparison_workers import MATRIX
from panel_actions import SHAPE, SPOT, add_volume, play
from workers import STAGES, result_writer

from AGE2HIEPlayed import RESULT, PlayedProcess

pytestmark = pytest.mark.host


class CountedProcess(PlayedProcess):
    """Counts how often the panel has looked for output: once in a turn of its timer."""

    looks = 0

    def read(self) -> bytes:
        self.looks += 1
        return super().read()


def test_a_click_starts_the_worker_and_waits_for_nothing(
    host: Any, panel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No turn of the event loop within the click, and no look at the worker: what it says is heard later."""
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    process = CountedProcess(STAGES, hangs=True)
    play(panel, process)
    turns: list[None] = []
    with monkeypatch.context() as patch:
        patch.setattr(host.slicer.app, "processEvents", lambda *_: turns.append(None))
        panel.widget.ui.predictButton.click()
    assert process.command is not None
    assert (process.looks, len(turns)) == (0, 0)
    assert panel.widget.running
    panel.widget.ui.cancelButton.click()
    host.wait(lambda: not panel.widget.running)


def test_a_result_is_loaded_in_the_turn_in_which_the_worker_has_ended(
    host: Any, panel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look for each part of the output, the last of which finds the end; then everything is on the screen."""
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    parts = [*STAGES, RESULT]
    process = CountedProcess(parts, write=result_writer(MATRIX, SHAPE, SPOT))
    play(panel, process)
    panel.widget.ui.predictButton.click()
    host.wait(lambda: process.looks == len(parts))
    assert not panel.widget.running
    assert panel.widget.results.record is not None
    assert "Demonstration score" in panel.widget.ui.headingLabel.text
    host.process()
    assert process.looks == len(parts)
