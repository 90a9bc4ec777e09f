"""A disk that several computers share."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

_PATIENCE_S = 5.0  # network disks tell of new files late


def is_there(paths: Sequence[Path]) -> bool:
    """Any of them, or soon."""
    until = time.monotonic() + _PATIENCE_S
    while not any(path.exists() for path in paths):
        if time.monotonic() > until:
            return False
        time.sleep(0.5)
    return True
