"""What a worker says, line by line, and what it amounts to in the end.

stdout is reserved for JSON objects, one a line. Whatever else arrives there means that it is not our worker that
speaks, or that it broke: such a run ends in a message and never in a result.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from AGE2HIEUI.codes import Code
from AGE2HIEUI.command import WorkerCall
from AGE2HIEUI.process import Ended

PREDICTED, UNUSABLE, REFUSED, CANCELLED = 0, 2, 3, 130
_ANSWERS = ("quality", "lesion")  # events of calls that make no folder
_LONGEST_LINE = 1_000_000  # bytes; an event takes some 100


@dataclass(frozen=True)
class Stage:
    """Stage ``index`` (from 1) of ``of`` has begun."""

    name: str
    index: int
    of: int


@dataclass(frozen=True)
class Failure:
    """Cause and remedy for the user; ``details`` for whoever is asked for help.

    Attributes:
        stage: in which the worker was, as its own word; empty where none had begun.
    """

    code: Code
    message: str
    remedy: str
    details: str = ""
    stage: str = ""


class ResultRejected(Exception):
    """An output folder that must not be shown; carries the message for the user."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True)
class Heard:
    """What a worker has said so far.

    Attributes:
        stage: the one that runs.
        error: message and remedy that it has given.
        result: whether it has said that there is a result.
        answer: what it has found, of a call that makes no folder.
        broken: the first thing that it should not have said.
        rest: a line that has not ended: it may be cut anywhere, inside a letter even.
    """

    stage: Stage | None = None
    error: tuple[str, str] | None = None
    result: bool = False
    answer: Mapping[str, Any] | None = None
    broken: str = ""
    rest: bytes = b""


def heard(before: Heard, part: bytes, output: Path) -> Heard:
    """With what has arrived since.

    Args:
        output: the folder that the worker was told to make.
    """
    *lines, rest = (before.rest + part).split(b"\n")
    after = before
    for line in lines:
        after = _withLine(after, line, output)
    if len(rest) > _LONGEST_LINE:
        return replace(after, broken=after.broken or _("a line that does not end"), rest=b"")
    return replace(after, rest=rest)


def failureOf(said: Heard, ended: Ended, call: WorkerCall) -> Failure | None:
    """What went wrong in a run that has ended; None for one whose folder, or answer, can be read."""
    said = ending(said, call)
    failure = _failureOf(said, ended, call)
    return replace(failure, stage=said.stage.name) if failure is not None and said.stage is not None else failure


def ending(said: Heard, call: WorkerCall) -> Heard:
    """With the last line, which nothing ends."""
    return replace(_withLine(said, said.rest, call.output), rest=b"") if said.rest else said


def _failureOf(said: Heard, ended: Ended, call: WorkerCall) -> Failure | None:
    if ended.code not in (PREDICTED, UNUSABLE, REFUSED, CANCELLED):
        return _died(said, ended)
    if ended.code == CANCELLED:
        return Failure(Code.STOPPED, _("The worker was cancelled from outside."), _("Start it again when ready."))
    if said.broken:
        message = _("The worker said something that cannot be read: {text}").format(text=said.broken[:80])
        return Failure(Code.BABBLE, message, _reportIt(), _details(ended, said.broken))
    if ended.code == UNUSABLE or (ended.code == REFUSED and not call.recordsRefusal):
        message, remedy = said.error or (_("The input cannot be used."), _("See the details."))
        return Failure(Code.UNUSABLE, message, remedy, ended.stderr)
    if call.answer:
        if said.answer is None:
            return Failure(Code.NO_RESULT, _("The worker ended without an answer."), _reportIt(), ended.stderr)
        return None
    if not said.result:
        return Failure(
            Code.NO_RESULT, _("The worker ended without saying that it has a result."), _reportIt(), ended.stderr
        )
    if not (call.output / call.record).is_file():
        return Failure(
            Code.NO_RESULT, _("The worker says that it has a result, but there is none."), _reportIt(), ended.stderr
        )
    return None


def _died(said: Heard, ended: Ended) -> Failure:
    if ended.code < 0:
        message = _("The worker was ended by signal {number}.").format(number=-ended.code)
        remedy = _("Often the memory ran out: close other programs and try again.")
        return Failure(Code.SIGNAL, message, remedy, ended.stderr)
    if "No module named" in ended.stderr:
        message = _("A Python package that is needed is missing: {line}").format(line=_lastLine(ended.stderr))
        return Failure(Code.IMPORT, message, _("Open 'Check this computer' below, then try again."), ended.stderr)
    if said.error is not None and not said.broken:
        return Failure(Code.DEFECT, said.error[0], said.error[1] or _reportIt(), ended.stderr)
    message = _("The worker ended with code {code}.").format(code=ended.code)
    return Failure(Code.DEFECT, message, _reportIt(), _details(ended, said.broken))


def _withLine(before: Heard, line: bytes, output: Path) -> Heard:
    try:
        return _withEvent(before, json.loads(line.decode("utf-8")), output)
    except (ValueError, KeyError, TypeError, RecursionError):
        broken = line[:200].decode("utf-8", errors="replace") or _("an empty line")
        return replace(before, broken=before.broken or broken)


def _withEvent(before: Heard, event: dict[str, Any], output: Path) -> Heard:
    kind = event["event"]
    if kind == "stage":
        index, of = int(event["index"]), int(event["of"])
        if not 1 <= index <= of:
            raise ValueError(index)
        return replace(before, stage=Stage(str(event["name"]), index, of))
    if kind == "result":
        if Path(event["output"]) != output:
            raise ValueError(event["output"])  # a result of somewhere else is not ours
        return replace(before, result=True)
    if kind in _ANSWERS:
        return replace(before, answer=event)
    if kind == "error":
        return replace(before, error=(str(event["message"]), str(event["remedy"])))
    raise ValueError(kind)


def _reportIt() -> str:
    return _("Try again; if it happens again, report it with the details.")


def _details(ended: Ended, broken: str) -> str:
    return f"{broken}\n{ended.stderr}".strip()


def _lastLine(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]
