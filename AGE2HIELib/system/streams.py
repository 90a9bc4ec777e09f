"""Standard streams that may fail: a run goes on when its output can no longer be written."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO


class KeptStream:
    """Passes text on until that fails, for want of space or because nothing is there; what follows goes nowhere.

    ``failure`` is what went wrong. A reader that has left ends the run, as in any pipe, unless ``keeps_on`` is set.
    """

    def __init__(self, stream: TextIO, *, keeps_on: bool = False) -> None:
        self._stream, self._keeps_on = stream, keeps_on
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._give_up(error)

    def last_flush(self) -> None:
        """At the end nobody is left to be told that a reader has left."""
        self._keeps_on = True
        self.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _give_up(self, error: OSError) -> None:
        if isinstance(error, BrokenPipeError) and not self._keeps_on:
            raise error
        self.failure = self.failure or error
        send_nowhere(self._stream)


def send_nowhere(stream: TextIO) -> None:
    """Also what Python still holds of it: that is written when the process ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


@contextmanager
def keep_streams() -> Iterator[None]:
    """stdout and stderr of this process, kept; not those of a program, or a test, that has put others in their place.

    Python has None for a stream that was closed before it started: then what is written goes nowhere.
    """
    before = sys.stdout, sys.stderr
    for name, keeps_on in (("stdout", False), ("stderr", True)):
        stream, own = getattr(sys, name), getattr(sys, f"__{name}__")
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - until the process ends
        elif stream is own and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file name that a terminal's character set lacks
            setattr(sys, name, KeptStream(stream, keeps_on=keeps_on))
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, KeptStream):
                stream.last_flush()
        sys.stdout, sys.stderr = before
