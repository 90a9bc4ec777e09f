"""Finds AGE2HIELib, which lies beside the module once installed and one folder up in a checkout."""

from __future__ import annotations

import sys
from pathlib import Path

from slicer.i18n import tr as _

LIBRARY = "AGE2HIELib"


def libraryParent() -> Path:
    """The folder to put on the import path. Raises FileNotFoundError for an incomplete installation."""
    module = Path(__file__).resolve().parent.parent
    for folder in (module, module.parent):
        if (folder / LIBRARY / "__init__.py").is_file():
            return folder
    raise FileNotFoundError(
        _("{library} lies neither in {folder} nor in {parent}: install AGE2HIE again.").format(
            library=LIBRARY, folder=module, parent=module.parent
        )
    )


def addLibraryToPath() -> None:
    """For what the panel reads itself: the standard-library parts of AGE2HIELib."""
    folder = str(libraryParent())
    if folder not in sys.path:
        sys.path.append(folder)
