"""Slicer's web widget as far as printing goes: Debian's chromium, the engine that Qt's own is made of."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from PySide6.QtCore import QProcess, QTemporaryDir, QTimer, QUrl, Signal
from PySide6.QtWidgets import QWidget

_BROWSERS = ("chromium", "chromium-browser")
_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")


class qSlicerWebWidget(QWidget):
    """Answers in later turns of the event loop, as the real one does; a page that is no file does not load."""

    loadFinished = Signal(bool)
    pdfPrintingFinished = Signal(str, bool)

    def __init__(self, parent: Any = None) -> None:
        QWidget.__init__(self, parent)
        self._page = Path()
        self._profile = QTemporaryDir()
        self._process = QProcess(self)
        self._loading = QTimer(self)
        self._loading.setSingleShot(True)
        self._loading.timeout.connect(lambda: self.loadFinished.emit(self._page.is_file()))

    def setUrl(self, url: Any) -> None:
        self._page = Path(QUrl(url).toLocalFile())
        self._loading.start(0)

    def printToPdf(self, path: Any, layout: Any) -> None:
        """With the margins of the page's own style sheet, which Qt's engine leaves aside for those of ``layout``."""
        assert layout.isValid()
        program = next((found for name in _BROWSERS if (found := shutil.which(name))), "chromium")
        profile = f"--user-data-dir={self._profile.path()}"
        arguments = [*_FLAGS, profile, "--no-pdf-header-footer", f"--print-to-pdf={path}", self._page.as_uri()]
        self._process.finished.connect(lambda *_: self.pdfPrintingFinished.emit(path, Path(path).is_file()))
        self._process.start(program, arguments)
