"""The stages of a run in their order, and how long each takes.

The standard library is enough to read this file, so that the panel can do so at once.
"""

from __future__ import annotations

from collections.abc import Sequence

# Seconds of each stage for the sample data on two idle cores: the median of timing_s in three result.json. Only their
# ratios matter: what has passed scales what is left. Importing torch is part of "model".
STAGE_SECONDS = {
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
EXAMINATION_SECONDS = 60.0  # of one map of the CAM family

STAGES = tuple(STAGE_SECONDS)
CHECK_STAGES = ("read", "adc", "mask", "place", "gate")
EXAMINED_STAGES = (*STAGES[:-1], "examine", STAGES[-1])  # where the explanation is examined as well


def expected_seconds(methods: Sequence[str], *, examine: bool = False) -> dict[str, float]:
    """What each stage is expected to take, where these maps are made."""
    maps = sum(SLOW_METHODS.get(method, STAGE_SECONDS["explain"]) for method in methods)
    own = {**STAGE_SECONDS, "explain": maps, "examine": EXAMINATION_SECONDS}
    return {name: own[name] for name in (EXAMINED_STAGES if examine else STAGES)}
