"""Which samples make a batch, and how their volumes get to the device.

Volumes that fit stay on the device for the whole run, and a batch is a list of indices. Larger cohorts are read from
the memory-mapped file by the loader's workers, ahead of time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from training.learning.randomness import permutation

_WORKERS_FROM_FILE = 4
_IMAGES_AT_ONCE = 8
_VOXELS_AT_ONCE = 2**20  # 32 images of 4 mm, half an image of 1 mm: features of a first block take 50 times the memory


class KeyedBatches(Sampler[list[int]]):
    """Batches of a shuffled epoch. With several processes each takes every ``world``-th sample of each whole batch,
    so that together they see exactly the batches that one process would. What is left over is not used."""

    def __init__(self, count: int, batch_size: int, *, seed: int, rank: int = 0, world: int = 1) -> None:
        if batch_size % world:
            raise ValueError(f"a batch of {batch_size} cannot be shared by {world} processes")
        self.count, self.batch_size, self.seed, self.rank, self.world = count, min(batch_size, count), seed, rank, world
        self.epoch = 0
        self.sampler = self  # where Lightning looks for set_epoch

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return max(1, self.count // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        order = permutation(self.seed, self.epoch, self.count)
        for number in range(len(self)):
            whole = order[number * self.batch_size : (number + 1) * self.batch_size]
            yield [int(index) for index in whole[self.rank :: self.world]]


@dataclass(frozen=True)
class Batch:
    """``rows``: indices into the cohort. ``volumes``: None where they are resident on the device."""

    rows: torch.Tensor
    volumes: torch.Tensor | None


@dataclass(frozen=True)
class Images:
    """Rows of prepared volumes, read a few at a time, as often as they are asked for.

    Attributes:
        volumes: ``(N, C, D, H, W)`` float16, perhaps memory-mapped.
        rows: indices into them.
        fed: what a network is fed of a batch, float32; the volumes themselves unless given.
    """

    volumes: np.ndarray
    rows: np.ndarray
    fed: Callable[[torch.Tensor], torch.Tensor] = torch.Tensor.float

    def __iter__(self) -> Iterator[torch.Tensor]:
        count = at_once(self.volumes, _IMAGES_AT_ONCE)
        for first in range(0, len(self.rows), count):
            part = self.volumes[self.rows[first : first + count]]
            yield self.fed(torch.from_numpy(np.asarray(part)))


def at_once(volumes: np.ndarray, most: int) -> int:
    """How many of these volumes a network that only answers is given at a time, so that fine grids take no more
    memory than coarse ones: ``most``, fewer where they have many voxels, at least one.
    """
    return max(1, min(most, _VOXELS_AT_ONCE // math.prod(volumes.shape[2:])))


class Samples(Dataset[Batch]):
    """Whole batches by their places in ``chosen``; ``from_file`` is None where the volumes are resident."""

    def __init__(self, chosen: np.ndarray, from_file: np.ndarray | None) -> None:
        self.chosen, self.from_file = chosen, from_file

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitems__(self, places: list[int]) -> Batch:
        rows = self.chosen[np.asarray(places)]
        volumes = None if self.from_file is None else torch.from_numpy(self.from_file[rows])
        return Batch(torch.from_numpy(rows), volumes)


def loader(samples: Samples, batches: KeyedBatches) -> DataLoader[Batch]:
    """The loader for ``Trainer.fit``; reading ahead pays only where volumes come from the file."""
    workers = 0 if samples.from_file is None else _WORKERS_FROM_FILE
    return DataLoader(
        samples,
        batch_sampler=batches,
        collate_fn=_as_it_is,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=workers > 0 and torch.cuda.is_available(),
    )


def _as_it_is(batch: Any) -> Any:
    return batch


def resident(volumes: np.ndarray, device: torch.device, share: float) -> torch.Tensor | None:
    """The whole cohort on the device; None where it would take more than ``share`` of the device's free memory.

    On a CPU the memory-mapped file itself is used, and the system keeps in memory what it can.
    """
    if device.type == "cuda" and volumes.nbytes > share * torch.cuda.mem_get_info(device)[0]:
        return None
    return torch.from_numpy(volumes).to(device)
