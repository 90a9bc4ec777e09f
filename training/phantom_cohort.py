"""A cohort of synthetic newborns as the network sees them: made once by the library's own steps, kept in memory.

Every case goes the way of a real scan (scanner's map, mask, placement, z-map, network input), so that whatever these
steps leave in the input is in the training data as well.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from tqdm import tqdm

from AGE2HIELib.orientation import to_canonical
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.protocol import PROTOCOLS
from AGE2HIELib.phantom.scan import nearest, scanner_adc
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.mask import brain_mask
from AGE2HIELib.preprocess.network_input import InputSpec, network_input
from AGE2HIELib.preprocess.placement import place_in_atlas
from AGE2HIELib.preprocess.zmap import z_map
from training.released_z import released_like_z

# 19 of 56 BONBID-HIE cases have a load over 1 %, the quartiles are 0.05, 0.20 and 1.79 %: many small injuries, some
# large ones.
_KINDS = ("none", "bgt", "watershed", "near-total", "focal")
_KIND_SHARE = (0.30, 0.20, 0.20, 0.12, 0.18)
_PROTOCOL_SHARE = {"2mm": 0.45, "4mm": 0.2, "6mm": 0.35}


PART = 200  # infants to a file


@dataclass(frozen=True)
class Cohort:
    """Attributes:
    inputs: ``(N, 3, D, H, W)`` float16: ADC, z of the atlas, z as of another atlas, in the network's scaling.
    lesions: ``(N, D, H, W)`` bool, the planted lesion in the atlas frame.
    load: ``(N,)`` share of the brain that is lesion, 0..1.
    adverse: ``(N,)`` bool, the simulated outcome at two years.
    """

    inputs: np.ndarray
    lesions: np.ndarray
    load: np.ndarray
    adverse: np.ndarray

    def subset(self, chosen: np.ndarray) -> Cohort:
        return Cohort(self.inputs[chosen], self.lesions[chosen], self.load[chosen], self.adverse[chosen])


def make_cohort(atlas: Atlas, spec: InputSpec, *, count: int, first_seed: int, workers: int) -> Cohort:
    """``count`` cases with consecutive seeds, made in ``workers`` processes; the result does not depend on these."""
    make = partial(make_case, atlas=atlas, spec=spec)
    seeds = range(first_seed, first_seed + count)
    with ProcessPoolExecutor(workers, initializer=_one_thread) as pool:
        cases = list(tqdm(pool.map(make, seeds, chunksize=4), total=count, desc="synthetic infants"))
    columns = [np.stack(column) for column in zip(*cases, strict=True)]
    return Cohort(*columns)


def load_or_make_cohort(
    folder: Path, atlas: Atlas, spec: InputSpec, *, count: int, first_seed: int, workers: int
) -> Cohort:
    """``make_cohort`` in parts that are kept in ``folder``: a run that was stopped makes only the missing ones."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for start in range(first_seed, first_seed + count, PART):
        size = min(PART, first_seed + count - start)
        file = folder / f"infants_{start}_{size}.npz"
        if not file.exists():
            made = make_cohort(atlas, spec, count=size, first_seed=start, workers=workers)
            unfinished = file.with_suffix(".part.npz")
            np.savez(unfinished, **{field.name: getattr(made, field.name) for field in fields(Cohort)})
            unfinished.rename(file)
        with np.load(file) as stored:
            parts.append(Cohort(**{field.name: stored[field.name] for field in fields(Cohort)}))
    return Cohort(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Cohort)})


def make_case(seed: int, *, atlas: Atlas, spec: InputSpec) -> tuple[np.ndarray, np.ndarray, float, bool]:
    """(inputs, lesion, load, adverse) of one infant, as the rows of ``Cohort``."""
    rng = np.random.default_rng([seed, 10])
    infant = make_infant(seed)
    kind = str(rng.choice(_KINDS, p=_KIND_SHARE))
    injury = injure(infant, kind, seed=seed, extent=float(rng.beta(0.8, 1.3)))
    protocol = PROTOCOLS[str(rng.choice(list(_PROTOCOL_SHARE), p=list(_PROTOCOL_SHARE.values())))]
    adc = to_canonical(scanner_adc(infant, injury, protocol, seed=seed))
    brain = brain_mask(adc, contrast=None)
    placement = place_in_atlas(adc, brain, atlas)
    own_z = z_map(adc, brain, atlas, placement)
    other_z = released_like_z(infant, adc, brain, atlas, seed=seed)
    channels = [
        network_input(adc, brain, own_z, placement, spec)[0],
        network_input(adc, brain, other_z, placement, spec)[0, 1:],
    ]
    native_lesion = nearest(injury.lesion, adc.grid)
    lesion = placement.to_atlas(
        native_lesion.like(native_lesion.array.astype(np.uint8)), spec.grid, interpolation="nearest"
    )
    inputs = np.concatenate(channels).astype(np.float16)
    return inputs, lesion.array > 0, injury.load, simulated_outcome(injury.load, injury.deep_grey, rng)


def simulated_outcome(load: float, deep_grey: float, rng: np.random.Generator) -> bool:
    """Adverse or not: even odds at a lesion load of 1 % without deep grey matter, the rest by logistic noise.

    About a third of the MGH cases are over that load and 37 % of the children did badly. The noise is small: a
    demonstration that cannot learn its outcome demonstrates nothing.
    """
    latent = 2.0 * np.log10((100 * load + 0.03) / 1.0) + 1.5 * min(deep_grey / 0.1, 1.0)
    return bool(latent + 0.35 * rng.logistic() > 0)


def _one_thread() -> None:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
