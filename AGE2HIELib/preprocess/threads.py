"""One thread for SimpleITK, where the order in which sums are added up would change their last digits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import SimpleITK as sitk


@contextmanager
def one_sitk_thread() -> Iterator[None]:
    """Every filter and metric that is made inside computes on one thread; the number from before comes back.

    ``SetNumberOfThreads`` of a registration does not reach its metric: the correlation is summed up in as many parts as
    there are threads, and the affine parameters then differ by 1e-9 (measured).
    """
    before = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)
