"""What a campaign has found so far, a line a case, so that a stopped one goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from fuzzing.cases import Case
from fuzzing.judging import Verdict

_NAME = "verdicts.jsonl"


def keep(folder: Path, seed: int, case: Case, verdict: Verdict) -> None:
    line = json.dumps({"seed": seed, "kind": case.kind.name, "turn": case.turn, "verdict": asdict(verdict)})
    with (folder / _NAME).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def kept(folder: Path, seed: int, cases: Sequence[Case]) -> list[tuple[Case, Verdict]]:
    """The cases of this campaign that have a verdict; those that went wrong are to be run again."""
    if not (folder / _NAME).exists():
        return []
    found: dict[tuple[str, int], Verdict] = {}
    for line in (folder / _NAME).read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        verdict = Verdict(**entry["verdict"])
        if entry["seed"] == seed and not verdict.wrong:
            found[entry["kind"], entry["turn"]] = verdict
    return [(case, found[case.kind.name, case.turn]) for case in cases if (case.kind.name, case.turn) in found]
