"""A worker that is played, for tests of the panel: inside Slicer, by ctest, and in its stand-in, by pytest."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

RESULT = b'{"event":"result","output":"{output}"}\n'


def event(**content: Any) -> bytes:
    return json.dumps(content).encode() + b"\n"


class PlayedProcess:
    """Gives one part of its output at each look, then ends; ``write`` makes its output folder at the start.

    ``parts`` may hold "{output}", which becomes the folder that it was told to write.
    """

    def __init__(
        self,
        parts: Sequence[bytes] = (),
        *,
        code: int = 0,
        stderr: str = "",
        write: Callable[[Path], None] | None = None,
        hangs: bool = False,
    ) -> None:
        self.parts, self.code, self.stderr, self.write, self.hangs = list(parts), code, stderr, write, hangs
        self.command: Any = None
        self.cancelled = False

    @property
    def output(self) -> Path:
        return Path(next(item for item in self.command.arguments if item.startswith("--output=")).split("=", 1)[1])

    def start(self, command: Any) -> None:
        self.command = command
        if self.write is not None:
            self.write(self.output)

    def read(self) -> bytes:
        if not self.parts or self.cancelled:
            return b""
        part = self.parts.pop(0)
        if b"{output}" not in part:  # a call that makes no folder has none to say
            return part
        return part.replace(b"{output}", json.dumps(str(self.output))[1:-1].encode())

    def ended(self) -> Any:
        from AGE2HIEUI.process import Ended

        if self.cancelled:
            return Ended(-15, "")
        return None if self.parts or self.hangs else Ended(self.code, self.stderr)

    def cancel(self) -> None:
        self.cancelled = True

    def wait(self, seconds: float) -> bool:
        return True


def record(**changes: Any) -> dict[str, Any]:
    """A result.json of a demonstration model; ``changes`` replace keys."""
    check = {"name": "brain volume", "value": 400.0, "limit": "230 to 700 ml", "passed": True, "remedy": "Give a mask."}
    return {
        "demonstration": True,
        "probability_adverse": 0.7,
        "interval": [0.5, 0.9],
        "members": [0.6, 0.7, 0.8],
        "threshold": 0.5,
        "label": "demonstration",
        "quality": {"passed": True, "checks": [check]},
        "saliency": {"method": "hirescam", "layer": "block2", "resolution_mm": [8.0, 8.0, 8.0]},
        "model": {"name": "m", "version": "1", "sha256": "0" * 64, "trained_on": "synthetic", "intended_use": "tests"},
        "atlas": {"name": "a", "provenance": "made up"},
        "input": {
            "kind": "ADC map",
            "sha256": "1" * 64,
            "shape": [4, 5, 6],
            "spacing_mm": [1.0, 1.0, 1.0],
            "adc_unit_found": "x",
        },
        "software": {"version": "0", "python": "3", "torch": "2"},
        "device": "cpu",
        "timing_s": {"read": 0.5},
        "warnings": [],
        **changes,
    }
