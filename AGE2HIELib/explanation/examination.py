"""Examines a saliency map: seven figures, each with the limit that a map to be believed keeps.

The network is asked again with weights drawn anew, with a little noise, with the image moved, and with parts of the
image taken away. A map that looks the same whatever the network has learned explains the image and not the number
(Adebayo et al. 2018, arXiv:1810.03292); one that changes with noise or a shift explains neither (Arun et al. 2021,
doi:10.1148/ryai.2021200267). The limits were set on one phantom and four networks with random weights. Since then
``benchmark/explanations.py`` has printed, for 20 others of each with an earlier model's networks: members 0.85-1.00,
with random weights 0.70-0.80; moved image 0.84-0.92 and 0.13-0.29; noise 0.996-1.00 and 0.73-0.85; occlusion 0.31-0.79
and 0.15-0.60 (maps by cells of 8 mm). All 20 of random weights failed (members, moved image), and none of the trained
but for deletion, once, which was held against orders of single cubes then. Against turned copies of the map
(``curves``), 14 and 15 of 380 maps of smooth noise pass deletion and insertion (3.7 and 3.9 %, 95 % interval
2.0-6.4 %) on linear and quadratic scores on half the grid, and all 76 maps that know the score.
"""

from __future__ import annotations

import numpy as np

from AGE2HIELib.explanation.curves import REFERENCES, Curve, curves
from AGE2HIELib.explanation.robustness import (
    ExaminedMap,
    agreement_by_lot,
    answers,
    cascade,
    like_occlusion,
    mean_map,
    members_agree,
    under_noise,
    under_shift,
)
from AGE2HIELib.result.verdicts import CascadeStep, Examination, Finding

MEMBERS_AGREE = 0.8
LIKE_RANDOM = 0.5
REPEATABLE = 0.7
LIKE_OCCLUSION = 0.2
BY_CHANCE = 0.05  # p of a curve, one-sided


def examine_map(examined: ExaminedMap) -> Examination:
    """Every figure for one map of one infant: about a minute for the CAM family on two cores, and for a slower method
    about ten times what its map takes besides.
    """
    own = answers(examined, examined.members, examined.image)
    mean = mean_map(own, examined)
    steps, (gone, there) = cascade(examined, mean), curves(examined, mean)
    findings = (
        _at_least(
            "agreement of the members",
            members_agree(own),
            MEMBERS_AGREE,
            "The members of the ensemble name different places (maps whose signs are drawn by lot reach "
            f"{agreement_by_lot(len(own)):.2g}).",
        ),
        _at_most(
            "likeness to a network with random weights",
            abs(steps[-1][1]),
            LIKE_RANDOM,
            "The map would look much the same had the network learned nothing.",
        ),
        _at_least(
            "likeness under noise", under_noise(examined, mean), REPEATABLE, "The noise of a scan changes the map."
        ),
        _at_least(
            "likeness when the image is moved",
            under_shift(examined, mean),
            REPEATABLE,
            "A shift of one voxel changes the map.",
        ),
        _beside_chance(
            "deletion: score kept, less that of random orders",
            gone,
            "The score falls no sooner when the named parts are taken away than when those of maps are that know "
            "nothing and are as smooth.",
        ),
        _beside_chance(
            "insertion: score reached, less that of random orders",
            there,
            "The score comes back no sooner with the named parts than with those of maps that know nothing and are as "
            "smooth.",
        ),
        _at_least(
            "likeness to occlusion",
            like_occlusion(examined, mean),
            LIKE_OCCLUSION,
            "The map does not name the parts whose absence lowers the score.",
        ),
    )
    return Examination(examined.method, findings, tuple(CascadeStep(*step) for step in steps))


def _at_least(name: str, value: float, limit: float, meaning: str) -> Finding:
    return Finding(name, value, f"at least {limit:g}", bool(np.isfinite(value) and value >= limit), meaning)


def _at_most(name: str, value: float, limit: float, meaning: str) -> Finding:
    return Finding(name, value, f"at most {limit:g}", bool(np.isfinite(value) and value <= limit), meaning)


def _beside_chance(name: str, curve: Curve, meaning: str) -> Finding:
    limit = f"p at most {BY_CHANCE:g} beside {REFERENCES} turned copies and negatives of the map"
    passed = bool(np.isfinite(curve.beside_references) and curve.p <= BY_CHANCE)
    return Finding(name, curve.beside_references, limit, passed, meaning, curve.p)
