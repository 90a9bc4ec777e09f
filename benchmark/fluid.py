"""The ADC of fluid: what sound maps have, whatever made them, and how many maps of a wrong scale the gate then stops.

    AGE2HIE_TEST_DATA=FOLDER python benchmark/fluid.py [--phantoms 40] [--scaled 10] [--unplaced] [--jobs 2]

Newborns' maps as they are and changed as other scanners and tools would (``fluid_maps``), phantoms of the training's
kind, of every protocol, and whole heads give the ADC of fluid beside its limits. Then newborns and phantoms are
multiplied by a factor and taken through the whole gate with all its questions, those about the network's input as well;
with ``--unplaced`` only through what is asked of values and mask, which takes minutes less.
"""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import gate_cases
import numpy as np
from figures import Figures
from fluid_maps import changed_maps, phantom_maps
from fresh_cases import bundled_atlas, gated_scan, plan, scanned
from gate import bundled_model
from gate_limits import Limit, expected_beyond
from whole_heads import without_air

from AGE2HIELib.io.coordinates import series_to_canonical
from AGE2HIELib.io.source import Source
from AGE2HIELib.phantom.head import make_head
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.scan import PROTOCOLS, scan_infant
from AGE2HIELib.pipeline.admission import admit
from AGE2HIELib.pipeline.inputs import Scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import STAGES
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.preprocess.mask import brain_mask
from AGE2HIELib.quality import Quality, check_quality
from AGE2HIELib.quality.check import FLUID, OVERRIDABLE
from AGE2HIELib.quality.values import ADC_OF_FLUID, fluid_check
from AGE2HIELib.system.parallel import run_all
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Volume
from training.cohorts.synthetic_hie import Planned

FACTORS = (0.5, 0.62, 0.8, 1.3, 1.6)
SEEDS = (31, 32, 33)
Values = dict[str, float]  # the ADC of fluid, by what the map is


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phantoms", type=int, default=40)
    parser.add_argument("--scaled", type=int, default=10, help="of the phantoms that are multiplied")
    parser.add_argument("--unplaced", action="store_true", help="ask multiplied maps of values and mask alone")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    ask = partial(run_all, jobs=options.jobs)
    figures, real = Figures("fluid"), "AGE2HIE_TEST_DATA" in os.environ
    newborns, cases = gate_cases.real_newborns() if real else [], plan(options.phantoms)[: options.phantoms]
    add_values(figures, "newborns", ask(of_newborn, newborns, description="newborns"))
    add_values(figures, "phantoms", ask(of_case, cases, description="phantoms"))
    add_values(figures, "protocols", ask(of_seed, SEEDS, description="protocols"))
    if newborns:
        add_distribution(figures, [fluid(adc_of(path).array[brain_of(adc_of(path))]) for path in newborns])
    for of, items in (("newborns", newborns), ("phantoms", cases[: options.scaled])):
        add_stopped(
            figures, of, ask(partial(stopped, placed=not options.unplaced), items, description=f"{of}, multiplied")
        )
    figures.write(model=True, real=real)


def add_values(figures: Figures, of: str, rows: Iterable[Values]) -> None:
    """Of each kind of map: how many there are, least, median and largest, and how many lie beyond the limits."""
    kinds: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for kind, value in row.items():
            kinds[kind].append(value)
    low, high = ADC_OF_FLUID
    for kind, values in kinds.items():
        found = np.array(values)
        beyond = int(((found < low) | (found > high)).sum())
        figures.add(f"{of}/{kind}/maps", len(found))
        figures.add(f"{of}/{kind}/least", found.min(), "1e-6 mm2/s")
        figures.add(f"{of}/{kind}/median", np.median(found), "1e-6 mm2/s")
        figures.add(f"{of}/{kind}/largest", found.max(), "1e-6 mm2/s")
        figures.add(f"{of}/{kind}/warned", beyond)
        print(
            f"{of:10} {kind:44} {found.min():5.0f} {np.median(found):5.0f} {found.max():5.0f}  {beyond} of {len(found)}"
        )


def add_distribution(figures: Figures, values: list[float]) -> None:
    """The normal distribution of the logarithm, and the share of further infants beyond each limit."""
    found = np.array(values)
    figures.add("log/mean", np.log(found).mean())
    figures.add("log/sd", np.log(found).std(ddof=1))
    low, high = ADC_OF_FLUID
    for name, limit, asked in (
        ("low", low, Limit(FLUID, np.log, low)),
        ("high", high, Limit(FLUID, np.log, None, high)),
    ):
        share = 100 * expected_beyond(found, asked)
        figures.add(f"limit/{name}", limit, "1e-6 mm2/s")
        figures.add(f"beyond/{name}", share, "%")
        print(f"{name} limit {limit:g}: {share:.4f} % of further infants beyond")


def add_stopped(figures: Figures, of: str, rows: list[dict[float, tuple[str, ...]]]) -> None:
    """How many are stopped by any check, with the new one and without it."""
    for factor in FACTORS if rows else ():
        failed = [row[factor] for row in rows]
        others = sum(bool(set(names) - {FLUID}) for names in failed)
        figures.add(f"times-{factor:g}/{of}/maps", len(rows))
        figures.add(f"times-{factor:g}/{of}/stopped", sum(map(bool, failed)))
        figures.add(f"times-{factor:g}/{of}/stopped-by-others", others)
        figures.add(f"times-{factor:g}/{of}/warned", sum(FLUID in names for names in failed))
        names = sorted({name for row in failed for name in row})
        print(f"times {factor:g}, {of}: {sum(map(bool, failed))} of {len(rows)}, without fluid {others}; {names}")


def fluid(values: np.ndarray) -> float:
    value = fluid_check(values).value
    assert isinstance(value, float)  # of a check with a number
    return value


adc_of = gate_cases.newborn_adc


def brain_of(adc: Volume) -> np.ndarray:
    return np.asarray(brain_mask(adc, contrast=None).array > 0)


def of_newborn(path: Path) -> Values:
    adc = adc_of(path)
    return _values(changed_maps(adc, brain_of(adc)))


def of_case(case: Planned) -> Values:
    adc = scanned(case)[1]
    return {"as-it-is": fluid(adc.array[brain_of(adc)])}


def of_seed(seed: int) -> Values:
    """Every protocol, and whole heads with noise in air and with the air set to 0."""
    found = _values(phantom_maps(seed))
    infant = make_infant(seed)
    for name in ("2mm", "6mm"):
        scan = scan_infant(infant, injure(infant, "bgt", seed=seed), make_head(infant), PROTOCOLS[name], seed=seed)
        fit = adc_map(series_to_canonical(scan.dwi))
        for kind, adc in (("head", fit.adc), ("head-without-air", without_air(fit.adc, fit.mean_b0))):
            gated = gated_scan(adc)
            found[f"{name}-{kind}"] = fluid(gated.adc.array[gated.brain.array > 0])
    return found


def _values(maps: Iterable[tuple[str, np.ndarray]]) -> Values:
    return {kind: fluid(values) for kind, values in maps}


def stopped(item: Path | Planned, *, placed: bool) -> dict[float, tuple[str, ...]]:
    """The checks that stop a map, by the factor."""
    adc = scanned(item)[1] if isinstance(item, Planned) else adc_of(item)
    maps = {factor: adc.like((adc.array * factor).astype(np.float32)) for factor in FACTORS}
    return {factor: _stopping(one, placed=placed) for factor, one in maps.items()}


def _stopping(adc: Volume, *, placed: bool) -> tuple[str, ...]:
    """Placed only where the values alone refuse nothing: that takes nearly all of the time, and changes no verdict."""
    source = Source("adc-mha", "", None, adc, "1e-6 mm2/s", ())
    quality = check_quality(source, adc, adc.like(brain_of(adc)), None, bundled_atlas())
    if placed and not any(check.severity == "refuse" for check in quality.stopping):
        request = Request(override=OVERRIDABLE)  # a warning must not end the questions
        quality = admit(Scan(source), bundled_model(), bundled_atlas(), request, Stages(STAGES)).gated.quality
    return _failed(quality)


def _failed(quality: Quality) -> tuple[str, ...]:
    return tuple(check.name for check in quality.checks if not check.passed)


if __name__ == "__main__":
    main()
