"""A page as a PDF file, by the web engine that Slicer brings (Chromium, as the browser that shows the page)."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt

import slicer
from slicer.i18n import tr as _

_PATIENCE_MS = 60_000  # a report of some megabytes takes seconds


def canPrint() -> bool:
    """A Slicer that was built without its web engine cannot."""
    return hasattr(slicer, "qSlicerWebWidget")


class Printer:
    """One page at a time, in a private folder; the file appears whole or not at all.

    Args:
        done: gets what went wrong, in a sentence; empty where the file is there.
    """

    def __init__(self, done: Callable[[str], None]) -> None:
        self._done = done
        self._web: Any = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._target = Path()
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PATIENCE_MS)
        self._timer.connect("timeout()", lambda: self._end(_("The web engine did not answer.")))

    @property
    def running(self) -> bool:
        return self._folder is not None

    def print(self, page: str, target: Path) -> None:
        """Ends in ``done``, later: the engine has a process of its own. Raises OSError.

        Args:
            page: HTML that holds all it shows.
            target: a file that exists is replaced.
        """
        self.close()
        self._folder = tempfile.TemporaryDirectory(prefix="age2hie-print-", ignore_cleanup_errors=True)
        self._target = target
        source = Path(self._folder.name) / "report.html"
        try:
            source.write_text(page, encoding="utf-8")
        except OSError:
            self.close()
            raise
        self._web = slicer.qSlicerWebWidget()
        self._web.connect("loadFinished(bool)", self._onLoaded)
        self._web.connect("pdfPrintingFinished(QString,bool)", self._onPrinted)
        self._timer.start()
        self._web.setUrl(qt.QUrl.fromLocalFile(str(source)).toString())

    def close(self) -> None:
        """What is unfinished is forgotten, and nobody is told."""
        self._timer.stop()
        if self._web is not None:
            self._web.deleteLater()
            self._web = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _onLoaded(self, ok: bool) -> None:
        if self._folder is None:
            return
        if ok:
            self._web.printToPdf(str(Path(self._folder.name) / "report.pdf"), _a4())
        else:
            self._end(_("The web engine could not open the report."))

    def _onPrinted(self, path: str, ok: bool) -> None:
        if self._folder is None:
            return
        if not ok or not Path(path).is_file():
            self._end(_("The web engine could not print the report."))
            return
        try:
            _place(Path(path), self._target)
        except OSError as error:
            self._end(error.strerror or str(error))
        else:
            self._end("")

    def _end(self, problem: str) -> None:
        self.close()
        self._done(problem)


def _a4() -> Any:
    """Qt's web engine leaves the margins of the page's own style sheet aside, and prints to the edge without these."""
    margins = qt.QMarginsF(12.0, 14.0, 12.0, 14.0)
    return qt.QPageLayout(qt.QPageSize(qt.QPageSize.A4), qt.QPageLayout.Portrait, margins, qt.QPageLayout.Millimeter)


def _place(made: Path, target: Path) -> None:
    """By way of a sibling, since the private folder may lie on another disk."""
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(made, part)
        os.replace(part, target)
    except OSError:
        part.unlink(missing_ok=True)
        raise
