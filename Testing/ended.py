"""Other processes, and the marks of those that have ended, for tests of what they leave behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from AGE2HIELib.system.stray_files import owner_is_gone

ROOT = Path(__file__).resolve().parent.parent
_MARK_AND_WAIT = "from AGE2HIELib.system.stray_files import owner_mark; print(owner_mark(), flush=True); input()"


def other_process() -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", _MARK_AND_WAIT], cwd=ROOT, stdin=-1, stdout=-1, text=True)


def ended_mark() -> str:
    with other_process() as other:
        assert other.stdout is not None
        mark = other.stdout.readline().strip()
        assert not owner_is_gone(mark)
        other.kill()
    return mark
