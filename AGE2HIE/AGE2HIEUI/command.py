"""The calls of ``age2hie`` that a choice of parameters means."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from AGE2HIEUI.library import addLibraryToPath, libraryParent
from AGE2HIEUI.process import Command

if TYPE_CHECKING:
    from AGE2HIELib.pipeline.request import Request

_PROGRAM = ("-m", "AGE2HIELib.cli")

PREDICT, CHECK, EXPLAIN = "predict", "check", "explain"


@dataclass(frozen=True)
class WorkerCall:
    """One call of the worker.

    Attributes:
        subcommand: of ``age2hie``: ``PREDICT``, ``CHECK`` or ``EXPLAIN``.
        request: what is asked, by the library's own words; its files lie on the disk.
        folder: private to this call: its input lies there, and the worker makes its output folder in it.
    """

    subcommand: str
    request: Request
    folder: Path

    @property
    def output(self) -> Path:
        """It does not exist before the worker makes it, so nothing old can lie there."""
        return self.folder / "output"

    @property
    def record(self) -> str:
        """The file of the output folder that says how it ended; empty for a call that answers in an event."""
        return {PREDICT: "result.json", EXPLAIN: "explanations.json"}.get(self.subcommand, "")

    @property
    def answer(self) -> str:
        """The event that holds what was found, of a call that makes no folder."""
        return {CHECK: "quality"}.get(self.subcommand, "")

    @property
    def recordsRefusal(self) -> bool:
        """Whether what it gives is also given for a scan that the quality gate refuses."""
        return self.subcommand in (PREDICT, CHECK)

    @property
    def arguments(self) -> tuple[str, ...]:
        folder = (f"--output={self.output}",) if self.record else ()
        return (self.subcommand, *folder, "--progress=jsonl", *self.request.argv())

    @property
    def seconds(self) -> dict[str, float]:
        """What each stage is expected to take."""
        addLibraryToPath()
        from AGE2HIELib.pipeline.stages import CHECK_STAGES, STAGE_SECONDS, expected_seconds

        if self.subcommand == CHECK:
            return {name: STAGE_SECONDS[name] for name in CHECK_STAGES}
        if self.subcommand == PREDICT:
            return expected_seconds((self.request.saliency or "",), examine=self.request.examine)
        return {**expected_seconds(self.request.methods), "predict": 0.0}  # there is no number to make


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
