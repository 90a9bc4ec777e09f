"""What the slice views show of a result, and the keys for it: colours on and off, blink, next place, next layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import qt

from AGE2HIEUI import findingTexts, places
from AGE2HIEUI.display import setFrontOpacity
from AGE2HIEUI.parameters import AGE2HIEParameterNode, Layer
from AGE2HIEUI.resultSection import ResultSection

if TYPE_CHECKING:
    from AGE2HIEUI.places import Place

BLINK_MS = 600  # long enough to look at either picture
# of the application's main window; none of them is one of Slicer's own
KEYS = {"toggle": "Ctrl+Shift+O", "blink": "Ctrl+Shift+B", "next": "Ctrl+Shift+N", "layer": "Ctrl+Shift+L"}


class ViewSection:
    """Acts on the result that is on the screen; without one its keys do nothing.

    Args:
        parameters: of the open panel; None while it is closed.
    """

    def __init__(
        self, ui: Any, window: Any, results: ResultSection, parameters: Callable[[], AGE2HIEParameterNode | None]
    ) -> None:
        self._ui, self._results, self._parameters = ui, results, parameters
        self._next = 0
        self._shown = True
        self._record: Any = None
        self._timer = qt.QTimer()
        self._timer.setInterval(BLINK_MS)
        self._timer.connect("timeout()", self.toggle)
        ui.blinkButton.connect("toggled(bool)", self._onBlink)
        ui.nextPlaceButton.connect("clicked()", self.nextPlace)
        ui.regionsTable.connect("cellClicked(int,int)", self._onRegion)
        actions = {
            "toggle": self.toggle,
            "blink": ui.blinkButton.toggle,
            "next": self.nextPlace,
            "layer": self.nextLayer,
        }
        self.shortcuts = [self._shortcut(window, KEYS[name], action) for name, action in actions.items()]
        self.enableKeys(False)

    def enableKeys(self, enabled: bool) -> None:
        """They belong to this module while it is open, and to others else."""
        for shortcut in self.shortcuts:
            shortcut.setEnabled(enabled)

    def follow(self) -> None:
        """Another result, or none, has come on the screen: it starts at its first place, with its colours on."""
        if self._results.record is self._record:
            return
        self._record = self._results.record
        self._next, self._shown = 0, True
        self._ui.blinkButton.setChecked(False)
        self._ui.placeLabel.setText("")

    def toggle(self) -> None:
        """Colours on or off, as the opacity's slider has them."""
        parameters = self._parameters()
        if self._results.record is not None and parameters is not None:
            self._shown = not self._shown
            setFrontOpacity(self._results.record, parameters.opacity if self._shown else 0.0)

    def nextLayer(self) -> None:
        parameters = self._parameters()
        if self._results.record is not None and parameters is not None:
            layers = list(Layer)
            parameters.layer = layers[(layers.index(parameters.layer) + 1) % len(layers)]

    def nextPlace(self) -> None:
        """The largest lesion first, round and round; where there is none, regions by their evidence."""
        if self._results.record is None or self._results.result is None:
            return
        found = places.placesOf(self._results.record, self._results.result, self._results.regions)
        if found:
            self._go(found[self._next % len(found)], self._next % len(found) + 1, len(found))
            self._next += 1

    def _go(self, place: Place, number: int, of: int) -> None:
        places.showPlace(place)
        self._ui.placeLabel.setText(findingTexts.placeLine(place.words, number, of))

    def _onRegion(self, row: int, _column: int) -> None:
        if self._results.record is not None and row < len(self._results.regions):
            place = places.regionPlace(self._results.record, self._results.regions[row])
            if place is not None:
                self._go(place, 1, 1)

    def _onBlink(self, on: bool) -> None:
        if on and self._results.record is not None:
            self._timer.start()
            return
        self._timer.stop()
        if not self._shown:
            self.toggle()

    def _shortcut(self, window: Any, keys: str, action: Callable[[], None]) -> Any:
        shortcut = qt.QShortcut(window)
        shortcut.setKey(qt.QKeySequence(keys))
        shortcut.connect("activated()", action)
        return shortcut
