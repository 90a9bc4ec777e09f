"""How far a run is and how long it will take."""

from __future__ import annotations

from collections.abc import Mapping

_TELLING = 0.5  # seconds expected so far, below which the start of the process says more than the pace
_NEARLY = 0.95  # a stage that takes longer than expected stands here until it ends


def progressOf(expected: Mapping[str, float], stage: str, elapsed: float, inStage: float) -> tuple[float, float | None]:
    """(share of the whole that is done, seconds left); None while too little has passed to say.

    Args:
        expected: seconds of each stage, in their order.
        stage: the one that runs; of one that is not known nothing is said.
        elapsed, inStage: seconds since the start, and since this stage began.
    """
    if stage not in expected:
        return 0.0, None
    names, total = list(expected), sum(expected.values())
    before = sum(expected[name] for name in names[: names.index(stage)])
    if before < _TELLING or elapsed <= inStage:
        return 0.0, None
    pace = (elapsed - inStage) / before
    done = before + expected[stage] * min(inStage / max(pace * expected[stage], 1e-9), _NEARLY)
    return done / total, pace * (total - done)
