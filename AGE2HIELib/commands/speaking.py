"""Lines for people on stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from AGE2HIELib.progress import Progress
from AGE2HIELib.quality import Check

if TYPE_CHECKING:
    from AGE2HIELib.explain.examination import Examination

REFUSED = 3


def in_words(check: Check) -> str:
    return f"{check.name} is {value_in_words(check)} (must be {check.limit})"


def value_in_words(check: Check) -> str:
    if check.value is None:
        return "not known"
    return f"{check.value:.4g}" if isinstance(check.value, float) else str(check.value)


def say_refused(failed: Sequence[Check], progress: Progress, *, page: Path | None = None) -> None:
    """One line on stderr and, for programs, an event; the reasons first, then what to do about the first of them."""
    reasons = "; ".join(in_words(check) for check in failed)
    progress.error(REFUSED, f"Refused by the quality gate: {reasons}. {failed[0].remedy}")
    where = f" See {page}." if page else ""
    print(f"age2hie: refused: {reasons}.{where}", file=sys.stderr)


def examination_in_words(found: Examination) -> str:
    """One line: how many figures a map has kept, and which it has not."""
    failed = [f"{one.name} {one.value:.2f} (must be {one.limit})" for one in found.findings if not one.passed]
    if not failed:
        return f"Explanation {found.method}: kept all {len(found.findings)} figures of its examination"
    return f"Explanation {found.method}: do not rely on it: {'; '.join(failed)}"
