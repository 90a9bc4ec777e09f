"""The dataset held against the BIDS specification by the validator of its makers, where that is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from AGE2HIELib.errors import InputError

PROGRAM = "bids-validator-deno"


@dataclass(frozen=True)
class ValidatorAnswer:
    """Codes of what is wrong and of what could be better, each with the first file that it names."""

    errors: Mapping[str, str]
    warnings: Mapping[str, str]


def find_validator() -> Path | None:
    """Beside this Python, or on the path; None where it is not installed."""
    beside = Path(sys.executable).with_name(PROGRAM)
    found = beside if beside.is_file() else shutil.which(PROGRAM)
    return Path(found) if found else None


def validate(program: Path, root: Path) -> ValidatorAnswer:
    """Raises InputError where the validator gives no answer."""
    command = [str(program), "--format", "json", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8", errors="replace")
    try:
        issues: list[dict[str, Any]] = json.loads(done.stdout)["issues"]["issues"]
    except (ValueError, KeyError, TypeError) as problem:
        raise InputError(
            f"{PROGRAM} gave no answer (it ended with {done.returncode}). Leave it out with --skip-bids-validation."
        ) from problem
    found: dict[str, dict[str, str]] = {"error": {}, "warning": {}}
    for issue in issues:
        severity, code = str(issue.get("severity", "")), str(issue.get("code", ""))
        if severity in found:
            named = ".".join(filter(None, (code, str(issue.get("subCode") or ""))))
            found[severity].setdefault(named, str(issue.get("location") or root.name))
    return ValidatorAnswer(found["error"], found["warning"])


def refuse_invalid(root: Path) -> bool:
    """False where no validator is installed.

    Raises:
        InputError: the dataset has errors.
    """
    program = find_validator()
    if program is None:
        return False
    errors = validate(program, root).errors
    if errors:
        shown = "; ".join(f"{code} in {where}" for code, where in list(errors.items())[:3])
        more = f" and {len(errors) - 3} more" if len(errors) > 3 else ""
        raise InputError(
            f"{PROGRAM} finds errors in '{root.name}': {shown}{more}. Correct them, or add --skip-bids-validation."
        )
    return True
