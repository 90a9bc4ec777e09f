"""Qt's dialogs for files and folders."""

from __future__ import annotations

import qt

import slicer


def chooseFolder(caption: str) -> str:
    """Empty where the user cancels."""
    return qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), caption) or ""


def chooseFile(caption: str, kinds: str = "") -> str:
    """Empty where the user cancels; ``kinds`` as Qt's name filters."""
    chosen = qt.QFileDialog.getOpenFileName(slicer.util.mainWindow(), caption, "", kinds)
    return (chosen[0] if isinstance(chosen, tuple) else chosen) or ""  # PythonQt gives the name alone


def chooseNewFile(caption: str, name: str, kinds: str) -> str:
    """A file to write, which the dialog has asked about where it exists; empty where the user cancels."""
    chosen = qt.QFileDialog.getSaveFileName(slicer.util.mainWindow(), caption, name, kinds)
    return (chosen[0] if isinstance(chosen, tuple) else chosen) or ""
