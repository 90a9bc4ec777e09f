"""Which outcomes a score agrees with: a set that holds the true one with a stated coverage, whichever it is.

Split-conformal prediction for each class by itself (Vovk 2015, doi:10.1007/s10472-013-9368-4): the mean logit of the
ensemble for the new infant is ranked among the mean logits of the calibration cases, each of which comes from a whole
ensemble that never saw the case. So like stands beside like, however little the members agree, and the coverage is that
of ranks of exchangeable numbers: ``ceil((n + 1) 0.9) / (n + 1)`` with n cases, neither less nor (without ties) more.
What is not exact: the calibration cases were scored by several ensembles, one for each test fold, and each of those
learned from fewer cases than the exported one, whose scores lie further apart, if anything.

By hand, a rank and a count: MAPIE and the like wrap one estimator that is fitted and asked again; here the scores of
the calibration cases come with the bundle.

Bundles of before kept the scores of single members (cross-conformal prediction). There each member's logit is ranked
among the cases which that member had left out, and the ranks are added: the coverage is at or above the stated one, and
where members disagree far more infants than needed have both outcomes in their set (``benchmark/member_noise.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from AGE2HIELib.bundle.training_cases import SET_COVERAGE, Scores, counts

RARE = 0.10  # share of a class whose ranks are no further out than that of a score which is called unlike it
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


def prediction_set(logits: Sequence[float], scores: Sequence[Scores]) -> PredictionSet:
    """The set for the members' logits; ``scores`` as for ``conformal_p_values``."""
    p_values = conformal_p_values(logits, scores)
    held = tuple(outcome for outcome, p in p_values.items() if p > RARE)
    favourable, adverse = counts(scores)
    return PredictionSet(SET_COVERAGE, held, favourable, adverse)


def conformal_p_values(logits: Sequence[float], scores: Sequence[Scores]) -> dict[str, float]:
    """For each outcome the share of its cases that are no more typical of it than this one, itself counted.

    Args:
        logits: of the members.
        scores: one, of whole ensembles; or one for each member, in the order of ``logits``.
    """
    ranked = logits if len(scores) > 1 else [float(np.mean(logits))]
    odd = {FAVOURABLE: 1, ADVERSE: 1}
    for logit, among in zip(ranked, scores, strict=True):
        odd[FAVOURABLE] += len(among.favourable) - int(np.searchsorted(among.favourable, logit, side="left"))
        odd[ADVERSE] += int(np.searchsorted(among.adverse, logit, side="right"))
    favourable, adverse = counts(scores)
    return {FAVOURABLE: odd[FAVOURABLE] / (favourable + 1), ADVERSE: odd[ADVERSE] / (adverse + 1)}
