"""What is wrong with a cohort: one line each, with the file and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from AGE2HIELib.errors import InputError

_SHOWN = 20


@dataclass(frozen=True)
class Problem:
    """``where`` names a file or a row, ``what`` says what is wrong and what to do."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class DataError(InputError):
    """A problem that keeps a table, or a row of it, from being read."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}.")
        self.problem = Problem(where, what)


def refuse(problems: Sequence[Problem]) -> None:
    """Raise one InputError with a line for each problem; nothing happens when there is none."""
    if not problems:
        return
    lines = [str(problem) for problem in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        lines.append(f"... and {len(problems) - _SHOWN} more; 'check-data' lists all of them")
    raise InputError(f"{len(problems)} problem(s) in the data:\n" + "\n".join(lines))
