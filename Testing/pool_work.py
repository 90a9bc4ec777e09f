"""What workers are given in tests: work that ends well, and in every bad way."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.system.outputs import output_folder

_kept: list[np.ndarray] = []
KEPT_MB = 200


def nothing() -> str:
    return "ready"


def unusable() -> None:
    raise InputError("There is no model. Name one.")


def defect() -> None:
    raise ZeroDivisionError("ours")


def dies() -> None:
    os._exit(7)


def do(prepared: str, item: str) -> tuple[str, int]:
    """``item`` says what happens; the result names the process."""
    assert prepared == "ready"
    match item:
        case "exit":
            os._exit(9)
        case "leave":
            sys.exit(4)
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "memory":
            raise MemoryError
        case "fault":
            raise ValueError("of this item")
        case "hang":
            time.sleep(120)
        case "fill":
            _kept.append(np.ones(4 * KEPT_MB * 125_000))
            time.sleep(120)
        case "grow":
            _kept.append(np.ones(KEPT_MB * 125_000))
    return item, os.getpid()


def write_and_wait(prepared: str, output: Path) -> None:
    with output_folder(output, overwrite=False) as part:
        (part / "half").write_text(str(os.getpid()))
        time.sleep(120)


def once_slow(prepared: str, mark: Path) -> str:
    """The first who comes leaves the number of its process and waits."""
    if mark.exists():
        return "done at the second try"
    mark.write_text(str(os.getpid()))
    time.sleep(120)
    return "never"


def rest(prepared: str, seconds: float) -> None:
    time.sleep(seconds)
