"""First blocks that a scan's check and its explanation both ask for, computed once; this file knows no torch.

How far a scan lies from the training cases is read from the output of each network's first block, and so is the map of
a network that is explained there: without this the larger half of every network ran twice.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

# By network: the last image, and the output of the first block for it.
Kept = MutableMapping[Any, tuple[Any, Any]]
_kept: ContextVar[Kept | None] = ContextVar("first blocks", default=None)


@contextmanager
def first_blocks_kept() -> Iterator[None]:
    """Inside, a network that does not learn gives the first block of the image that it saw last without computing it.

    Its weights may not change inside.
    """
    before = _kept.set(WeakKeyDictionary())
    try:
        yield
    finally:
        _kept.reset(before)


def kept_blocks() -> Kept | None:
    """None outside of ``first_blocks_kept``."""
    return _kept.get()
