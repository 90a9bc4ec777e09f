"""``python -m fuzzing`` from Testing/ (``make fuzz``): runs a campaign and prints its table by kind."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from fuzzing.campaign import prepared, run_cases
from fuzzing.cases import plan
from fuzzing.keeping import keep, kept
from fuzzing.kinds import all_kinds
from fuzzing.sound import INFANTS
from fuzzing.telling import table, untold


def main() -> int:
    asked = _arguments()
    kinds = [kind for kind in all_kinds() if not asked.kind or any(part in kind.name for part in asked.kind)]
    cases = plan(kinds, asked.cases, len(INFANTS))
    folder = Path(asked.folder or tempfile.mkdtemp(prefix="age2hie-fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{len(cases)} inputs of {len(kinds)} kinds, seed {asked.seed}, {asked.jobs} at a time; files in {folder}")
    began = time.monotonic()
    campaign = prepared(folder, asked.seed, sorted({(case.sound, case.form) for case in cases}), asked.jobs)
    for (infant, form), probability in sorted(campaign.numbers.items()):
        print(f"sound scan {infant} {form}: {probability:.4f}")
    done = kept(folder, asked.seed, cases)
    if done:
        print(f"{len(done)} of them were run before")
    before = {case.number for case, _ in done}
    left = [case for case in cases if case.number not in before]
    with suppress(KeyboardInterrupt):  # what was found so far is told
        for case, verdict in run_cases(campaign, left, asked.jobs):
            keep(folder, asked.seed, case, verdict)
            done.append((case, verdict))
            if verdict.wrong or asked.verbose:
                number = "" if verdict.probability is None else f" {verdict.probability:.4f}"
                print(
                    f"{case.title}: {verdict.ended}{number}; {verdict.wrong or 'as it must'}; {verdict.line}",
                    flush=True,
                )
    print(table(done))
    print("Cannot be told from the data:\n" + untold(kinds))
    print(f"{time.monotonic() - began:.0f} s")
    return int(any(verdict.wrong for _, verdict in done))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzzing", description=__doc__)
    parser.add_argument("--cases", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kind", action="append", help="only kinds whose name holds this; repeatable")
    parser.add_argument(
        "--folder", help="where files go; those of inputs that went wrong stay, and a stopped campaign goes on there"
    )
    parser.add_argument("--verbose", action="store_true", help="a line for every input")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
