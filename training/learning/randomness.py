"""Random numbers that depend on the seed, the epoch and the sample alone.

Whatever order the samples come in, on however many processes, and whether or not the run was stopped in between: a
sample meets the same changes in the same epoch.
"""

from __future__ import annotations

import hashlib

import numpy as np
import torch

_BANK_VALUES = 1 << 22


def key(*words: int | str) -> int:
    """A seed of 63 bits from numbers and words."""
    digest = hashlib.blake2b(repr(words).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def uniforms(seed: int, epoch: int, samples: torch.Tensor, count: int) -> torch.Tensor:
    """``(N, count)`` float32 in [0, 1): for each sample a row of its own, by the counter-based generator Philox."""
    rows = [
        np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, epoch, sample])).random(count, np.float32)
        for sample in samples.tolist()
    ]
    return torch.from_numpy(np.stack(rows))


def permutation(seed: int, epoch: int, count: int) -> np.ndarray:
    """The order of the samples in an epoch."""
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 1, epoch, 0])).permutation(count)


def noise_bank(seed: int) -> torch.Tensor:
    """Standard normal numbers from which noise images are cut at random places: drawing each anew would cost more
    than moving the image does, and no network can learn a bank of four million numbers that is cut anywhere."""
    generator = torch.Generator().manual_seed(key(seed, "noise"))
    return torch.randn(_BANK_VALUES, generator=generator)
