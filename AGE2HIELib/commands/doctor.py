"""``age2hie doctor``: whether this computer is ready, and what to do where it is not."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from AGE2HIELib.doctor.computer import check_computer
from AGE2HIELib.doctor.wheels import install_from
from AGE2HIELib.release import IN_SLICER, REQUIREMENTS
from AGE2HIELib.system.progress import Progress

READY, NOT_READY = 0, 2
_MARKS = {"good": "ok", "notice": "note", "problem": "PROBLEM"}


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """The command itself: a line for each fact, or one JSON object; first what ``--install`` asks."""
    if arguments.install is not None:
        installed = install_from(arguments.install, REQUIREMENTS | (IN_SLICER if arguments.slicer else {}))
        if not arguments.json:
            print(f"Installed from '{arguments.install.name}': {', '.join(installed) or 'nothing was missing'}")
    findings = check_computer(slicer=arguments.slicer)
    ready = all(finding.status != "problem" for finding in findings)
    if arguments.json:
        print(json.dumps({"ready": ready, "findings": [asdict(finding) for finding in findings]}))
        return READY if ready else NOT_READY
    for finding in findings:
        print(f"{_MARKS[finding.status]:<8}{finding.name}: {finding.value}")
        if finding.remedy:
            print(f"{'':<8}{finding.remedy}")
    print("Ready to predict." if ready else "Not ready: see each PROBLEM above.")
    return READY if ready else NOT_READY
