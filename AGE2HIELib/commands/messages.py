"""Lines for people: on stderr what happened, on stdout what was asked."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from AGE2HIELib.pipeline.prediction import REFUSED
from AGE2HIELib.quality import Check, Quality
from AGE2HIELib.system.progress import Progress


def in_words(check: Check) -> str:
    return f"{check.name} is {value_in_words(check)} (must be {check.limit})"


def value_in_words(check: Check) -> str:
    if check.value is None:
        return "not known"
    return f"{check.value:.4g}" if isinstance(check.value, float) else str(check.value)


def say_refused(quality: Quality, progress: Progress, *, page: Path | None = None) -> None:
    """One line on stderr and, for programs, an event; the reasons first, then what to do about the first of them."""
    stopping = quality.stopping
    reasons = "; ".join(in_words(check) for check in stopping)
    verdict = "withheld" if quality.withheld else "refused"
    progress.error(REFUSED, f"{verdict.capitalize()} by the quality gate: {reasons}. {stopping[0].remedy}")
    where = f" See {page}." if page else ""
    line = f"age2hie: {verdict}: {reasons}.{where}"
    if quality.withheld:
        flags = " ".join(f'--override "{name}"' for name in quality.to_override)
        line += f" To predict all the same, on record: {flags}"
    print(line, file=sys.stderr)


def say_lost(lost: Sequence[str]) -> None:
    """What is missing of the extras of a result that stands."""
    if lost:
        print(f"age2hie: warning: {' '.join(lost)}", file=sys.stderr)


def say_like(result: Path, options: Sequence[str], left_out: Sequence[str]) -> None:
    """What ``--like`` has brought, and what it could not."""
    taken = " ".join(shlex.quote(option) for option in options) or "every setting is the default"
    rest = f". Not taken, since it is the other infant's or kept nowhere: {' '.join(left_out)}" if left_out else ""
    print(f"age2hie: as in '{result.name}': {taken}{rest}", file=sys.stderr)


def print_facts(lines: dict[str, str]) -> None:
    for name, value in lines.items():
        print(f"{name + ':':<15}{value}")
