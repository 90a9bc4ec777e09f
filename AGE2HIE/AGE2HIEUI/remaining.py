"""How far a run is and how long it will take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# Seconds of each stage for the sample data on two idle cores: the median of timing_s in three result.json. Only their
# ratios matter: what has passed scales what is left. Importing torch is part of "model".
SECONDS = {
    "read": 0.06,
    "model": 1.09,
    "adc": 0.21,
    "mask": 0.28,
    "place": 0.70,
    "gate": 0.01,
    "z-map": 0.13,
    "predict": 0.66,
    "explain": 0.11,
    "report": 0.36,
}
# Of one map, likewise; those that are not named take as long as "explain" above.
SLOW_METHODS = dict(
    [("integrated-gradients", 17.0), ("smooth-integrated-gradients", 100.0), ("occlusion", 60.0), ("noise-map", 45.0)]
)
EXAMINATION = 60.0  # of one map of the CAM family
_TELLING = 0.5  # seconds expected so far, below which the start of the process says more than the pace
_NEARLY = 0.95  # a stage that takes longer than expected stands here until it ends


def stageSeconds(methods: Sequence[str], *, examine: bool = False) -> dict[str, float]:
    """What each stage is expected to take, where these maps are made."""
    explain = sum(SLOW_METHODS.get(method, SECONDS["explain"]) for method in methods)
    before = {name: seconds for name, seconds in SECONDS.items() if name != "report"}
    examination = {"examine": EXAMINATION} if examine else {}
    return {**before, "explain": explain, **examination, "report": SECONDS["report"]}


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
