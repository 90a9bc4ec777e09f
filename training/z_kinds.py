"""Which kinds of z-map the networks of a run are fed, and so are read for."""

from __future__ import annotations

import pandas as pd

from AGE2HIELib.bundle.model_facts import ATLAS, NO_Z, RELEASED
from training.settings import Settings


def fed_z_kinds(settings: Settings, table: pd.DataFrame) -> tuple[str, ...]:
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


def preferred(logits: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Of logits by kind of z-map (column ``z``) those with ``kind``; for cases without it, those with the atlas's."""
    wanted = logits[logits["z"] == kind]
    others = logits[(logits["z"] == ATLAS) & ~logits["case"].isin(wanted["case"])]
    return pd.concat([wanted, others])
