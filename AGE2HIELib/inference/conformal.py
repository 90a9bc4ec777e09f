"""Which outcomes a score agrees with: a set that holds the true one with a stated coverage, whichever it is.

Cross-conformal prediction (Vovk 2015, doi:10.1007/s10472-013-9368-4) for each class by itself: a member's logit for the
new infant is ranked among the logits of the cases that this member did not learn from, and the ranks of all members
are added. So like stands beside like: the mean of an ensemble scatters less than a single member, and is not
exchangeable with the single members' logits that the left-out cases have. No case has a logit of the whole ensemble
that is out of fold, and a cohort of this size has none to spare for a fold that no member learns from.

Each member's rank has the stated coverage exactly. For the sum of dependent ranks theory promises only that twice the
stated share is missed at most (Vovk and Wang 2020, doi:10.1093/biomet/asaa027); what is found is at or above the stated
coverage, the more so the less the members agree (``benchmark/calibration.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from AGE2HIELib.inference.training_cases import TrainingCases

RARE = 0.10  # share of a class whose ranks are no further out than that of a score which is called unlike it
SET_COVERAGE = 0.90
FAVOURABLE, ADVERSE = "favourable", "adverse"


@dataclass(frozen=True)
class PredictionSet:
    """Attributes:
    coverage: share of infants of either outcome whose set holds it, for infants like those of the calibration.
    outcomes: those that the score agrees with: one, both or none.
    favourable, adverse: how many cases of either outcome it rests on; with fewer than 9 an outcome is always in the
        set, because nothing can be rarer than one in ten among them.
    """

    coverage: float
    outcomes: tuple[str, ...]
    favourable: int
    adverse: int

    @property
    def label(self) -> str:
        """The one outcome in the set, or "indeterminate"."""
        return self.outcomes[0] if len(self.outcomes) == 1 else "indeterminate"


def prediction_set(logits: Sequence[float], cases: TrainingCases) -> PredictionSet:
    """The set for the members' logits, in the order of ``cases``."""
    p_values = conformal_p_values(logits, cases)
    held = tuple(outcome for outcome, p in p_values.items() if p > RARE)
    favourable, adverse = cases.counts
    return PredictionSet(SET_COVERAGE, held, favourable, adverse)


def conformal_p_values(logits: Sequence[float], cases: TrainingCases) -> dict[str, float]:
    """For each outcome the share of its cases that are no more typical of it than this one, itself counted."""
    odd = {FAVOURABLE: 1, ADVERSE: 1}
    for logit, member in zip(logits, cases.members, strict=True):
        odd[FAVOURABLE] += len(member.favourable) - int(np.searchsorted(member.favourable, logit, side="left"))
        odd[ADVERSE] += int(np.searchsorted(member.adverse, logit, side="right"))
    favourable, adverse = cases.counts
    return {FAVOURABLE: odd[FAVOURABLE] / (favourable + 1), ADVERSE: odd[ADVERSE] / (adverse + 1)}
