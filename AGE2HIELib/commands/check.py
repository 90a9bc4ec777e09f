"""``age2hie check``: the quality gate alone."""

from __future__ import annotations

import argparse

from AGE2HIELib.commands.messages import say_refused, value_in_words
from AGE2HIELib.commands.requests import request_of
from AGE2HIELib.pipeline.prediction import REFUSED, check
from AGE2HIELib.quality import Check, Quality
from AGE2HIELib.result.decode import encode
from AGE2HIELib.system.progress import Progress


def run(arguments: argparse.Namespace, progress: Progress) -> int:
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
