"""Values of settings that pydantic's own types cannot tell right from wrong."""

from __future__ import annotations

from typing import Any

from AGE2HIELib.pipeline.request import NETWORK_METHODS, SALIENCY_METHODS


def number_or_folder(value: Any) -> Any:
    """A whole number from 0, or the name of a folder; ValueError for anything else."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | str)
        or value == ""
        or (isinstance(value, int) and value < 0)
    ):
        raise ValueError("give a number of synthetic infants, 0 for none, or a folder")
    return value


def number_or_all(value: Any) -> Any:
    """A whole number from 0, or ``all``; ValueError for anything else."""
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if not whole and value != "all":
        raise ValueError("give a number of infants, 0 for none, or all")
    return value


def known_method(name: str) -> str:
    """The name of a saliency method; ValueError where there is no such one."""
    every = (*SALIENCY_METHODS, *NETWORK_METHODS)
    if name not in every:
        raise ValueError(f"choose one of {', '.join(every)}")
    return name
