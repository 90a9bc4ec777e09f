"""What a worker says, line by line, and what it amounts to in the end.

stdout is reserved for JSON objects, one a line. Whatever else arrives there means that it is not our worker that
speaks, or that it broke: such a run ends in a message and never in a result.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from AGE2HIEUI.process import Ended

PREDICTED, UNUSABLE, REFUSED, CANCELLED = 0, 2, 3, 130
_LONGEST_LINE = 1_000_000  # bytes; an event takes some 100


@dataclass(frozen=True)
class Stage:
    """Stage ``index`` (from 1) of ``of`` has begun."""

    name: str
    index: int
    of: int


@dataclass(frozen=True)
class Failure:
    """Cause and remedy for the user; ``details`` for whoever is asked for help."""

    message: str
    remedy: str
    details: str = ""


@dataclass
class Conversation:
    """The lines so far; holds state because a line may arrive in pieces, cut inside a letter even.

    Attributes:
        output, record: the folder and the file in it that an end with a result must have left.
        recordsRefusal: whether a refusal leaves them as well.
    """

    output: Path
    record: str
    recordsRefusal: bool
    stage: Stage | None = None
    _rest: bytes = b""
    _error: tuple[str, str] | None = None
    _resultSaid: bool = False
    _broken: str = ""

    def hear(self, part: bytes) -> None:
        """Take what has arrived."""
        *lines, self._rest = (self._rest + part).split(b"\n")
        for line in lines:
            self._line(line)
        if len(self._rest) > _LONGEST_LINE:
            self._broken, self._rest = self._broken or _("a line that does not end"), b""

    def failure(self, ended: Ended) -> Failure | None:
        """What went wrong in a run that has ended; None for a prediction or a refusal whose folder can be read."""
        if self._rest:
            self._line(self._rest)
        if ended.code not in (PREDICTED, UNUSABLE, REFUSED, CANCELLED):
            return self._died(ended)
        if ended.code == CANCELLED:
            return Failure(_("The worker was cancelled from outside."), _("Start it again when ready."))
        if self._broken:
            return self._unreadable(ended)
        if ended.code == UNUSABLE or (ended.code == REFUSED and not self.recordsRefusal):
            message, remedy = self._error or (_("The input cannot be used."), _("See the details."))
            return Failure(message, remedy, ended.stderr)
        if not self._resultSaid:
            return Failure(_("The worker ended without saying that it has a result."), _reportIt(), ended.stderr)
        if not (self.output / self.record).is_file():
            return Failure(_("The worker says that it has a result, but there is none."), _reportIt(), ended.stderr)
        return None

    def _died(self, ended: Ended) -> Failure:
        if ended.code < 0:
            message = _("The worker was ended by signal {number}.").format(number=-ended.code)
            remedy = _("Often the memory ran out: close other programs and try again.")
            return Failure(message, remedy, ended.stderr)
        if "No module named" in ended.stderr:
            message = _("A Python package that is needed is missing: {line}").format(line=_lastLine(ended.stderr))
            return Failure(message, _("Open 'Check this computer' below, then try again."), ended.stderr)
        if self._error is not None and not self._broken:
            return Failure(self._error[0], self._error[1] or _reportIt(), ended.stderr)
        message = _("The worker ended with code {code}.").format(code=ended.code)
        return Failure(message, _reportIt(), _details(ended, self._broken))

    def _unreadable(self, ended: Ended) -> Failure:
        message = _("The worker said something that cannot be read: {text}").format(text=self._broken[:80])
        return Failure(message, _reportIt(), _details(ended, self._broken))

    def _line(self, line: bytes) -> None:
        try:
            event = json.loads(line.decode("utf-8"))
            self._take(event)
        except (ValueError, KeyError, TypeError, RecursionError):
            self._broken = self._broken or line[:200].decode("utf-8", errors="replace") or _("an empty line")

    def _take(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "stage":
            index, of = int(event["index"]), int(event["of"])
            if not 1 <= index <= of:
                raise ValueError(index)
            self.stage = Stage(str(event["name"]), index, of)
        elif kind == "result":
            if Path(event["output"]) != self.output:
                raise ValueError(event["output"])  # a result of somewhere else is not ours
            self._resultSaid = True
        elif kind == "error":
            self._error = str(event["message"]), str(event["remedy"])
        else:
            raise ValueError(kind)


def _reportIt() -> str:
    return _("Try again; if it happens again, report it with the details.")


def _details(ended: Ended, broken: str) -> str:
    return f"{broken}\n{ended.stderr}".strip()


def _lastLine(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]
