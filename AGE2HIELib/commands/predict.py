"""``age2hie predict``, ``explain`` and ``check``: one scan in; an output folder out, or what the quality gate says."""

from __future__ import annotations

import argparse
from pathlib import Path

from AGE2HIELib.commands.messages import say_lost, say_refused, value_in_words
from AGE2HIELib.commands.requests import request_of
from AGE2HIELib.pipeline.admission import Withheld
from AGE2HIELib.pipeline.prediction import REFUSED, Outcome, check, predict
from AGE2HIELib.quality import Check, Quality
from AGE2HIELib.report.folder import PAGE
from AGE2HIELib.report.record import examination_in_words
from AGE2HIELib.result.decode import encode
from AGE2HIELib.result.findings import ClinicalReading
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
        if outcome.clinical is not None and outcome.clinical.probability_adverse is not None:
            print(_with_clinical(outcome.clinical))
        for name in outcome.quality.overridden:
            print(f"Warning overridden: {name}")
    if outcome.examination is not None:
        print(examination_in_words(outcome.examination))
    print(f"Report: {output / (PAGE if (output / PAGE).is_file() else RECORD)}")


EXPLAINED = 0


def run_explain(arguments: argparse.Namespace, progress: Progress) -> int:
    """Exit code 3, and nothing written, where the gate withholds the number: there is none to explain."""
    # what compares maps is not loaded for a prediction
    from AGE2HIELib.pipeline import comparison
    from AGE2HIELib.pipeline.explanation import explain

    request, output = request_of(arguments), arguments.output
    explained = explain(request, output, overwrite=arguments.overwrite, progress=progress)
    progress.close()
    if isinstance(explained, Withheld):
        say_refused(explained.gated.quality, progress)
        return REFUSED
    say_lost(explained.lost)
    progress.result(output)
    if arguments.progress == "text":
        count = len(request.methods)
        page = output / (comparison.PAGE if (output / comparison.PAGE).is_file() else comparison.RECORD)
        print(f"{explained.headline}{count} map{'' if count == 1 else 's'}: {page}")
    return EXPLAINED


def run_check(arguments: argparse.Namespace, progress: Progress) -> int:
    """Ends with 0 or 3."""
    gated = check(request_of(arguments), progress)
    quality = gated.quality
    progress.close()
    if arguments.progress == "text":
        _print_table(quality)
        for warning in gated.warnings:
            print(f"warning: {warning}")
    progress.found("quality", encode(quality.recorded()))
    if gated.passed:
        return 0
    say_refused(quality, progress)
    return REFUSED


def _print_table(quality: Quality) -> None:
    wide = max(len(one.name) for one in quality.checks)
    for one in quality.checks:
        print(f"{_verdict(one):<11}{one.name:<{wide + 2}}{value_in_words(one)}  (must be {one.limit})")
        if not one.passed:
            print(f"{'':<11}{one.remedy}")


def _verdict(one: Check) -> str:
    if one.passed or one.overridden:
        return "passed" if one.passed else "overridden"
    return "WARNING" if one.severity == "warn" else "REFUSED"


def _with_clinical(reading: ClinicalReading) -> str:
    """One line: the number joined with clinical variables, and which were given."""
    if reading.interval is None or not reading.given:
        return f"With clinical variables: none was given, so the number is the image's alone ({_short(reading)})"
    low, high = reading.interval
    given = ", ".join(reading.given)
    return f"With clinical variables {_short(reading)} (90 % interval {low:.2f}-{high:.2f}); given: {given}"


def _short(reading: ClinicalReading) -> str:
    return f"{reading.probability_adverse:.2f}"
