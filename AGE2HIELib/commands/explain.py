"""``age2hie explain``: several saliency maps of one scan, and where they agree."""

from __future__ import annotations

import argparse

from AGE2HIELib.commands.comparing import PAGE, RECORD, RefusedError
from AGE2HIELib.commands.explain_age import check_age_call, explain_age_into
from AGE2HIELib.commands.explain_outcome import explain_outcome_into
from AGE2HIELib.commands.reading import given_paths
from AGE2HIELib.commands.speaking import say_lost, say_refused
from AGE2HIELib.errors import InputError
from AGE2HIELib.explain.age import AGE_TARGET
from AGE2HIELib.inference.prevalence import check_prevalence
from AGE2HIELib.options import SALIENCY
from AGE2HIELib.outputs import output_folder
from AGE2HIELib.progress import Progress

EXPLAINED, REFUSED = 0, 3


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """Exit code 3, and nothing written, where the gate refuses the scan: there is no number to explain."""
    methods = _methods(arguments.methods)
    if not 0 < arguments.share <= 1:
        raise InputError(f"--share is {arguments.share:g}; it must be above 0 and at most 1.")
    check_prevalence(arguments.prevalence)
    explain_into = explain_outcome_into
    if arguments.target == AGE_TARGET:
        check_age_call(arguments)
        explain_into = explain_age_into
    try:
        with output_folder(arguments.output, overwrite=arguments.overwrite, inputs=given_paths(arguments)) as folder:
            said, lost = explain_into(folder, arguments, methods, progress)
    except RefusedError as refusal:
        progress.close()
        say_refused(refusal.quality, progress)
        return REFUSED
    progress.close()
    say_lost(lost)
    progress.result(arguments.output)
    if arguments.progress == "text":
        shown = arguments.output / (PAGE if (arguments.output / PAGE).is_file() else RECORD)
        print(f"{said}{len(methods)} map{'' if len(methods) == 1 else 's'}: {shown}")
    return EXPLAINED


def _methods(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in SALIENCY]
    if unknown or not names:
        raise InputError(f"--methods names {unknown or 'nothing'}. Choose from {', '.join(SALIENCY)}, with commas.")
    return names
