"""Which files a call names, and which are taken where it names none."""

from __future__ import annotations

import argparse
from pathlib import Path

from AGE2HIELib.resources import resource_path

_OPTIONS = ("input", "z_adc", "mask", "model", "atlas")


def given_paths(arguments: argparse.Namespace) -> list[Path]:
    """Everything the call reads: the output must not lie on it."""
    named = [getattr(arguments, name, None) for name in _OPTIONS]
    return [path for path in named if path is not None]


def resolve_atlas(folder: Path | None) -> Path:
    return folder or resource_path("atlas")
