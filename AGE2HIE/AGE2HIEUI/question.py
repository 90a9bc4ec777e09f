"""Short calls of ``age2hie`` that give a text: the check of the computer, and the installation of a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from AGE2HIEUI.process import Ended


@dataclass(frozen=True)
class Answer:
    """Exit code, stdout, and the last line of stderr, which is the error where there is one.

    Attributes:
        code: None where the worker could not be started.
    """

    code: int | None
    text: str
    error: str


class Question:
    """A job of the worker; ``done`` gets the answer."""

    closingSeconds = 0.0

    def __init__(self, arguments: tuple[str, ...], done: Callable[[Answer], None]) -> None:
        self.arguments, self._done = arguments, done
        self._out = bytearray()

    def begin(self) -> None:
        pass

    def fail(self, error: OSError) -> None:
        self._done(Answer(None, "", str(error)))

    def hear(self, part: bytes) -> None:
        self._out += part

    def goOn(self) -> bool:
        return True

    def cancel(self) -> None:
        pass

    def end(self, ended: Ended) -> None:
        lines = ended.stderr.strip().splitlines()
        error = lines[-1].removeprefix("age2hie: error: ") if lines else ""
        self._done(Answer(ended.code, self._out.decode("utf-8", errors="replace"), error))

    def close(self) -> None:
        pass
