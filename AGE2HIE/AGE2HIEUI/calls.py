"""Short calls of ``age2hie`` that give a text: the check of the computer, and the installation of a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from AGE2HIEUI.background import Background
from AGE2HIEUI.command import commandOf
from AGE2HIEUI.process import Ended, Process


@dataclass(frozen=True)
class Answer:
    """Exit code, stdout, and the last line of stderr, which is the error where there is one."""

    code: int
    text: str
    error: str


class Calls:
    """One call at a time; a new one ends the one before."""

    def __init__(self, background: Background, newProcess: Callable[[], Process]) -> None:
        self._background = background
        self._newProcess = newProcess
        self._process: Process | None = None

    def start(self, arguments: tuple[str, ...], done: Callable[[Answer], None]) -> None:
        """``done`` gets the answer in the panel's thread. Raises OSError where the worker cannot be started."""
        self.close()
        process = self._newProcess()
        process.start(commandOf(*arguments))
        self._process = process
        out = bytearray()

        def poll() -> bool:
            out.extend(process.read())
            ended = process.ended()
            if ended is None:
                return False
            if process is self._process:
                self._process = None
                done(_answer(bytes(out), ended))
            return True

        self._background.add(poll)

    def close(self) -> None:
        """End what runs; its answer is not wanted any more."""
        if self._process is not None:
            self._process.cancel()
            self._process = None


def _answer(out: bytes, ended: Ended) -> Answer:
    lines = ended.stderr.strip().splitlines()
    error = lines[-1].removeprefix("age2hie: error: ") if lines else ""
    return Answer(ended.code, out.decode("utf-8", errors="replace"), error)
