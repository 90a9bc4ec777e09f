"""A model's card in a window of its own, which stays while the user works on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import qt

import slicer

from AGE2HIEUI.library import addLibraryToPath

_SIZE = (720, 640)  # of the window, in pixels


class Card:
    """One window, which the next card replaces."""

    def __init__(self) -> None:
        self._browser: Any = None

    def show(self, title: str, folder: Path) -> None:
        """The card as the bundle holds it; a line where it holds none."""
        addLibraryToPath()
        from AGE2HIELib.bundle.details import read_model_card
        from AGE2HIELib.errors import ModelError

        try:
            text = read_model_card(folder)
        except ModelError as error:
            slicer.util.infoDisplay(str(error))
            return
        if self._browser is None:
            self._browser = qt.QTextBrowser()
            self._browser.setOpenLinks(False)  # a card from elsewhere opens nothing
            self._browser.resize(*_SIZE)
        self._browser.setWindowTitle(title)
        self._browser.markdown = text
        self._browser.show()
        self._browser.raise_()

    @property
    def text(self) -> str:
        """What the window shows, without its marks; empty before the first card."""
        return "" if self._browser is None else str(self._browser.plainText)
