"""Whether a call ended as its kind of input must."""

from __future__ import annotations

import json
from dataclasses import dataclass

from fuzzing.cases import Case
from fuzzing.running import Ending

NEAR = 0.02  # a prediction within this of the sound scan's is the same for whoever reads it


@dataclass(frozen=True)
class Verdict:
    """``ended``: "near", "far", "exit 2", "exit 3" or "broken"; ``wrong``: what is wrong about it, empty if nothing."""

    ended: str
    wrong: str
    probability: float | None
    line: str
    seconds: float
    peak_bytes: int


def judge(case: Case, ending: Ending, sound: float) -> Verdict:
    ended, probability, broken = _ended(case, ending, sound)
    wrong = broken or _not_as_expected(case, ended, probability, sound)
    if not wrong and ending.left:
        wrong = f"left behind: {', '.join(ending.left)}"
    line = ending.errors.strip()
    return Verdict(ended, wrong, probability, line, ending.seconds, ending.peak_bytes)


def _ended(case: Case, ending: Ending, sound: float) -> tuple[str, float | None, str]:
    if ending.stopped:
        return "broken", None, f"{ending.stopped} ({ending.seconds:.0f} s, {ending.peak_bytes / 1e9:.1f} GB)"
    if ending.code == 0:
        probability = json.loads((ending.output / "result.json").read_text())["probability_adverse"]
        return ("near" if abs(probability - sound) <= NEAR else "far"), probability, ""
    if ending.code not in (2, 3):
        return "broken", None, f"exit code {ending.code}: {ending.errors.strip()[-300:]}"
    return f"exit {ending.code}", None, unhelpful(ending, withheld=case.kind.expected == "kept back")


def unhelpful(ending: Ending, *, withheld: bool = False) -> str:
    """What keeps the words of a refusal from being one line that says what is wrong and what to do.

    ``withheld``: whether the gate may have withheld the number by a warning.
    """
    lines = ending.errors.splitlines()
    begins = "age2hie: error: " if ending.code == 2 else "age2hie: refused: "
    if withheld and ending.errors.startswith("age2hie: withheld: "):
        begins = "age2hie: withheld: "
    if len(lines) != 1 or not lines[0].startswith(begins):
        return f"{len(lines)} lines on stderr, not one that begins with '{begins}': {ending.errors[:300]!r}"
    if ". " not in lines[0] or len(lines[0]) < 40:
        return f"does not say what to do: {lines[0]}"
    if not lines[0].isprintable():
        return f"holds what a terminal cannot show: {lines[0]!r}"
    return ""


def _not_as_expected(case: Case, ended: str, probability: float | None, sound: float) -> str:
    allowed = {
        "sound": {"near"},
        "refused": {"exit 2", "exit 3"},
        "kept back": {"exit 2", "exit 3"},
        "either": {"near", "exit 2", "exit 3"},
        "untold": {"near", "far", "exit 2", "exit 3"},
    }[case.kind.expected]
    if ended in allowed:
        return ""
    number = "" if probability is None else f" ({probability:.3f}, the sound scan {sound:.3f})"
    return f"{ended}{number}, expected {case.kind.expected}"
