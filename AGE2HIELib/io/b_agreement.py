"""Whether the b-values of a converter are those that the headers state: both counted, matched one to one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

# A converter adds the imaging gradients or scales by a direction's length, where headers state the nominal value:
# Siemens 995 or 1005 beside 1000.
SAME_B_RELATIVE = 0.05
SAME_B_S_MM2 = 20.0
B0_LIMIT_S_MM2 = 50.0  # what a volume that the headers are silent about may have
_MOST_IN_WORDS = 8


def same_b(one: float, other: float) -> bool:
    """Whether two statements about one volume mean one b-value: a nominal 0 and what it is in truth do."""
    high = max(one, other)
    return high <= B0_LIMIT_S_MM2 or abs(one - other) <= max(SAME_B_S_MM2, SAME_B_RELATIVE * high)


def unmatched(converted: np.ndarray, stated: Mapping[float | None, int]) -> tuple[list[float], list[float | None]]:
    """What remains when every converted volume has taken a stated one.

    Args:
        converted: ``(N,)`` b-values of volumes, s/mm^2.
        stated: volumes by the b-value that the headers state; None counts those they are silent about.

    Returns:
        Converted volumes that no statement fits, and stated ones that were not converted. A silent volume fits a
        converted b0 where the headers state no other b0.
    """
    left = sorted(b for b, count in stated.items() if b is not None for _ in range(count))
    silent = stated.get(None, 0)
    fits_silence = not left or left[0] > B0_LIMIT_S_MM2
    without: list[float] = []
    for b in sorted(float(value) for value in converted):
        near = max(SAME_B_S_MM2, SAME_B_RELATIVE * b)
        found = next((other for other in left if abs(other - b) <= near), None)
        if found is not None:
            left.remove(found)
        elif silent and fits_silence and b <= B0_LIMIT_S_MM2:
            silent -= 1
        else:
            without.append(b)
    return without, [*left, *[None] * silent]


def in_words(counts: Mapping[float | None, int]) -> str:
    """``0 (1 volume), 1000 (12 volumes), none (2 volumes)``."""
    ordered = sorted(counts.items(), key=lambda item: (item[0] is None, item[0] or 0.0))
    words = [
        f"{'none' if b is None else f'{b:g}'} ({count} volume{'' if count == 1 else 's'})"
        for b, count in ordered[:_MOST_IN_WORDS]
    ]
    more = len(ordered) - _MOST_IN_WORDS
    return ", ".join(words) + (f" and {more} more" if more > 0 else "")
