"""How near T1 and T2 of synthetic infants come to their diffusion scan, and whether another infant's is told apart.

    python benchmark/sequences.py [--infants 6]

For every infant, sequence, and with the head as without: the distance in the brain from where it should be, before and
after, and the information that it shares with ADC in the end, beside that of another infant's image.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

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
_UNITS = ("mm", "mm", "", "")
_TO_LPS = np.array([-1.0, -1.0, 1.0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--infants", type=int, default=6)
    count = parser.parse_args().infants
    figures = Figures("sequences")
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
                image = f"{name}{' head' if with_head else ''}"
                print(f"{protocol:6}{injury.kind:12}{image:10}{row[0]:12.2f}{row[1]:8.2f}{row[2]:8.2f}", end="")
                print(f"{row[3]:9.3f}{row[4]:12.3f}", flush=True)
                for what, value, unit in zip(("after", "most", "shared", "another"), row[1:], _UNITS, strict=True):
                    figures.add(f"{number}/{image}/{what}", value, unit)
    figures.write()


def _infant(number: int) -> tuple[Infant, Injury]:
    made = make_infant(_FIRST_SEED + number)
    return made, injure(made, _KINDS[number % 4], seed=number)


def _measured(scanned: ScannedSequence, stranger: ScannedSequence, adc: Volume) -> tuple[float, ...]:
    """Mean distance before, mean and largest after, information shared, and another infant's."""
    brain = adc.like(adc.array != 0)
    own, other = (register_sequence(to_canonical(one.image), adc, brain) for one in (scanned, stranger))
    points = np.argwhere(brain.array)[::_EVERY] @ adc.affine_ras[:3, :3].T + adc.affine_ras[:3, 3]
    true = scanned.moved(points)
    found = np.array([own.moved.TransformPoint(point) for point in (points * _TO_LPS).tolist()]) * _TO_LPS
    before, after = (np.linalg.norm(true - one, axis=1) for one in (points, found))
    return float(before.mean()), float(after.mean()), float(after.max()), own.agreement, other.agreement


if __name__ == "__main__":
    main()
