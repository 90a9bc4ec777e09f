"""How the gate's limits stand in the distribution over real newborns: expected false refusals, and each one left out.

A check's values, transformed as named below, are taken as normal; a further infant then follows Student's t about their
mean, and the share beyond the limit is the expected share of false refusals. Then each infant is judged without itself:
its place in the distribution of the others, beside the place at which the limit stands in that of all. Where the limit
comes from something else than these infants (``FIXED``: adults on the one side, what injured tissue can have on the
other), it stays what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as t_distribution

from AGE2HIELib.quality.check import DISTANCE, FLUID, STEP, STRIPES
from AGE2HIELib.quality.maps import FIELD_OF_VIEW_SHARE, OVERLAP, SHARED_DETAIL, SIMILARITY, STRETCH, Z_DETAIL
from AGE2HIELib.quality.signal_loss import LOST, STEPPED, STRIPED
from AGE2HIELib.quality.values import ADC_OF_FLUID, BRAIN_ML, CUT_FACE, IMPLAUSIBLE_SHARE, MEDIAN_ADC

Values = dict[str, dict[str, float]]  # by infant, by check
FIXED = ("median ADC of the brain", "field of view", "voxels missing in a slice")


@dataclass(frozen=True)
class Limit:
    """``low`` or ``high`` None: none on that side. ``about_zero``: of a magnitude whose sign was dropped."""

    name: str
    transform: Callable[[np.ndarray], np.ndarray]
    low: float | None = None
    high: float | None = None
    about_zero: bool = False


def limits(distance_limit: float) -> tuple[Limit, ...]:
    """Those of every check with a number; ``distance_limit`` belongs to the model."""
    same = np.asarray
    return (
        Limit("brain volume", np.log, *BRAIN_ML),
        Limit("largest cut through the brain", np.sqrt, high=CUT_FACE),
        Limit("voxels missing in a slice", np.log, high=LOST),
        Limit("voxels with an implausible ADC", np.sqrt, high=IMPLAUSIBLE_SHARE),
        Limit("median ADC of the brain", np.log, *MEDIAN_ADC),
        Limit(FLUID, np.log, *ADC_OF_FLUID),
        Limit(STRIPES, same, high=STRIPED, about_zero=True),
        Limit(STEP, np.log, high=STEPPED),
        Limit("field of view", same, low=FIELD_OF_VIEW_SHARE),
        Limit("overlap with the atlas brain", same, low=OVERLAP),
        Limit("stretch of the placement", lambda stretch: np.log(np.log(stretch)), high=STRETCH),
        Limit("similarity to the atlas", same, low=SIMILARITY),
        Limit(Z_DETAIL, same, low=SHARED_DETAIL),
        Limit(DISTANCE, np.log, high=distance_limit),
        Limit(f"{DISTANCE}, given z-map", np.log, high=distance_limit),
    )


def expected_beyond(values: np.ndarray, limit: Limit) -> float:
    """Share of further infants beyond the limit."""
    low, high = _places(values, limit)
    return float(t_distribution.cdf(low, len(values) - 1) + t_distribution.sf(high, len(values) - 1))


def withheld_without(values: np.ndarray, limit: Limit) -> np.ndarray:
    """``(N,)`` whether each value lies beyond a limit that stands among the others as ``limit`` does among all."""
    low, high = _places(values, limit)
    found = []
    for number in range(len(values)):
        others = np.delete(values, number)
        place = float(_placed(values[number], others, limit))
        below, above = (t_distribution.cdf(edge, len(values) - 1) for edge in (low, high))
        edges = (t_distribution.ppf(share, len(others) - 1) for share in (below, above))
        found.append(not next(edges) <= place <= next(edges))
    return np.array(found)


def _places(values: np.ndarray, limit: Limit) -> tuple[float, float]:
    """Where the two limits lie, in predictive standard deviations from the mean."""
    low = -np.inf if limit.low is None else float(_placed(limit.low, values, limit))
    high = np.inf if limit.high is None else float(_placed(limit.high, values, limit))
    return low, high


def _placed(value: float | np.ndarray, among: np.ndarray, limit: Limit) -> np.ndarray:
    known = limit.transform(among)
    mean, spread = known.mean(), known.std(ddof=1)
    if limit.about_zero:
        mean, spread = 0.0, np.sqrt(np.mean(known**2))
    return np.asarray((limit.transform(np.asarray(value)) - mean) / (spread * np.sqrt(1 + 1 / len(known))))


def print_limits(found: Values, distance_limit: float) -> dict[str, float]:
    """A row a check, the sum of the expected shares, and who would be withheld; returns the two sums, in per cent."""
    infants = sorted(found)
    held: dict[str, list[str]] = {}
    print(f"\n{'check':44}{'values':>20}{'limits':>16}{'expected beyond':>17}   left out, withheld")
    shares = []
    for limit in limits(distance_limit):
        values = np.array([found[infant][limit.name] for infant in infants])
        share = expected_beyond(values, limit)
        fixed = limit.name in FIXED
        out = [] if fixed else [name for name, bad in zip(infants, withheld_without(values, limit), strict=True) if bad]
        for name in out:
            held.setdefault(name, []).append(limit.name)
        shares.append(share)
        words = f"{_edge(limit.low)} - {_edge(limit.high)}"
        span = f"{values.min():.4g} to {values.max():.4g}"
        print(f"{limit.name:44}{span:>20}{words:>16}{100 * share:15.3f} %   {_said(out, fixed)}")
    *others, given, own_distance, given_distance = shares
    own, other = sum(others) + own_distance, sum(others) + given + given_distance
    print(f"together, with a z-map of our own {100 * own:.2f} %, with a given one {100 * other:.2f} %")
    print(f"of {len(infants)} infants, each judged by limits made without it, {len(held)} withheld: {held or 'none'}")
    return {"false-refusals": 100 * own, "false-refusals-given-z": 100 * other}


def _edge(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _said(out: Sequence[str], fixed: bool) -> str:
    return "limit not from these infants" if fixed else ", ".join(out) or "-"
