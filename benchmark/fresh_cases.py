"""Fresh synthetic infants of each site, up to the network's input, drawn as the demonstration model's were.

    python benchmark/fresh_cases.py --keep FOLDER [--cases 2000] [--jobs 2] [--released]

A case takes about three seconds on a core and is kept in FOLDER (1 MB), with what the gate says of it; a second call
makes what is missing. The seeds are in no training cohort. ``calibration.py`` and ``gate.py`` read the folder.
With ``--released`` a case also gets a z-map as another group would release it, which takes half as long again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from gate_cases import PHANTOM, row_of, rows_file

from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.source import Source
from AGE2HIELib.phantom.infant import Infant, make_infant
from AGE2HIELib.phantom.scan import scanner_adc
from AGE2HIELib.pipeline.admission import GatedScan, gate_scan
from AGE2HIELib.pipeline.inputs import Scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import CHECK_STAGES
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.preprocess.network_input import network_input
from AGE2HIELib.preprocess.zmap import z_map
from AGE2HIELib.system.parallel import run_all
from AGE2HIELib.system.places import find_atlas, find_model
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Volume
from training.cohorts.released_z import released_like_z
from training.cohorts.synthetic_hie import SITES, Planned, injury_with_outcome, planned_cases, protocol_of
from training.files import write_text, write_whole
from training.preparing.store import load_prepared
from training.run_folder import RunFolder, recorded_settings

SEED = 70  # of the cohort; training uses others


@dataclass(frozen=True)
class Fresh:
    """``own``, ``released``: float32 ``(1, 2, D, H, W)``, with z of the atlas and as another group would release it.

    ``released`` is None where it was not made.
    """

    case: str
    site: str
    adverse: bool
    failed: tuple[str, ...]
    own: np.ndarray
    released: np.ndarray | None


def plan(cases: int) -> list[Planned]:
    """So many of each site, in turn, so that the first of them are a fair part of all."""
    every = planned_cases(dict.fromkeys(SITES, cases), seed=SEED)
    return [case for pair in zip(every[:cases], every[cases:], strict=True) for case in pair]


def fresh_cases(folder: Path, *, cases: int) -> Iterator[Fresh]:
    """Those of the first ``cases`` of each site that are there."""
    for case in plan(cases):
        path = _file(folder, case)
        if path.exists():
            with np.load(path) as kept:
                image = kept["volume"].astype(np.float32)[None]
            (row,) = json.loads(rows_file(folder, PHANTOM, case.case).read_text())
            failed = tuple(check["name"] for check in row["checks"] if not check["passed"])
            released = image[:, [0, 2]].copy() if image.shape[1] == 3 else None
            yield Fresh(case.case, case.site, case.adverse, failed, image[:, :2].copy(), released)


def cohort_cases(run: Path) -> Iterator[Fresh]:
    """The prepared infants of a training run, as another model may be asked about them; the gate was not asked."""
    cohort = load_prepared(RunFolder(run, recorded_settings(run)).prepared_hie)
    facts = zip(cohort.table["case"], cohort.table["site"], cohort.table["adverse"], strict=True)
    for (case, site, adverse), volume in zip(facts, cohort.volumes, strict=True):
        image = np.asarray(volume, np.float32)[None]
        yield Fresh(case, site, bool(adverse), (), image[:, :2].copy(), image[:, [0, 2]].copy())


def scanned(case: Planned) -> tuple[Infant, Volume]:
    """One infant, and its ADC map as the training cohort's are made, in canonical voxel order."""
    rng = np.random.default_rng([case.seed, 10])
    infant = make_infant(case.seed)
    injury = injury_with_outcome(infant, case, rng)
    return infant, to_canonical(scanner_adc(infant, injury, protocol_of(case.site, rng), seed=case.seed))


def gated_scan(adc: Volume) -> GatedScan:
    """As a prediction does it."""
    source = Source("adc-mha", "", None, adc, "1e-6 mm2/s", ())
    return gate_scan(Scan(source), bundled_atlas(), Request(), Stages(CHECK_STAGES))


def make(case: Planned, *, folder: Path, released: bool = False) -> None:
    """One infant, examined and placed."""
    atlas = bundled_atlas()
    infant, adc = scanned(case)
    gated = gated_scan(adc)
    assert gated.placement is not None
    scores = [z_map(gated.adc, gated.brain, atlas, gated.placement)]
    if released:
        scores.append(released_like_z(infant, adc, adc.like(adc.array != 0), atlas, seed=case.seed))
    feed = partial(network_input, brain=gated.brain, placement=gated.placement, spec=bundled_spec())
    own, *others = (feed({"adc": gated.adc, "z_adc": z})[0] for z in scores)
    volume = np.concatenate([own, *(other[1:] for other in others)]).astype(np.float16)
    rows = [row_of(PHANTOM, case.case, gated.quality)]
    write_text(rows_file(folder, PHANTOM, case.case), json.dumps(rows) + "\n")
    write_whole(_file(folder, case), lambda part: np.savez_compressed(part, volume=volume))


bundled_spec = cache(lambda: read_bundle(find_model(None)).spec)
bundled_atlas = cache(lambda: load_atlas(find_atlas(None)))


def _file(folder: Path, case: Planned) -> Path:
    return folder / f"{case.case}.npz"


def _is_made(path: Path, released: bool) -> bool:
    if not (released and path.exists()):
        return path.exists()
    with np.load(path) as kept:
        return len(kept["volume"]) == 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--cases", type=int, default=2000, help="of each site")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--released", action="store_true", help="another group's z-map as well")
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    missing = [case for case in plan(options.cases) if not _is_made(_file(options.keep, case), options.released)]
    run_all(
        partial(make, folder=options.keep, released=options.released), missing, jobs=options.jobs, description="infants"
    )


if __name__ == "__main__":
    main()
