"""Where networks run, and how to make every device give the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

from AGE2HIELib.errors import InputError

R = TypeVar("R")

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(requested: str) -> str:
    """``auto`` takes a CUDA GPU where one works, else the CPU; Apple's GPU is used on request only."""
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if requested == "auto":
        return "cuda" if available["cuda"] and _computes("cuda") else "cpu"
    if requested not in available:
        raise InputError(f"There is no device {requested!r}. Choose one of {', '.join(DEVICES)}.")
    if not available[requested]:
        raise InputError(f"This computer offers torch no {requested!r} device. Use --device auto or cpu.")
    return requested


def out_of_memory(error: BaseException) -> bool:
    """Whether a device ran out of memory; Apple's says so in words only."""
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "out of memory" in str(error).lower()
    )


def with_cpu_fallback(first: Callable[[], R], on_cpu: Callable[[str], R], device: str) -> R:
    """The result of ``first`` on ``device``, or where its memory runs out that of ``on_cpu``, told the reason."""
    try:
        return first()
    except RuntimeError as error:
        if device == "cpu" or not out_of_memory(error):
            raise
    # beyond the except clause, so that the traceback no longer holds the device's memory
    return on_cpu(
        f"The {device} device ran out of memory, so the network ran on the CPU; the numbers are the same to rounding."
    )


def _computes(device: str) -> bool:
    """A build without kernels for the card, or a driver too old for it, shows only when something is computed."""
    try:
        return float(torch.ones(2, device=device).sum()) == 2.0
    except RuntimeError:
        return False


# Seen on one processor: the demonstration model gave other last digits on one thread (2e-8) than on 2, 3 and 5, which
# were alike. What the reason is has not been looked into.
_LEAST_THREADS = 2


@contextmanager
def full_precision() -> Iterator[None]:
    """Float32 convolutions in full: by default a GPU rounds their factors to 10 bits (TF32). On two threads at
    least, so that a number does not depend on how many there are.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(max(threads, _LEAST_THREADS))
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            yield
    finally:
        torch.set_num_threads(threads)
