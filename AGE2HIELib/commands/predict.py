"""``age2hie predict``: one scan in, an output folder out."""

from __future__ import annotations

import argparse
from pathlib import Path

from AGE2HIELib.commands.messages import say_lost, say_refused
from AGE2HIELib.commands.requests import request_of
from AGE2HIELib.pipeline.prediction import REFUSED, Outcome, predict
from AGE2HIELib.report.folder import PAGE
from AGE2HIELib.report.record import examination_in_words
from AGE2HIELib.result.stored import RECORD
from AGE2HIELib.system.progress import Progress


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """Ends with 0, or 3 where the gate withholds the number."""
    outcome = predict(request_of(arguments), arguments.output, overwrite=arguments.overwrite, progress=progress)
    progress.close()
    tell(outcome, arguments.output, progress, text=arguments.progress == "text")
    return outcome.code


def tell(outcome: Outcome, output: Path, progress: Progress, *, text: bool) -> None:
    """Say how it ended: in words, or as events."""
    if outcome.code == REFUSED:
        page = output / PAGE
        say_refused(outcome.quality, progress, page=page if page.is_file() else None)
    say_lost(outcome.lost)
    progress.result(output)
    if not text:
        return
    if outcome.probability is not None and outcome.interval is not None:
        heading = "Demonstration score" if outcome.demonstration else "Probability of an adverse outcome at two years"
        low, high = outcome.interval
        where = "" if outcome.prevalence is None else f" for a prevalence of {outcome.prevalence:g}"
        print(f"{heading} {outcome.probability:.2f} (90 % interval {low:.2f}-{high:.2f}){where}")
        for name in outcome.quality.overridden:
            print(f"Warning overridden: {name}")
    if outcome.examination is not None:
        print(examination_in_words(outcome.examination))
    print(f"Report: {output / (PAGE if (output / PAGE).is_file() else RECORD)}")
