"""Which files a call names, and which are taken where it names none."""

from __future__ import annotations

import argparse
from pathlib import Path

from AGE2HIELib.resources import resource_path
from AGE2HIELib.timing import Timing

_OPTIONS = ("input", "z_adc", "mask", "model", "atlas")


def given_paths(arguments: argparse.Namespace) -> list[Path]:
    """Everything the call reads: the output must not lie on it."""
    named = [getattr(arguments, name, None) for name in _OPTIONS]
    return [path for path in named if path is not None]


def given_timing(arguments: argparse.Namespace) -> Timing:
    """What the caller knows of the infant; raises InputError for an age that cannot be."""
    cooled = None if arguments.cooled is None else arguments.cooled == "yes"
    return Timing(arguments.age_days, arguments.gestation_weeks, cooled)


def resolve_atlas(folder: Path | None) -> Path:
    return folder or resource_path("atlas")
