"""How far a run is and how long it will take."""

from __future__ import annotations

# Seconds of each stage for a raw 4 mm scan with five members on two cores. Only their ratios matter: what has passed
# scales what is left. Importing torch is part of "model".
SECONDS = {
    "read": 1.0,
    "model": 2.5,
    "adc": 0.8,
    "mask": 0.5,
    "place": 3.0,
    "gate": 0.1,
    "z-map": 0.3,
    "predict": 1.0,
    "explain": 0.5,
    "report": 1.5,
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
