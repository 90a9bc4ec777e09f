"""How many volumes a second training learns from, beside the same network on one resident batch and beside MONAI.

    python training/throughput.py [--volumes N] [--spacing MM] [--width half|full] [--batch N] [--workers N]
                                  [--precision 32-true|16-mixed|bf16-mixed]

Four ways are timed in turn, several rounds, and ratios to the resident batch are printed:
(1) one batch that stays on the device, no data path at all;
(2) this project's: resident volumes, keyed order, augmentation batched on the device, inside Lightning's loop;
(3) MONAI's CacheDataset and a DataLoader with the like augmentation (flip, affine, noise, gain), each volume on its
own, the network stepped by a plain loop;
(4) the same with MONAI's ThreadDataLoader, which prepares batches in a thread of the same process.
On a GPU: ``--volumes 8859 --width full --batch 32 --precision 16-mixed``, as the preset ``full`` has it. There the most
memory is printed as well, and with ``--width full`` the hours that a pretraining of that preset takes at the rate
of (2).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # training/ is not an installed package
sys.path.append(str(Path(__file__).resolve().parent.parent / "benchmark"))

import lightning
import numpy as np
import torch
from figures import Figures
from torch.nn import functional
from tqdm import tqdm

from AGE2HIELib.networks.age import AgeNetwork
from AGE2HIELib.networks.age_head import AgeHead
from AGE2HIELib.networks.sfcn import FULL_WIDTH, HALF_WIDTH
from training.learning.ages import AgeModule, Subjects
from training.learning.fitting import FitPlace, fit
from training.learning.keyed import Learner
from training.learning.transfer import new_network
from training.preparing.inputs import t1_spec
from training.settings import Hardware, Network
from training.settings_reading import load_settings

WAYS = ("one resident batch", "this project", "MONAI CacheDataset", "MONAI ThreadDataLoader")
PRECISIONS = {"32-true": torch.float32, "16-mixed": torch.float16, "bf16-mixed": torch.bfloat16}


@dataclass(frozen=True)
class Work:
    """What is timed: ``volumes`` ``(N, 1, D, H, W)`` float16, and the network that learns from them."""

    volumes: np.ndarray
    width: tuple[int, ...]
    batch: int
    workers: int
    device: torch.device
    precision: str

    @property
    def ages(self) -> np.ndarray:
        return np.linspace(0, 97, len(self.volumes))

    def network(self) -> AgeNetwork:
        encoder = new_network(Network(channels=self.width, dropout=0.0), in_channels=1, outputs=1, seed=0)
        return AgeNetwork(encoder, AgeHead("huber", 48.0, 28.0)).to(self.device).train()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--volumes", type=int, default=64, help="of an epoch")
    parser.add_argument("--spacing", type=float, default=2.0, help="of the network's grid, mm")
    parser.add_argument("--width", choices=("half", "full"), default="half")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2, help="of MONAI's loader")
    parser.add_argument("--precision", choices=PRECISIONS, default="32-true")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    width = FULL_WIDTH if given.width == "full" else HALF_WIDTH
    shape = t1_spec(given.spacing, "affine", Network(channels=width).poolings).grid.shape
    rng = np.random.default_rng(0)
    volumes = np.empty((given.volumes, 1, *shape), dtype=np.float16)
    for volume in volumes:
        volume[:] = rng.standard_normal(shape, dtype=np.float32)
    work = Work(volumes, width, given.batch, given.workers, device, given.precision)
    timed: dict[str, list[float]] = {way: [] for way in WAYS}
    ways: tuple[Callable[[Work], float], ...] = (resident_batch, this_project, monai_cache, monai_threads)
    for _ in tqdm(range(given.rounds), desc="rounds"):
        for way, run in zip(WAYS, ways, strict=True):
            timed[way].append(run(work))
    print(f"{given.volumes} volumes of {shape}, SFCN {work.width}, batches of {given.batch}, {given.precision}, "
          f"{device.type}, {torch.get_num_threads()} threads")  # fmt: skip
    figures = Figures(f"throughput-{device.type}")
    for way in WAYS:
        ratios = [a / b for a, b in zip(timed[way], timed[WAYS[0]], strict=True)]
        print(f"{way:22s}{statistics.median(timed[way]):9.2f} volumes/s   ratio {statistics.median(ratios):.3f} "
              f"({min(ratios):.3f} to {max(ratios):.3f})")  # fmt: skip
        rates = timed[way]
        figures.add(f"{way}/rate", statistics.median(rates), "volumes a second, median", (min(rates), max(rates)))
        figures.add(f"{way}/ratio", statistics.median(ratios), "of one resident batch", (min(ratios), max(ratios)))
    add_hours(figures, statistics.median(timed["this project"]), full_width=given.width == "full")
    figures.write()


def add_hours(figures: Figures, rate: float, *, full_width: bool) -> None:
    """What follows from the rate for the preset ``full``, whose networks have the full width."""
    if full_width:
        preset = load_settings("full")
        hours = preset.ages.subjects * preset.pretrain.epochs / rate / 3600
        print(f"one pretraining of the preset full at this rate: {hours:.1f} h")
        figures.add("full/pretraining", hours, "h at the rate of this project")
    if torch.cuda.is_available():
        peak_gb = torch.cuda.max_memory_allocated() / 1e9
        print(f"most memory of the GPU: {peak_gb:.1f} GB")
        figures.add("peak", peak_gb, "GB of the GPU, all ways")


def resident_batch(work: Work) -> float:
    """Volumes a second of steps on one batch."""
    step = _Step(work)
    images = torch.from_numpy(work.volumes[: work.batch]).float().to(work.device)
    ages = torch.zeros(work.batch, device=work.device)
    step(images, ages)
    steps = len(work.volumes) // work.batch

    def epoch() -> None:
        for _ in range(steps):
            step(images, ages)

    return _rate(epoch, steps * work.batch, work.device)


def this_project(work: Work) -> float:
    """Volumes a second of an epoch of pretraining, after a first one."""
    learner = Learner(2, work.batch, 1e-3, seed=0)
    subjects = Subjects(np.arange(len(work.volumes)), work.ages, np.full(len(work.volumes), 1000.0))
    module = _TimedModule(work.network(), work.volumes, subjects, learner, learning_rate=1e-3)
    with tempfile.TemporaryDirectory() as folder:
        fit(module, FitPlace(Path(folder), Hardware(precision=work.precision)))
    return len(work.volumes) // work.batch * work.batch / module.seconds


def monai_cache(work: Work) -> float:
    """Volumes a second of an epoch over MONAI's cache, after a first one."""
    from monai.data.dataloader import DataLoader

    several = {"num_workers": work.workers, "persistent_workers": work.workers > 0}
    return _monai(work, DataLoader, {**several, "pin_memory": work.device.type == "cuda"})


def monai_threads(work: Work) -> float:
    """The same with its loader for data that are in memory already."""
    from monai.data.thread_buffer import ThreadDataLoader

    return _monai(work, ThreadDataLoader, {"num_workers": 0})


def _monai(work: Work, loader_class: Callable[..., Any], options: dict[str, Any]) -> float:
    from monai.data.dataset import CacheDataset
    from monai.transforms.compose import Compose
    from monai.transforms.intensity.dictionary import RandGaussianNoised, RandScaleIntensityd
    from monai.transforms.spatial.dictionary import RandAffined, RandFlipd
    from monai.transforms.utility.dictionary import EnsureTyped

    turn = np.pi / 18
    changes: Any = Compose(
        [
            EnsureTyped(["image"], dtype=torch.float32),
            RandFlipd(["image"], prob=0.5, spatial_axis=0),
            RandAffined(["image"], prob=1.0, rotate_range=[turn] * 3, scale_range=[0.06] * 3, translate_range=[2] * 3,
                        padding_mode="zeros"),
            RandScaleIntensityd(["image"], factors=0.1, prob=1.0),
            RandGaussianNoised(["image"], prob=1.0, std=0.12),
        ]
    )  # fmt: skip
    items = [{"image": volume, "age": age} for volume, age in zip(work.volumes, work.ages, strict=True)]
    dataset = CacheDataset(items, changes, progress=False)
    loader = loader_class(dataset, batch_size=work.batch, shuffle=True, drop_last=True, **options)
    step = _Step(work)

    def epoch() -> None:
        for batch in loader:
            step(batch["image"].as_tensor().to(work.device, non_blocking=True), batch["age"].float().to(work.device))

    epoch()
    return _rate(epoch, len(loader) * work.batch, work.device)


class _TimedModule(AgeModule):
    """Measures its last epoch, from the first batch's loading to the last step's end."""

    seconds = 0.0

    def on_train_epoch_start(self) -> None:
        _wait(self.device)
        self._begun = time.perf_counter()

    def on_train_batch_end(self, *_: Any) -> None:
        if self.trainer.is_last_batch:
            _wait(self.device)
            self.seconds = time.perf_counter() - self._begun


class _Step:
    """Forward, backward, clip and step, as Lightning does them."""

    def __init__(self, work: Work) -> None:
        self.network = work.network()
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=1e-3)
        kind, mixed = work.device.type, work.precision != "32-true"
        self.lower = torch.autocast(kind, PRECISIONS[work.precision] if mixed else torch.bfloat16, enabled=mixed)
        self.scaler = torch.amp.GradScaler(kind, enabled=work.precision == "16-mixed")
        self.brain_ml = torch.full((work.batch,), 1000.0, device=work.device)

    def __call__(self, images: torch.Tensor, ages: torch.Tensor) -> None:
        self.optimiser.zero_grad()
        with self.lower:
            loss = functional.huber_loss(self.network(images, self.brain_ml)[:, 0], (ages - 48.0) / 28.0)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimiser)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.scaler.step(self.optimiser)
        self.scaler.update()


def _rate(run: Callable[[], object], volumes: int, device: torch.device) -> float:
    _wait(device)
    begun = time.perf_counter()
    run()
    _wait(device)
    return volumes / (time.perf_counter() - begun)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    lightning.seed_everything(0, verbose=False)
    main()
