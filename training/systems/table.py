"""All systems that are compared, in the order of the page. A new file of rows is named here."""

from __future__ import annotations

from collections.abc import Sequence

from AGE2HIELib.errors import InputError
from training.systems.contrast_and_morphometry import CONTRAST_AND_MORPHOMETRY
from training.systems.convolutional import CONVOLUTIONAL
from training.systems.fused_sequences import FUSED_SEQUENCES
from training.systems.pretext_tasks import PRETEXT_TASKS
from training.systems.regions_and_anomalies import REGIONS_AND_ANOMALIES
from training.systems.slices_and_patches import SLICES_AND_PATCHES
from training.systems.system import System
from training.systems.two_stages import TWO_STAGES

SYSTEMS: tuple[System, ...] = (
    *CONVOLUTIONAL,
    *SLICES_AND_PATCHES,
    *TWO_STAGES,
    *PRETEXT_TASKS,
    *REGIONS_AND_ANOMALIES,
    *FUSED_SEQUENCES,
    *CONTRAST_AND_MORPHOMETRY,
)


def find_systems(names: Sequence[str]) -> tuple[System, ...]:
    """Those of these names in the order of the table; all where none is named.

    Raises:
        InputError: there is no such system.
    """
    known = {one.name: one for one in SYSTEMS}
    for name in names:
        if name not in known:
            raise InputError(f"There is no system '{name}'. Choose from {', '.join(known)}.")
    return tuple(one for one in SYSTEMS if not names or one.name in names)
