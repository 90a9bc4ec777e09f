"""What operating systems leave in folders and archives unasked: nobody's scan, and no part of a model."""

from __future__ import annotations

from pathlib import PurePath

_NAMES = {
    *(".ds_store", "__macosx", ".appledouble", ".spotlight-v100", ".trashes", ".fseventsd", ".temporaryitems"),  # macOS
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "system volume information", "$recycle.bin"),  # Windows
    *("lost+found", "@eadir"),  # Linux, and network drives
}


def is_system_file(path: PurePath) -> bool:
    """Whether it is one, or lies in one; ``path`` as seen from the folder that the user named."""
    return any(part.casefold() in _NAMES or part.startswith("._") for part in path.parts)
