"""What a damaged input is: its kind, what it must end in, and how it is made from a sound scan."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from AGE2HIELib.volume import DwiSeries, Volume
from fuzzing.sound import write_scan

# sound: predicted within 0.02 of the scan it was made from. refused: exit 2 or 3. either: one of the two.
# untold: the data cannot tell, so that any prediction is right, but no crash, hang or crowded memory is.
# "kept back": refused, or withheld by a warning that a user may override; what "refused" forbids
Expected = Literal["sound", "refused", "kept back", "either", "untold"]


Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Call:
    """One call of ``age2hie predict``.

    Attributes:
        scan: INPUT.
        more: further arguments.
        output: of ``--output``, relative to the place of the case.
        place: what is odd about where it runs: "", "full disk", "full temporary disk", "read-only output",
            "read-only temporary folder", "unreadable input".
    """

    scan: Path
    more: tuple[str, ...] = ()
    output: str = "out"
    place: str = ""


@dataclass(frozen=True)
class Workshop:
    """Where one input is made.

    Attributes:
        folder: its own, with a copy of the sound scan in it.
        scan: that copy; a folder for DICOM.
        form: one of ``FORMATS``.
        content: the sound scan in memory; a copy, to be changed at will.
        rng: of this input alone.
    """

    folder: Path
    scan: Path
    form: str
    content: Volume | DwiSeries
    rng: np.random.Generator

    def rewritten(self, content: Volume | DwiSeries) -> Path:
        """The scan with other values or another grid, in the same format."""
        return write_scan(self.form, self.folder / "changed", content)

    def one_of(self, choices: Sequence[Choice]) -> Choice:
        return choices[int(self.rng.integers(len(choices)))]


@dataclass(frozen=True)
class Kind:
    """A way to spoil a scan.

    Attributes:
        why: for "untold": why the data cannot tell.
        most: how many inputs of this kind one campaign makes at most.
    """

    name: str
    expected: Expected
    forms: tuple[str, ...]
    make: Callable[[Workshop], Path | Call]
    why: str = ""
    most: int = field(default=1000)


@dataclass(frozen=True)
class Case:
    """One input of a campaign."""

    number: int
    kind: Kind
    form: str
    sound: int
    turn: int

    @property
    def title(self) -> str:
        return f"{self.number:04d} {self.kind.name} [{self.form}]"

    def rng(self, seed: int) -> np.random.Generator:
        """Of the seed, the kind's name and the turn: other kinds of the campaign do not change it."""
        return np.random.default_rng([seed, zlib.crc32(self.kind.name.encode()), self.turn])


def plan(kinds: Sequence[Kind], count: int, infants: int) -> list[Case]:
    """``count`` cases: every kind in turn, each time with the next of its formats and the next infant."""
    cases: list[Case] = []
    turn = 0
    while len(cases) < count and any(turn < kind.most for kind in kinds):
        for kind in kinds:
            if turn < kind.most and len(cases) < count:
                form = kind.forms[turn % len(kind.forms)]
                sound = (turn // len(kind.forms) + turn) % infants
                cases.append(Case(len(cases), kind, form, sound, turn))
        turn += 1
    return cases
