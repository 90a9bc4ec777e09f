"""How far a run is and how long it will take."""

from __future__ import annotations

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


def fractionDone(stage: str) -> float:
    """Share of the whole that lies before a stage; 0 for one that is not known."""
    names = list(SECONDS)
    if stage not in names:
        return 0.0
    before = sum(SECONDS[name] for name in names[: names.index(stage)])
    return before / sum(SECONDS.values())


def secondsLeft(stage: str, elapsed: float) -> float | None:
    """None while too little has passed to say."""
    done = fractionDone(stage)
    return elapsed * (1 - done) / done if done > 0 else None
