"""A folder that ``predict`` has made, read again: its scan, its z-map and what the record says of model and atlas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from AGE2HIELib.bundle.reading import Bundle
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.io.source import Source
from AGE2HIELib.orientation import to_canonical
from AGE2HIELib.pipeline.inputs import Scan
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.preprocess.placement_file import placement_from_file
from AGE2HIELib.quality import Check, Quality
from AGE2HIELib.report.folder import PLACEMENT, RECORD
from AGE2HIELib.report.settings import Settings, read_settings

_SAME = 0.01  # of the probability: the placement is made again from the finished brain mask, and may differ a little


@dataclass(frozen=True)
class Earlier:
    """What ``predict`` has written.

    Attributes:
        scan: the result's ADC, brain and z, so that nothing is fitted again, and what the gate said of it.
        record: its result.json.
        settings: None in records of before they were kept.
    """

    scan: Scan
    record: Mapping[str, Any]
    settings: Settings | None

    @property
    def b_values_used(self) -> tuple[float, ...] | None:
        """Of the fit that the earlier result was made from; None for a given ADC, and for records of before."""
        used = self.record["input"].get("b_values_used")
        known = isinstance(used, list) and all(isinstance(b, int | float) for b in used)
        return tuple(used) if known else None


def read_placement(folder: Path, atlas: Atlas) -> Placement:
    """Where the scan of a result lies in the atlas, from its ``placement.h5``: to bring other images there or back.

    ``to_native`` (atlas to scan) is that of the prediction; ``to_atlas`` lies within 0.2 mm of it, see
    ``placement_from_file``.

    Args:
        folder: made by ``predict``.
        atlas: the one that the result was made with.

    Returns:
        The placement; its measures are those of the affine step, as after ``predict``, but ``filled`` is NaN.

    Raises:
        InputError: the folder holds no placement, as those of before had none, or one in another atlas.

    >>> from pathlib import Path
    >>> import AGE2HIELib as hie
    >>> atlas = hie.load_atlas()
    >>> placement = hie.read_placement(Path("result"), atlas)
    >>> placement.native.shape == hie.read_scan(Path("result/adc.nii.gz")).source.adc.array.shape
    True
    >>> labels = placement.to_native(atlas.labels, interpolation="nearest")  # any labels on the atlas's points will do
    >>> set(labels.array.ravel().tolist()) - {0} <= {region.value for region in atlas.regions}
    True
    """
    record = read_record(folder / RECORD)
    adc, brain = (to_canonical(read_volume(folder / f"{name}.nii.gz")) for name in ("adc", "brain_mask"))
    try:
        _check_same_atlas(record["atlas"], atlas)
    except (KeyError, TypeError) as error:
        raise unusable_record(folder / RECORD, error) from error
    return placement_from_file(folder / PLACEMENT, adc, brain.like(brain.array > 0), atlas)


def is_earlier(folder: Path) -> bool:
    return (folder / RECORD).is_file()


def read_earlier(folder: Path) -> Earlier:
    """Raises InputError for a folder that is not whole, or of a refused scan."""
    record = read_record(folder / RECORD)
    try:
        given, score = record["input"], record["probability_adverse"]
        kind, sha256 = str(given["kind"]), str(given["sha256"])
        warnings = tuple(str(warning) for warning in record["warnings"])
        quality = _quality(record["quality"])
        _ = record["model"]["sha256"], record["atlas"]["name"]
    except (KeyError, TypeError) as error:
        raise unusable_record(folder / RECORD, error) from error
    if score is None:
        raise InputError(f"'{folder.name}' is the result of a refused scan. There is no number to explain.")
    adc, brain, z = (read_volume(folder / f"{name}.nii.gz") for name in ("adc", "brain_mask", "z_adc"))
    if not (brain.array > 0).any():
        raise InputError(f"The brain_mask.nii.gz of '{folder.name}' is empty. Predict the scan again.")
    unit = given.get("adc_unit_found") or "1e-6 mm2/s"  # of what predict fitted itself
    source = Source(kind, sha256, None, adc, unit, warnings)
    settings = read_settings(record) if "settings" in record else None
    scan = Scan(
        source,
        to_canonical(z),
        to_canonical(brain.like(brain.array > 0)),
        settings.z_adc_sha256 if settings else None,
        settings.mask_sha256 if settings else None,
        verdict=quality,
    )
    return Earlier(scan, record, settings)


def read_record(path: Path) -> dict[str, Any]:
    """A result.json; InputError for what is none."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise unusable_record(path, error) from error
    if not isinstance(record, dict):
        raise InputError(f"'{path.name}' holds {type(record).__name__}, and not a result. Name a {RECORD}.")
    return record


def unusable_record(path: Path, error: Exception) -> InputError:
    """For a record that is not JSON, or lacks what ``predict`` writes."""
    reason = error.strerror if isinstance(error, OSError) else error
    return InputError(
        f"{path.name} in '{path.resolve().parent.name}' cannot be read ({type(error).__name__}: {reason}). "
        "Predict the scan again."
    )


def check_same(earlier: Earlier, bundle: Bundle, atlas: Atlas) -> None:
    """Maps must be of the network and the frame that made the number: InputError where they are not."""
    model = earlier.record["model"]
    if model["sha256"] != bundle.sha256:
        raise InputError(
            f"The result was made with the model {model.get('name')} ({model['sha256'][:12]}...), "
            f"and not with {bundle.name} ({bundle.sha256[:12]}...). Name that model with --model."
        )
    _check_same_atlas(earlier.record["atlas"], atlas)


def _check_same_atlas(frame: Mapping[str, Any], atlas: Atlas) -> None:
    if frame.get("sha256", atlas.sha256) != atlas.sha256:
        raise InputError(
            f"The result was made with the atlas {frame['name']} ({frame['sha256'][:12]}...), "
            f"and not with {atlas.name} ({atlas.sha256[:12]}...). Name it with --atlas."
        )


def differs(earlier: Earlier, probability: float) -> tuple[str, ...]:
    """A warning where the maps explain another number than the result gives."""
    said = float(earlier.record["probability_adverse"])
    if abs(said - probability) <= _SAME:
        return ()
    return (f"The result says {said:.3f}; placed once more the scan scores {probability:.3f}, which the maps explain.",)


def _quality(recorded: Mapping[str, Any]) -> Quality:
    """What ``quality`` of a record says; what another version keeps of a check beside that is left out."""
    names = {field.name for field in fields(Check)}
    return Quality(
        tuple(Check(**{key: value for key, value in check.items() if key in names}) for check in recorded["checks"])
    )
