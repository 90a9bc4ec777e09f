"""``age2hie check``: the quality gate alone."""

from __future__ import annotations

import argparse

from AGE2HIELib.commands.reading import given_timing, resolve_atlas
from AGE2HIELib.commands.speaking import say_refused, value_in_words
from AGE2HIELib.pipeline import CHECK_STAGES, examine, read_scan
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.progress import Progress, Stages
from AGE2HIELib.quality import Check, Quality
from AGE2HIELib.quality.check import known_overrides
from AGE2HIELib.report.record import quality_record
from AGE2HIELib.timing import with_age


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """Ends with 0 or 3."""
    override = known_overrides(arguments.override)
    stages = Stages(CHECK_STAGES, progress)
    atlas = stages.run("read", load_atlas, resolve_atlas(arguments.atlas))
    scan = stages.run("read", read_scan, arguments.input, series=arguments.series, mask=arguments.mask)
    timing = with_age(given_timing(arguments), scan.source.age_days)
    seen = examine(scan, atlas, stages, align=arguments.align, timing=timing)
    quality = seen.quality.overriding(override)
    progress.close()
    if arguments.progress == "text":
        _print_table(quality)
        for warning in seen.warnings:
            print(f"warning: {warning}")
    progress.found("quality", quality_record(quality))
    if quality.passed:
        return 0
    say_refused(quality, progress)
    return 3


def _print_table(quality: Quality) -> None:
    wide = max(len(check.name) for check in quality.checks)
    for check in quality.checks:
        print(f"{_verdict(check):<11}{check.name:<{wide + 2}}{value_in_words(check)}  (must be {check.limit})")
        if not check.passed:
            print(f"{'':<11}{check.remedy}")


def _verdict(check: Check) -> str:
    if check.passed or check.overridden:
        return "passed" if check.passed else "overridden"
    return "WARNING" if check.severity == "warn" else "REFUSED"
