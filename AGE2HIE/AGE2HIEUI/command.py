"""The calls of ``age2hie`` that a choice of parameters means."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from slicer.i18n import tr as _

from AGE2HIEUI.library import libraryParent
from AGE2HIEUI.process import Command
from AGE2HIEUI.remaining import stageSeconds

_PROGRAM = ("-m", "AGE2HIELib.cli")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One call of the worker on one scan, in files; everything optional may be left out.

    Attributes:
        subcommand: of ``age2hie``.
        record: the file of its output folder that says how it ended.
        recordsRefusal: whether that file is also written for a scan that the quality gate refuses.
        prevalence: share of adverse outcomes that the number is wanted for; None for that of the calibration.
        override: warnings of the gate to go on in spite of.
    """

    subcommand: ClassVar[str]
    record: ClassVar[str]
    recordsRefusal: ClassVar[bool]

    scan: Path
    output: Path
    series: str | None = None
    zAdc: Path | None = None
    mask: Path | None = None
    model: Path | None = None
    atlas: Path | None = None
    device: str = "auto"
    prevalence: float | None = None
    align: str = "auto"
    ageDays: float | None = None
    gestationWeeks: float | None = None
    cooled: str | None = None
    override: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """Every option is one argument, so no name can become an option."""
        options = {
            "series": self.series,
            "z-adc": self.zAdc,
            "mask": self.mask,
            "model": self.model,
            "atlas": self.atlas,
            "age-days": self.ageDays,
            "gestation-weeks": self.gestationWeeks,
            "cooled": self.cooled,
            **self._ownOptions(),
            "prevalence": self.prevalence,
            "device": self.device,
            "align": self.align,
            "output": self.output,
            "progress": "jsonl",
        }
        given = tuple(f"--{name}={value}" for name, value in options.items() if value is not None)
        overridden = tuple(f"--override={name}" for name in self.override)
        return (self.subcommand, *given, *overridden, *self._flags(), "--", str(self.scan))

    @property
    def seconds(self) -> dict[str, float]:
        """What each stage is expected to take."""
        raise NotImplementedError

    def _ownOptions(self) -> dict[str, object]:
        return {}

    def _flags(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, kw_only=True)
class Prediction(Reading):
    """``age2hie predict``."""

    subcommand: ClassVar[str] = "predict"
    record: ClassVar[str] = "result.json"
    recordsRefusal: ClassVar[bool] = True

    saliency: str = "hirescam"
    examine: bool = False

    @property
    def seconds(self) -> dict[str, float]:
        return stageSeconds((self.saliency,), examine=self.examine)

    def _ownOptions(self) -> dict[str, object]:
        return {"saliency": self.saliency}

    def _flags(self) -> tuple[str, ...]:
        return ("--examine",) if self.examine else ()


@dataclass(frozen=True, kw_only=True)
class Explaining(Reading):
    """``age2hie explain``: several maps of one scan."""

    subcommand: ClassVar[str] = "explain"
    record: ClassVar[str] = "explanations.json"
    recordsRefusal: ClassVar[bool] = False

    methods: tuple[str, ...]
    target: str

    @property
    def seconds(self) -> dict[str, float]:
        return {**stageSeconds(self.methods), "predict": 0.0}  # there is no number to make

    def _ownOptions(self) -> dict[str, object]:
        return {"methods": ",".join(self.methods), "target": self.target}


def commandOf(*arguments: str) -> Command:
    """Any call of ``age2hie`` as a child of Slicer's own Python. Raises FileNotFoundError where that is not found."""
    return Command((pythonSlicer(), *_PROGRAM, *arguments), workerEnvironment(os.environ))


def pythonSlicer() -> str:
    """Slicer's Python: PythonSlicer is on Slicer's path; a test puts a stand-in there."""
    found = shutil.which("PythonSlicer")
    if found is None:
        raise FileNotFoundError(_("PythonSlicer was not found on the path of this Slicer: install Slicer again."))
    return found


def workerEnvironment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Slicer's own environment, since its Python needs it, with our library first and UTF-8 whatever the locale."""
    before = inherited.get("PYTHONPATH")
    path = os.pathsep.join([str(libraryParent()), *([before] if before else [])])
    return {**inherited, "PYTHONPATH": path, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
