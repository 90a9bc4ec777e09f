"""What a benchmark has measured, as a file of ``benchmark/results``: written by the benchmark, quoted by the pages.

A file holds the figures of one run, and what is needed to make them again: command, date, commit, model, cores. The
pages cite them (``quotes.py``). ``"transcribed": true`` is said of figures that were copied from a page on which an
earlier run had printed them: the commit is then the one that brought them there. AGE2HIE_RESULTS names another folder
than ``benchmark/results``, for runs that are no evidence.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, SupportsFloat

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "benchmark" / "results"
MODEL = ROOT / "Resources" / "models" / "demo" / "configs" / "metadata.json"
DIGITS = 6  # of a measured number: more say nothing, and differ from one machine to the next


@dataclass(frozen=True)
class Figure:
    """``value`` in ``unit`` (as the page shows it: per cent, not a share); a text only for levels such as 2B."""

    value: float | str
    unit: str = ""
    interval: tuple[float, float] | None = None


@dataclass
class Figures:
    """The figures of one run of a benchmark; ``name`` is that of the file.

    Names of figures are parts joined by ``/``, without spaces: from what is common to what is special.
    """

    name: str
    found: dict[str, Figure] = field(default_factory=dict)

    def add(
        self,
        name: str,
        value: SupportsFloat | str,
        unit: str = "",
        interval: tuple[SupportsFloat, SupportsFloat] | None = None,
    ) -> None:
        """``interval``: low and high, in the unit of the value."""
        name = name.replace(" ", "-")
        if name in self.found:
            raise ValueError(f"The figure {name} is there twice.")
        low_high = None if interval is None else (_rounded(interval[0]), _rounded(interval[1]))
        self.found[name] = Figure(value if isinstance(value, str) else _rounded(value), unit, low_high)

    def write(self, *, model: bool | None = None, real: bool = False) -> Path | None:
        """The file; ``real``: the figures are of the scans that AGE2HIE_TEST_DATA names.

        ``model``: they are those of the bundled model, whose version is kept with them; where it is False, those of
        another, and nothing is written unless AGE2HIE_RESULTS says where to.

        A figure that is not a finite number is left out: it could not be measured.
        """
        elsewhere = os.environ.get("AGE2HIE_RESULTS")
        if model is False and not elsewhere:
            print("the figures of another model are kept only where AGE2HIE_RESULTS says", file=sys.stderr)
            return None
        head: dict[str, Any] = {
            "name": self.name,
            "command": _command(real=real),
            "date": datetime.now(UTC).date().isoformat(),
        }
        head |= {"commit": commit(), "cores": cores()}
        head |= {"model": bundled_version()} if model else {}
        file = Path(elsewhere or FOLDER) / f"{self.name}.json"
        kept = {name: one for name, one in self.found.items() if isinstance(one.value, str) or one.value == one.value}
        write_results(file, head, kept)
        print(f"{len(kept)} figures are in {file.name}; `make docs` brings them to the pages", file=sys.stderr)
        return file


def write_results(file: Path, head: Mapping[str, Any], found: Mapping[str, Figure]) -> None:
    """A line for each figure, so that a change is read in a diff."""
    lines = [f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}," for name, value in head.items()]
    figures = []
    for name, one in found.items():
        row: dict[str, Any] = {"name": name, "value": one.value, "unit": one.unit}
        row |= {"interval": list(one.interval)} if one.interval else {}
        figures.append(f"    {json.dumps(row, ensure_ascii=False)}")
    file.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(["{", *lines, '  "figures": [', ",\n".join(figures), "  ]", "}"])
    file.write_text(text + "\n", encoding="utf-8", newline="\n")


def read_results(file: Path) -> dict[str, Figure]:
    """The figures of a file, by name and in its order; ``model`` is the version of the bundled model that was asked."""
    kept = json.loads(file.read_text(encoding="utf-8"))
    version = {"model": Figure(kept["model"])} if "model" in kept else {}
    return version | {
        row["name"]: Figure(row["value"], row["unit"], tuple(row["interval"]) if "interval" in row else None)
        for row in kept["figures"]
    }


def bundled_version() -> str:
    return str(json.loads(MODEL.read_text(encoding="utf-8"))["version"])


def commit() -> str:
    """Short hash of the checkout; with a plus where sources differ from it, empty where there is no git."""
    git = ["git", "-C", str(ROOT)]
    try:
        head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        where = ["AGE2HIELib", "training", "benchmark/*.py", "Resources"]
        changed = subprocess.run([*git, "status", "--porcelain", "--", *where], capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _command(*, real: bool) -> str:
    """As it was called, but for folders of this machine."""
    script = Path(sys.argv[0]).resolve()
    shown = script.relative_to(ROOT).as_posix() if script.is_relative_to(ROOT) else script.name
    arguments = [("FOLDER" if Path(one).is_absolute() else one) for one in sys.argv[1:]]
    data = "AGE2HIE_TEST_DATA=FOLDER " if real else ""
    return f"{data}python {shlex.join([shown, *arguments])}"


def _rounded(value: SupportsFloat) -> float:
    number = float(f"{float(value):.{DIGITS}g}")
    return int(number) if number.is_integer() else number
