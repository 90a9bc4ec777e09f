"""Two results of one infant compared: read ``compare`` first."""

from __future__ import annotations

import csv
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_stored_order
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.preprocess.rigid import points_of
from AGE2HIELib.release import __version__
from AGE2HIELib.report.extras import Extras
from AGE2HIELib.report.record import write_record
from AGE2HIELib.result.record import Result
from AGE2HIELib.result.visits import RegionChange, Registration, TwoScans, Visit
from AGE2HIELib.system.outputs import output_folder
from AGE2HIELib.system.progress import Progress, Stages
from AGE2HIELib.visits.change import lesion_change, overlap_of_lesions, region_changes, score_changes
from AGE2HIELib.visits.course import Ages, pseudonormalisation
from AGE2HIELib.visits.page import page_html
from AGE2HIELib.visits.picture import SecondOnFirst, picture_of, second_on_first
from AGE2HIELib.visits.reading import VisitMaps, check_pair, read_visit
from AGE2HIELib.visits.registration import BrainMatch, BrainScan, as_affine, brain_ml, match_brains

STAGES = ("read", "register", "measure", "report")
RECORD, TABLE, PICTURE, PAGE = "comparison.json", "changes.csv", "comparison.png", "comparison.html"
# Second brain over first. A newborn's brain grows by 64 % in 90 days (Holland 2014, doi:10.1001/jamaneurol.2014.1638);
# the masks of one phantom in two acquisitions had 0.95 to 1.09 times the volume (48 pairs, benchmark/two_scans.py).
SIZE_RATIO = (0.7, 1.8)
LEAST_OVERLAP = 0.945
_BASIS = (
    "48 pairs of scans of one phantom, in other acquisitions and lies and with another lesion, had 0.960 to 0.988; 48 "
    "pairs of two phantoms of nearly one brain volume had 0.876 to 0.937; 28 newborns each with the one nearest in "
    "brain volume 0.861 to 0.941."
)
_SLICES_DIFFER = 1.5  # times: borders of a lesion then lie elsewhere because of the voxels alone
_METHOD = "rigid: the two placements in the atlas one after the other, refined on the brains' outline and fluid"


@dataclass(frozen=True)
class Compared:
    """The record, and what is missing of the extras of the output, in sentences."""

    record: TwoScans
    lost: tuple[str, ...]


def compare(
    first: Path,
    second: Path,
    output: Path,
    *,
    ages: Ages | None = None,
    atlas: Path | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Compared:
    """Bring an infant's second scan to the first and write what has changed into a new folder, whole or not at all.

    Args:
        first, second: folders that ``predict`` has made, in time order.
        output: the folder; ``docs/two-scans.md`` lists its files.
        ages: at the scans; without them nothing can be said of pseudonormalisation.
        atlas: that the results were made with; used for one whose number was withheld. The bundled one if None.

    Raises:
        InputError: a folder cannot be used, or the two cannot be of one infant, or of one model and atlas.
    """
    stages, ages = Stages(STAGES, progress), ages or Ages()
    with output_folder(output, overwrite=overwrite, inputs=(first, second)) as folder:
        with stages("read"):
            results = check_pair(first, second)
            before, after = (
                read_visit(path, result, atlas) for path, result in zip((first, second), results, strict=True)
            )
        with stages("register"):
            match = match_brains(_scan(before), _scan(after))
            check_sizes(before, after)
        with stages("measure"):
            shown = second_on_first(before, after, match.second_from_first)
            record = compared(before, after, match, ages)
        lost = _write(record, before, shown, stages, folder)
    return Compared(record, lost)


def compared(before: VisitMaps, after: VisitMaps, match: BrainMatch, ages: Ages) -> TwoScans:
    """The record of two scans whose brains were matched."""
    one, other = before.result, after.result
    ages = ages if ages.cooled is not None else replace(ages, cooled=_cooled(one, other))
    registration = _registration(before, after, match)
    overlap = overlap_of_lesions(before, after, match.second_from_first)
    lesion = lesion_change(overlap)
    same_zones = one.atlas.zones_sha256 == other.atlas.zones_sha256
    return TwoScans(
        demonstration=one.demonstration or other.demonstration,
        first=_visit(before),
        second=_visit(after),
        ages_given=ages.given,
        cooled=ages.cooled,
        registration=registration,
        lesion=lesion,
        regions=region_changes(before, after, overlap),
        scores=score_changes(one.scores, other.scores) if same_zones else (),
        pseudonormalisation=pseudonormalisation(lesion, ages),
        model=one.model,
        atlas=one.atlas,
        software={"version": __version__, "python": platform.python_version()},
        timing_s={},
        warnings=_warnings(before, after, registration, lesion.unseen_ml, same_zones=same_zones),
    )


def check_sizes(before: VisitMaps, after: VisitMaps) -> None:
    """InputError for brains whose volumes cannot be one infant's in the weeks after birth."""
    first_ml, second_ml = (brain_ml(_scan(maps)) for maps in (before, after))
    low, high = SIZE_RATIO
    if not low <= second_ml / first_ml <= high:
        raise InputError(
            f"The brains have {first_ml:.0f} and {second_ml:.0f} ml, which cannot be one infant's (second over first "
            f"{second_ml / first_ml:.2f}, must be {low:g} to {high:g}). Give two scans of one infant, in time order."
        )


def _scan(maps: VisitMaps) -> BrainScan:
    return BrainScan(maps.adc, maps.brain, maps.affine)


def _cooled(one: Result, other: Result) -> bool | None:
    """As both results have it; None where they do not say, or not the same."""
    said = {result.settings.cooled if result.settings else None for result in (one, other)} - {None}
    return said.pop() if len(said) == 1 else None


def _visit(maps: VisitMaps) -> Visit:
    result = maps.result
    lesion_ml = float(maps.lesion.array.sum()) * maps.lesion.grid.voxel_ml
    return Visit(
        result.input,
        result.probability_adverse,
        result.probability_adverse is None,
        round(brain_ml(_scan(maps)), 3),
        round(lesion_ml, 3),
    )


def _registration(before: VisitMaps, after: VisitMaps, match: BrainMatch) -> Registration:
    rigid = match.second_from_first
    middle = points_of(before.brain.array, before.brain.affine_ras).mean(axis=0)
    angle = float(np.degrees(np.linalg.norm(Rotation.from_matrix(rigid.rotation).as_rotvec())))
    rows = [[round(float(value), 8) for value in row] for row in as_affine(rigid)]
    a, b, c, d = ((row[0], row[1], row[2], row[3]) for row in rows)
    return Registration(
        method=_METHOD,
        second_from_first=(a, b, c, d),
        turn_degrees=round(angle, 3),
        shift_mm=round(float(np.linalg.norm(rigid(middle) - middle)), 3),
        overlap=round(match.overlap, 4),
        similarity=round(match.similarity, 4),
        volume_ratio=round(brain_ml(_scan(after)) / brain_ml(_scan(before)), 4),
        one_infant=match.overlap >= LEAST_OVERLAP,
        limit=f"overlap at least {LEAST_OVERLAP:g}. {_BASIS}",
    )


def _warnings(
    before: VisitMaps, after: VisitMaps, registration: Registration, unseen_ml: float, *, same_zones: bool
) -> tuple[str, ...]:
    warnings = []
    if not registration.one_infant:
        warnings.append(
            f"The shapes of the brains fit badly (overlap {registration.overlap:.3f}, must be at least "
            f"{LEAST_OVERLAP:g}): these may be scans of two infants. Check the scans before reading on."
        )
    for which, maps in (("first", before), ("second", after)):
        if maps.result.probability_adverse is None:
            names = ", ".join(check.name for check in maps.result.quality.stopping)
            warnings.append(f"The number of the {which} scan is withheld by the quality gate ({names}).")
    methods = [maps.result.lesion.method if maps.result.lesion else "" for maps in (before, after)]
    if methods[0] != methods[1]:
        warnings.append(
            f"The lesions were found in different ways ('{methods[0]}', '{methods[1]}'): part of the change may come "
            "of that alone."
        )
    thickest = [float(maps.adc.grid.spacing_mm.max()) for maps in (before, after)]
    if max(thickest) > _SLICES_DIFFER * min(thickest):
        warnings.append(
            f"The voxels are up to {thickest[0]:.3g} and {thickest[1]:.3g} mm wide: part of what is new or gone lies "
            "at the borders of a lesion and comes of that alone."
        )
    if unseen_ml > 0:
        warnings.append(f"{unseen_ml:.1f} ml of lesion lie beyond the other scan's field of view and are not compared.")
    if not same_zones:
        warnings.append("The scores were made with different zones of the atlas and are not compared.")
    return tuple(warnings)


def _write(record: TwoScans, before: VisitMaps, shown: SecondOnFirst, stages: Stages, folder: Path) -> tuple[str, ...]:
    """Volumes, table, picture, page and record. The result stands without picture and page; returns what is missing."""
    with stages("report"):
        for name, volume in {"adc": shown.adc, "z": shown.z, "lesion": shown.lesion}.items():
            write_volume(to_stored_order(volume, before.stored), folder / f"second_on_first_{name}.nii.gz")
        write_changes(record.regions, folder / TABLE)
        extras = Extras(folder, [*record.warnings])

        def picture(part: Path) -> None:
            picture_of(before, shown, demonstration=record.demonstration).save(part / PICTURE, optimize=False)

        def page(part: Path) -> None:
            seen = folder / PICTURE
            text = page_html(replace(record, warnings=tuple(extras.warnings)), seen if seen.is_file() else None)
            (part / PAGE).write_text(text, encoding="utf-8")

        extras.write("the picture", picture)
        extras.write("the page", page)  # the last, since it shows every warning
    extras.then(
        lambda: write_record(replace(record, warnings=tuple(extras.warnings), timing_s=stages.seconds), folder / RECORD)
    )
    return tuple(extras.lost)


def write_changes(rows: Sequence[RegionChange], path: Path) -> None:
    """A CSV file; empty where there is nothing to say."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(RegionChange)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
