"""How far from the training cases scans lie that must pass, and what is no newborn's ADC map, beside the model's limit.

    AGE2HIE_TEST_DATA=FOLDER python benchmark/distances.py [--phantoms 10] [--jobs 2]

Newborns are asked with a z-map of our own and with the released one. Phantoms, which no training cohort has, are placed
as they are; then ADC is multiplied, exchanged with z, shuffled within the brain, or made into noise of the same mean
and spread, and z is made anew: the distance alone is looked at, whatever else would have refused them.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import gate_cases
import numpy as np
from calibration import asked
from figures import Figures
from fresh_cases import bundled_atlas, gated_scan, plan, scanned
from gate import bundled_model

from AGE2HIELib.pipeline.admission import admit
from AGE2HIELib.pipeline.inputs import read_scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import STAGES
from AGE2HIELib.preprocess.network_input import network_input
from AGE2HIELib.preprocess.zmap import z_map
from AGE2HIELib.quality.check import DISTANCE, OVERRIDABLE
from AGE2HIELib.system.parallel import run_all
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Volume
from training.bundle_cases import limit_of_distance
from training.cohorts.synthetic_hie import Planned

FACTORS = (0.62, 0.8, 1.3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phantoms", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    figures = Figures("distances")
    newborns = gate_cases.real_newborns() if "AGE2HIE_TEST_DATA" in os.environ else []
    sound = run_all(of_newborn, newborns, jobs=options.jobs, description="newborns")
    spoilt = run_all(of_phantom, plan(options.phantoms)[: options.phantoms], jobs=options.jobs, description="phantoms")
    for of, rows in (("newborns", sound), ("phantoms", spoilt)):
        figures.add(of, len(rows))
        for name in rows[0] if rows else ():
            away = [row[name] for row in rows]
            figures.add(f"{name}/least", min(away))
            figures.add(f"{name}/median", float(np.median(away)))
            figures.add(f"{name}/largest", max(away))
            print(f"{of}, {name:12} least {min(away):.2f}, median {np.median(away):.2f}, largest {max(away):.2f}")
    for kind in sound[0] if sound else ():
        within, _ = limit_of_distance(np.array([row[kind] for row in sound]), synthetic=False)
        figures.add(f"{kind}/within", within)
        print(f"996 of 1000 newborns, {kind}: within {within:.2f}, as far as logarithms are normal")
    cases = bundled_model().bundle.cases
    assert cases is not None  # the bundled model has them
    figures.add("limit", cases.distance_limit)
    print(f"limit {cases.distance_limit:g}")
    figures.write(model=True, real=bool(newborns))


def of_newborn(path: Path) -> dict[str, float]:
    found = {}
    for kind, z_adc in (("own", None), ("released", gate_cases.released_z(path))):
        request = Request(override=OVERRIDABLE)  # a warning must not end the questions
        admitted = admit(read_scan(path, z_adc=z_adc), bundled_model(), bundled_atlas(), request, Stages(STAGES))
        checks = {one.name: one.value for one in admitted.gated.quality.checks}
        value = checks[DISTANCE]
        assert isinstance(value, float)  # of a check with a number
        found[kind] = value
    return found


def of_phantom(case: Planned) -> dict[str, float]:
    gated = gated_scan(scanned(case)[1])
    placement, atlas, model = gated.placement, bundled_atlas(), bundled_model()
    assert placement is not None  # of a phantom

    def away(adc: Volume, *, exchanged: bool = False) -> float:
        scores = z_map(adc, gated.brain, atlas, placement)
        fed = {"adc": adc, "z_adc": scores}
        image = network_input(fed, brain=gated.brain, placement=placement, spec=model.bundle.spec)
        return float(asked(model, image[:, ::-1].copy() if exchanged else image)[0]["distance"])

    found = {"phantom": away(gated.adc), "exchanged": away(gated.adc, exchanged=True)}
    for name, array in _spoilt(gated.adc.array, gated.brain.array > 0, seed=case.seed):
        found[name] = away(gated.adc.like(array.astype(np.float32)))
    return found


def _spoilt(adc: np.ndarray, brain: np.ndarray, *, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    for factor in FACTORS:
        yield f"adc-{factor:g}", adc * factor
    inside = adc[brain]
    for name, values in (
        ("shuffled", rng.permutation(inside)),
        ("noise", rng.normal(inside.mean(), inside.std(), inside.size)),
    ):
        array = np.zeros_like(adc)
        array[brain] = values
        yield name, array


if __name__ == "__main__":
    main()
