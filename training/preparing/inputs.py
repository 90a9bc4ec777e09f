"""What networks are fed: one grid for both modalities, the scale of each channel, the kinds of z-map."""

from __future__ import annotations

from math import ceil

import numpy as np
import pandas as pd

from AGE2HIELib.bundle.model_facts import ATLAS, NO_Z, RELEASED, patterns, z_and_sequences
from AGE2HIELib.preprocess.morphometry import LOG_JACOBIAN
from AGE2HIELib.preprocess.network_input import Channel, InputSpec
from AGE2HIELib.volume import Grid
from training.settings import FUSED, STREAMS, T1_PLACEMENT, Network, TrainingSettings

# z-scores reach 10; ADC from 100 (dying tissue) to 2900 (fluid) lies within the clips
ADC_CHANNELS = (Channel("adc", 1300.0, 400.0, -3.0, 4.0), Channel("z_adc", 0.0, 3.0, -10 / 3, 10 / 3))
T1_CHANNELS = (Channel("t1", 0.0, 1.0, -4.0, 4.0, scaling="robust"),)
# of an infant beside ADC and z, where a network reads several sequences
SEQUENCE_CHANNELS = (*T1_CHANNELS, Channel("t2", 0.0, 1.0, -4.0, 4.0, scaling="robust"))
# local volume beside the template's; of phantoms 2 to 98 % of the voxels lie between -1.7 and 1.9 in these units
MORPHOMETRY_CHANNELS = (Channel(LOG_JACOBIAN, 0.0, 0.1, -5.0, 5.0),)
_FIELD_OF_VIEW_MM = (128.0, 128.0, 96.0)  # holds the atlas brain
_ADULT_FIELD_MM = (160.0, 192.0, 160.0)  # holds a brain of 1700 ml that keeps its size


def adc_spec(spacing_mm: float, poolings: int = 0) -> InputSpec:
    """ADC and its z-map on a grid of the given spacing, centred on the atlas, that so many poolings divide."""
    return InputSpec(centred_grid(_FIELD_OF_VIEW_MM, spacing_mm, poolings), ADC_CHANNELS)


def infant_spec(network: Network) -> InputSpec:
    """What a network is fed of an infant: ADC and z; of a network that fuses sequences T1 and T2 as well, of one with
    streams morphometry.
    """
    plain = adc_spec(network.spacing_mm, network.poolings)
    further = {FUSED: SEQUENCE_CHANNELS, STREAMS: MORPHOMETRY_CHANNELS}.get(network.name, ())
    return InputSpec(plain.grid, (*plain.channels, *further))


def age_spec(network: Network) -> InputSpec:
    """What a network is fed of a T1 scan: T1, and of one with streams morphometry."""
    plain = t1_spec(network.spacing_mm, T1_PLACEMENT, network.poolings)
    further = MORPHOMETRY_CHANNELS if network.name == STREAMS else ()
    return InputSpec(plain.grid, (*plain.channels, *further))


def t1_spec(spacing_mm: float, placement: str, poolings: int = 0) -> InputSpec:
    """T1 on the same grid when it is placed affinely; a larger one when it keeps its size."""
    field = _FIELD_OF_VIEW_MM if placement == "affine" else _ADULT_FIELD_MM
    return InputSpec(centred_grid(field, spacing_mm, poolings), T1_CHANNELS)


def centred_grid(field_of_view_mm: tuple[float, float, float], spacing_mm: float, poolings: int = 0) -> Grid:
    """A grid that holds the field of view.

    Its sides are multiples of the cells of the last pooling: what a pooling leaves over at one end would count less
    than what lies opposite, on the other side of the head.
    """
    cell = 2**poolings
    i, j, k = (cell * ceil(round(extent / spacing_mm) / cell) for extent in field_of_view_mm)
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = [-spacing_mm * (n - 1) / 2 for n in (i, j, k)]
    return Grid((i, j, k), affine)


def fed_z_kinds(settings: TrainingSettings, table: pd.DataFrame) -> tuple[str, ...]:
    """Augmentation shows every network all there is, and none at times; without it there is one, or the atlas's where
    an infant has no released one.

    Released z-maps count only where infants of both outcomes have one: else nothing could be calibrated on them.
    """
    has_released = table["released_z"].to_numpy(bool)
    enough = table.loc[has_released, "adverse"].nunique() == 2
    if settings.finetune.augment:
        return (ATLAS, RELEASED, NO_Z) if enough else (ATLAS, NO_Z)
    if settings.hie.z_maps == ATLAS or not enough:
        return (ATLAS,)
    return (RELEASED,) if has_released.all() else (ATLAS, RELEASED)


def fed_kinds(settings: TrainingSettings, table: pd.DataFrame) -> tuple[str, ...]:
    """The kinds of z-map, each with the sequences that infants have and, where a network reads several, with every
    choice of them.
    """
    kinds = fed_z_kinds(settings, table)
    sequences = infant_spec(settings.network).sequences
    return (*kinds, *(one for kind in kinds for one in patterns(kind, sequences)))


def has_input(kind: str, table: pd.DataFrame) -> np.ndarray:
    """``(N,)`` bool: the infants of a prepared cohort who have what the kind asks for.

    A released z-map and the sequences that it names, which need not be all that they have: what is left out of an image
    is missing as in an infant of whom it was never made, and so every infant says something of poorer input.
    """
    z_kind, there = z_and_sequences(kind)
    found = table["released_z"].to_numpy(bool) if z_kind == RELEASED else np.ones(len(table), bool)
    for name in there or ():
        found = found & table[f"has_{name}"].to_numpy(bool)
    return np.asarray(found)


def logits_of_kind(logits: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Of logits by kind of z-map (column ``z``) those with ``kind``; for cases without it, those with the atlas's."""
    wanted = logits[logits["z"] == kind]
    others = logits[(logits["z"] == ATLAS) & ~logits["case"].isin(wanted["case"])]
    return pd.concat([wanted, others])
