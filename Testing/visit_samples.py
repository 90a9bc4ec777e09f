"""Two scans of an infant with planted lesions, as read and as predict leaves them; phantoms for the registration."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from report_samples import small_record
from scans import bundled_atlas, stripped_scan, turned
from scipy.spatial.transform import Rotation

from AGE2HIELib.io.coordinates import to_canonical, to_stored_order
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.preprocess.placement import place_in_atlas
from AGE2HIELib.preprocess.placement_file import write_transform
from AGE2HIELib.preprocess.rigid import Rigid, points_of
from AGE2HIELib.result.decode import decode, encode
from AGE2HIELib.result.findings import Lesion
from AGE2HIELib.result.record import Result
from AGE2HIELib.visits.reading import RegionMedians, VisitMaps
from AGE2HIELib.visits.registration import (
    BrainScan,
    as_affine,
    as_transform,
)
from AGE2HIELib.volume import Grid, Volume

STILL = Rigid(np.eye(3), np.zeros(3))
LEFT, RIGHT = 1, 2


def motion(degrees: tuple[float, float, float], shift_mm: tuple[float, float, float] = (0, 0, 0)) -> Rigid:
    return Rigid(Rotation.from_euler("xyz", degrees, degrees=True).as_matrix(), np.array(shift_mm, dtype=float))


@cache
def scan(kind: str, acquisition: str, degrees: tuple[float, float, float]) -> BrainScan:
    adc, brain = (turned(volume, degrees) for volume in stripped_scan(kind, acquisition, 31))
    return BrainScan(adc, brain, place_in_atlas(adc, brain, bundled_atlas()).affine)


def ball(grid: Grid, centre: Sequence[float], radius_mm: float, stretch: Sequence[float] = (1, 1, 1)) -> np.ndarray:
    """Bool; the centre in RAS+ mm."""
    every = points_of(np.ones(grid.shape, dtype=bool), grid.affine_ras)
    return np.asarray(np.linalg.norm((every - np.array(centre)) / stretch, axis=1) <= radius_mm).reshape(grid.shape)


def visit(spacing_mm: Sequence[float], lie: Rigid, lesions: Sequence[tuple[Sequence[float], float]]) -> VisitMaps:
    """A brain of 45 mm radius with balls of lesion (centre in the head's own RAS+ mm, radius), in two halves."""
    shape = tuple(int(np.ceil(130 / mm)) for mm in spacing_mm)
    upright = np.diag([*spacing_mm, 1.0])
    upright[:3, 3] = -np.array(spacing_mm) * (np.array(shape) - 1) / 2
    head = Grid((shape[0], shape[1], shape[2]), upright)
    brain = ball(head, (0, 0, 0), 45, (0.85, 1.2, 0.95))
    fluid = ball(head, (5, -22, 8), 11, (0.6, 1.6, 0.8))  # unlike on either side, in front and behind, above and below
    lesion = np.zeros(shape, dtype=bool)
    for centre, radius in lesions:
        lesion |= ball(head, centre, radius)
    x = (upright[0, 0] * np.arange(shape[0]) + upright[0, 3])[:, None, None]
    labels = np.where(brain, np.where(x < 0, LEFT, RIGHT), 0).astype(np.int32)
    affine = as_affine(lie) @ upright

    def volume(array: np.ndarray) -> Volume:
        return to_canonical(Volume(array, affine))

    z = np.where(lesion, -4.0, 0.0).astype(np.float32)
    medians = {LEFT: RegionMedians("half", "left", 1200.0, 0.0), RIGHT: RegionMedians("half", "right", None, None)}
    return VisitMaps(
        result=record_of("a" if lesions else "b"),
        stored=Grid((shape[0], shape[1], shape[2]), affine),
        adc=volume(np.where(brain, np.where(lesion, 700.0, np.where(fluid, 2600.0, 1200.0)), 0).astype(np.float32)),
        brain=volume(brain),
        z=volume(z),
        lesion=volume(lesion),
        labels=volume(labels),
        medians=medians,
        affine=as_transform(lie),
    )


def record_of(sha256: str) -> Result:
    content = small_record()
    content["input"] = {**content["input"], "sha256": sha256 * 64}
    return decode(Result, content)


TURNED = motion((20, -11, 14), (5, -3, 2))
STAYS, GOES, COMES = ((-20.0, 5.0, 4.0), 8.0), ((22.0, -10.0, 0.0), 7.0), ((18.0, 18.0, 6.0), 9.0)
BALL_ML = tuple(4 / 3 * np.pi * radius**3 / 1000 for _, radius in (STAYS, GOES, COMES))


@cache
def planted() -> tuple[VisitMaps, VisitMaps]:
    """2 mm isotropic, then 1.5 x 1.5 x 4 mm of an oblique head: one lesion stays, one goes, one comes."""
    return visit((2, 2, 2), STILL, [STAYS, GOES]), visit((1.5, 1.5, 4), TURNED, [STAYS, COMES])


def write_result(folder: Path, maps: VisitMaps, sha256: str, **changes: object) -> Path:
    """What ``predict`` leaves, as far as a comparison reads it."""
    folder.mkdir()
    volumes = {
        "adc": maps.adc,
        "brain_mask": maps.brain,
        "z_adc": maps.z,
        "lesion": maps.lesion,
        "regions": maps.labels,
    }
    for name, volume in volumes.items():
        write_volume(to_stored_order(volume, maps.stored), folder / f"{name}.nii.gz")
    write_transform(maps.affine.GetInverse(), folder / "placement.h5")
    lines = ["region,hemisphere,label,median_adc_1e6_mm2_s,median_z"]
    lines += [f"half,{side},{label},{1200 - 100 * label},-0.5" for label, side in ((LEFT, "left"), (RIGHT, "right"))]
    (folder / "regions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    content = small_record() | {"lesion": encode(LESION)} | changes
    content["input"] = {**content["input"], "sha256": sha256 * 64}
    (folder / "result.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


LESION = Lesion("rule", "low z", 3.6, 380.0, 0.01, (0.0, 0.02), "both", ())


NOTHING: dict[str, object] = {
    "probability_adverse": None,
    "interval": None,
    "members": [],
    "label": None,
    "prediction_set": None,
}
