"""How near T1 and T2 of synthetic infants come to their diffusion scan, and whether another infant's is told apart.

    python benchmark/sequences.py [--infants 6]

For every infant, sequence, and with the head as without: the distance in the brain from where it should be, before and
after, and the information that it shares with ADC in the end, beside that of another infant's image.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from figures import Figures

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.phantom.infant import Infant, make_infant
from AGE2HIELib.phantom.injury import Injury, injure
from AGE2HIELib.phantom.scan import PROTOCOLS, scanner_adc
from AGE2HIELib.phantom.sequences import SEQUENCES, ScannedSequence, scan_sequence
from AGE2HIELib.preprocess.sequences import register_sequence
from AGE2HIELib.volume import Volume

_KINDS, _PROTOCOLS = ("none", "bgt", "near-total", "watershed"), ("2mm", "4mm", "6mm")
_FIRST_SEED = 70  # of no cohort
_EVERY = 200  # voxel of the brain is asked where it lies
_GROUPS = {"2mm-4mm": ("2mm", "4mm"), "6mm": ("6mm",)}
_TO_LPS = np.array([-1.0, -1.0, 1.0])


class _Row(NamedTuple):
    """Mean distance before, mean and largest after (mm), information shared, and another infant's."""

    before: float
    after: float
    most: float
    shared: float
    of_another: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--infants", type=int, default=6)
    count = parser.parse_args().infants
    rows: dict[str, list[_Row]] = {protocol: [] for protocol in _PROTOCOLS}
    print(f"{'ADC':6}{'injury':12}{'image':10}{'before, mm':>12}{'after':>8}{'most':>8}{'shared':>9}{'of another':>12}")
    for number in range(count):
        infant, injury = _infant(number)
        protocol, other = _PROTOCOLS[number % 3], _infant((number + 1) % max(count, 2))
        adc = to_canonical(scanner_adc(infant, injury, PROTOCOLS[protocol], seed=number))
        for name in SEQUENCES:
            for with_head in (False, True):
                scanned = scan_sequence(infant, injury, name, seed=number, with_head=with_head)
                stranger = scan_sequence(*other, name, seed=number, with_head=with_head)
                row = _measured(scanned, stranger, adc)
                rows[protocol].append(row)
                image = f"{name}{' head' if with_head else ''}"
                print(
                    f"{protocol:6}{injury.kind:12}{image:10}{row.before:12.2f}{row.after:8.2f}{row.most:8.2f}", end=""
                )
                print(f"{row.shared:9.3f}{row.of_another:12.3f}", flush=True)
    _figures_of(rows).write()


def _figures_of(rows: dict[str, list[_Row]]) -> Figures:
    """Intervals are the least and the largest image; thick slices, which are placed worse, stand apart."""
    figures = Figures("sequences")
    every = [row for found in rows.values() for row in found]
    figures.add("images", len(every))
    for name, unit, found in (
        ("before", "mm", [row.before for row in every]),
        ("shared", "%", [100 * row.shared for row in every]),
        ("of-another", "%", [100 * row.of_another for row in every]),
    ):
        figures.add(f"{name}/least", min(found), unit)
        figures.add(f"{name}/most", max(found), unit)
    for name, protocols in _GROUPS.items():
        group = [row for protocol in protocols for row in rows[protocol]]
        if group:
            after = [row.after for row in group]
            figures.add(f"{name}/images", len(group))
            figures.add(f"{name}/after", np.mean(after), "mm, mean; least and largest image", (min(after), max(after)))
            figures.add(f"{name}/most", max(row.most for row in group), "mm")
    return figures


def _infant(number: int) -> tuple[Infant, Injury]:
    made = make_infant(_FIRST_SEED + number)
    return made, injure(made, _KINDS[number % 4], seed=number)


def _measured(scanned: ScannedSequence, stranger: ScannedSequence, adc: Volume) -> _Row:
    brain = adc.like(adc.array != 0)
    own, other = (register_sequence(to_canonical(one.image), adc, brain) for one in (scanned, stranger))
    points = np.argwhere(brain.array)[::_EVERY] @ adc.affine_ras[:3, :3].T + adc.affine_ras[:3, 3]
    true = scanned.moved(points)
    found = np.array([own.moved.TransformPoint(point) for point in (points * _TO_LPS).tolist()]) * _TO_LPS
    before, after = (np.linalg.norm(true - one, axis=1) for one in (points, found))
    return _Row(float(before.mean()), float(after.mean()), float(after.max()), own.agreement, other.agreement)


if __name__ == "__main__":
    main()
