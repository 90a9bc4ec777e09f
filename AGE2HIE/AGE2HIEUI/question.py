"""Short calls of ``age2hie`` that give a text: the check of the computer, and the installation of a model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from AGE2HIEUI.process import Ended


@dataclass(frozen=True)
class Answer:
    """Exit code, stdout, and the last line of stderr, which is the error where there is one.

    Attributes:
        code: None where the worker could not be started.
        cancelled: by the user.
    """

    code: int | None
    text: str
    error: str
    cancelled: bool = False


class Question:
    """A job of the worker; ``done`` gets the answer.

    Args:
        stage: called with the number of each stage that begins, and how many there are, where the call says so.
        folder: of files that only this call needs: it goes when the call is over.
    """

    closingSeconds = 0.0

    def __init__(
        self,
        arguments: tuple[str, ...],
        done: Callable[[Answer], None],
        stage: Callable[[int, int], None] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.arguments, self._done, self._stage, self._folder = arguments, done, stage, folder
        self._out = bytearray()
        self._told = 0  # bytes whose lines were looked through for stages
        self._cancelled = False

    def begin(self) -> None:
        pass

    def fail(self, error: OSError) -> None:
        self._done(Answer(None, "", str(error)))

    def hear(self, part: bytes) -> None:
        self._out += part
        end = self._out.rfind(b"\n") + 1
        if self._stage is not None:
            for line in self._out[self._told : end].splitlines():
                _tellStage(bytes(line), self._stage)
        self._told = max(self._told, end)

    def goOn(self) -> bool:
        return True

    def cancel(self) -> None:
        self._cancelled = True

    def end(self, ended: Ended) -> None:
        lines = ended.stderr.strip().splitlines()
        error = lines[-1].removeprefix("age2hie: error: ") if lines else ""
        text = self._out.decode("utf-8", errors="replace")
        self._done(Answer(ended.code, text, error, self._cancelled))

    def close(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _tellStage(line: bytes, tell: Callable[[int, int], None]) -> None:
    """Of a line that says that a stage has begun; others are left aside."""
    try:
        event = json.loads(line)
        if event["event"] == "stage":
            tell(int(event["index"]), int(event["of"]))
    except (ValueError, KeyError, TypeError):
        return
