"""One fact about the computer, and what to do where it stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["good", "notice", "problem"]


@dataclass(frozen=True)
class Finding:
    """``notice``: a prediction runs, but slower or with less; ``problem``: it does not run. ``good``: no remedy."""

    name: str
    value: str
    status: Status
    remedy: str = ""


def good(name: str, value: str) -> Finding:
    return Finding(name, value, "good")


def notice(name: str, value: str, remedy: str) -> Finding:
    return Finding(name, value, "notice", remedy)


def problem(name: str, value: str, remedy: str) -> Finding:
    return Finding(name, value, "problem", remedy)
