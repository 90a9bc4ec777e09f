"""Where networks run, and how to make every device give the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from AGE2HIELib.errors import InputError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(requested: str) -> str:
    """``auto`` takes a CUDA GPU where one works, else the CPU; Apple's GPU is used on request only."""
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if requested == "auto":
        return "cuda" if available["cuda"] else "cpu"
    if requested not in available:
        raise InputError(f"There is no device {requested!r}. Choose one of {', '.join(DEVICES)}.")
    if not available[requested]:
        raise InputError(f"This computer offers torch no {requested!r} device. Use --device auto or cpu.")
    return requested


@contextmanager
def full_precision() -> Iterator[None]:
    """Float32 convolutions in full: by default a GPU rounds their factors to 10 bits (TF32)."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield
