"""What a run tells its caller while it works: nothing, a line for people, or JSON lines for programs."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO

KINDS = ("text", "jsonl", "none")


class Progress(Protocol):
    """Where the events of a run go."""

    def stage(self, name: str, index: int, of: int) -> None:
        """Stage ``index`` (from 1) of ``of`` begins."""

    def case(self, facts: Mapping[str, object]) -> None:
        """One case of many has ended."""

    def found(self, event: str, facts: Mapping[str, object]) -> None:
        """What a command that writes no folder has found."""

    def result(self, output: Path) -> None:
        """The results lie in ``output``."""

    def error(self, code: int, message: str) -> None:
        """The run ends with exit code ``code``; the last sentence of the message is the remedy."""

    def each(self, items: Sequence[str], title: str) -> Iterable[str]:
        """The items of a stage that takes minutes, one by one."""

    def say(self, line: str) -> None:
        """A line for people, as soon as it is known."""

    def close(self) -> None:
        """No more stages: leave the stream tidy."""


class Silent:
    """``--progress none``: the exit code and the output folder say everything."""

    def stage(self, name: str, index: int, of: int) -> None:
        pass

    def case(self, facts: Mapping[str, object]) -> None:
        pass

    def found(self, event: str, facts: Mapping[str, object]) -> None:
        pass

    def result(self, output: Path) -> None:
        pass

    def error(self, code: int, message: str) -> None:
        pass

    def each(self, items: Sequence[str], title: str) -> Iterable[str]:
        return items

    def say(self, line: str) -> None:
        pass

    def close(self) -> None:
        pass


class Bar(Silent):
    """``--progress text``: a bar that redraws itself on a terminal and writes nothing into a log file."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: Any = None

    def stage(self, name: str, index: int, of: int) -> None:
        if not self._stream.isatty():
            return
        if self._bar is None:
            from tqdm import tqdm  # only here: a run without a terminal need not import it

            self._bar = tqdm(
                total=of, file=self._stream, leave=False, bar_format="{desc:<12}{bar:30} {n_fmt}/{total_fmt}"
            )
        self._bar.n = index - 1
        self._bar.set_description_str(name)

    def each(self, items: Sequence[str], title: str) -> Iterable[str]:
        from tqdm import tqdm

        shown: Iterable[str] = tqdm(items, desc=title, file=self._stream, leave=False)
        return shown

    def say(self, line: str) -> None:
        from tqdm import tqdm

        tqdm.write(line)  # above the bar

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class JsonLines(Silent):
    """``--progress jsonl``: one JSON object a line, flushed at once."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def stage(self, name: str, index: int, of: int) -> None:
        fraction = round((index - 1) / of, 4)
        self._write({"event": "stage", "name": name, "index": index, "of": of, "fraction": fraction})

    def case(self, facts: Mapping[str, object]) -> None:
        self._write({"event": "case", **facts})

    def found(self, event: str, facts: Mapping[str, object]) -> None:
        self._write({"event": event, **facts})

    def result(self, output: Path) -> None:
        self._write({"event": "result", "output": str(output)})

    def error(self, code: int, message: str) -> None:
        what, remedy = split_remedy(message)
        self._write({"event": "error", "code": code, "message": what, "remedy": remedy})

    def _write(self, event: dict[str, object]) -> None:
        self._stream.write(json.dumps(event) + "\n")
        self._stream.flush()


def split_remedy(message: str) -> tuple[str, str]:
    """The last sentence of an error says what to do (house rule); one sentence alone has no remedy."""
    sentences = re.split(r"(?<=[.!?]) (?=[A-Z'])", " ".join(message.split()))
    if len(sentences) == 1:
        return sentences[0], ""
    return " ".join(sentences[:-1]), sentences[-1]


def make_progress(kind: str, *, out: TextIO, err: TextIO) -> Progress:
    """``kind`` is one of ``KINDS``."""
    if kind == "jsonl":
        return JsonLines(out)
    return Bar(err) if kind == "text" else Silent()


class Stages:
    """The stages of one case in their order: ``with stages("place"):`` announces one and times it."""

    def __init__(self, names: tuple[str, ...], progress: Progress | None = None) -> None:
        self._names = names
        self._progress = progress or Silent()
        self._seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """The work of stage ``name``, which may be done in several pieces."""
        if name not in self._seconds:
            self._progress.stage(name, self._names.index(name) + 1, len(self._names))
        start = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - start

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds spent in each stage so far."""
        return {name: round(value, 4) for name, value in self._seconds.items()}
