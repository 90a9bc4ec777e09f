"""What a system costs: processor seconds of each of its steps and peak memory, of a row that was stopped as well."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from AGE2HIELib.batch.worker import memory_here
from training.files import write_text


@dataclass(frozen=True)
class Cost:
    """``seconds`` of one core by step; ``peak_mb``: the most memory that a process of the row had."""

    seconds: dict[str, float] = field(default_factory=dict)
    peak_mb: float = 0.0

    @property
    def total_seconds(self) -> float:
        return sum(self.seconds.values())


@contextmanager
def measured(file: Path, step: str) -> Iterator[None]:
    """Add what is done inside to ``step`` of the cost in a file.

    What a killed process did of a step is lost; what it left behind is not done again, and so not counted.
    """
    began = time.process_time()
    yield
    known = read_cost(file)
    spent = known.seconds.get(step, 0.0) + time.process_time() - began
    now = Cost({**known.seconds, step: round(spent, 1)}, round(max(known.peak_mb, memory_here().peak_mb)))
    write_text(file, json.dumps(asdict(now), indent=1) + "\n")


def read_cost(file: Path) -> Cost:
    """Nothing before anything was measured."""
    return Cost(**json.loads(file.read_text(encoding="utf-8"))) if file.exists() else Cost()
