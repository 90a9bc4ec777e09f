"""A folder that ``predict`` has made, read again: its scan, its z-map and what the record says of model and atlas."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from AGE2HIELib.bundle.reading import Bundle
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_on_grid, read_volume
from AGE2HIELib.io.source import Source
from AGE2HIELib.pipeline.inputs import Scan
from AGE2HIELib.pipeline.sequences import GivenSequences
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.network_input import SEQUENCES
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.preprocess.placement_file import placement_from_file
from AGE2HIELib.report.folder import PLACEMENT
from AGE2HIELib.result.record import AtlasUsed, Result, Settings
from AGE2HIELib.result.stored import RECORD, read_stored
from AGE2HIELib.volume import Volume

_SAME = 0.01  # of the probability: the placement is made again from the finished brain mask, and may differ a little


@dataclass(frozen=True)
class Earlier:
    """What ``predict`` has written.

    Attributes:
        scan: the result's ADC, brain and z, so that nothing is fitted again, and what the gate said of it.
        result: its result.json.
        settings: None in records of before they were kept.
        probability: of the result, which was not refused.
    """

    scan: Scan
    result: Result
    settings: Settings | None
    probability: float


def read_maps(folder: Path, *names: str) -> tuple[Volume, ...]:
    """Maps of a result, in canonical voxel order, the ADC first (1e-6 mm^2/s).

    Args:
        folder: made by ``predict``.
        names: of the others, such as ``brain_mask``.

    Raises:
        InputError: one is missing, as of a refused scan, is damaged, or is that of another scan.
    """
    for name in ("adc", *names):
        if not (folder / f"{name}.nii.gz").exists():
            raise _lacks(folder, f"{name}.nii.gz")
    adc = read_volume(folder / "adc.nii.gz")
    others = (read_on_grid(folder / f"{name}.nii.gz", adc.grid, what="map") for name in names)
    return tuple(to_canonical(volume) for volume in (adc, *others))


def _lacks(folder: Path, name: str) -> InputError:
    return InputError(
        f"'{folder.name}' holds no {name}: it is no result of predict, the scan was refused, or an older age2hie made "
        "it. Predict the scan again."
    )


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
    used = read_stored(folder / RECORD).result.atlas
    adc, brain = read_maps(folder, "brain_mask")
    if not (folder / PLACEMENT).exists():
        raise _lacks(folder, PLACEMENT)
    check_same_atlas(used, atlas)
    return placement_from_file(folder / PLACEMENT, adc, brain.like(brain.array > 0), atlas)


def read_earlier(folder: Path) -> Earlier:
    """Raises InputError for a folder that is not whole, or of a refused scan."""
    stored = read_stored(folder / RECORD)
    result, settings = stored.result, stored.settings_if_kept
    if result.probability_adverse is None:
        raise InputError(f"'{folder.name}' is the result of a refused scan. There is no number to explain.")
    _, brain, z = read_maps(folder, "brain_mask", "z_adc")
    if not (brain.array > 0).any():
        raise InputError(f"The brain_mask.nii.gz of '{folder.name}' is empty. Predict the scan again.")
    unit = result.input.adc_unit_found or "1e-6 mm2/s"  # of what predict fitted itself
    adc = read_volume(folder / "adc.nii.gz")  # in the file's voxel order, which is that of what is written
    source = Source(result.input.kind, result.input.sha256, None, adc, unit, result.warnings)
    scan = Scan(
        source,
        z,
        brain.like(brain.array > 0),
        settings.z_adc_sha256 if settings else None,
        settings.mask_sha256 if settings else None,
        verdict=result.quality,
    )
    return Earlier(scan, result, settings, result.probability_adverse)


def check_sequences(earlier: Earlier, given: GivenSequences) -> None:
    """A result keeps no T1 and no T2: InputError where those that it was made from are not given again."""
    for name in SEQUENCES if earlier.settings is not None else ():
        sha256 = getattr(earlier.settings, f"{name}_sha256")
        if sha256 != given.sha256.get(name):
            said = f"with --{name} (SHA-256 {sha256[:12]}...)" if sha256 else f"without --{name}"
            raise InputError(f"The result was made {said}, and keeps no {name.upper()}. Give the same to explain it.")


def check_same(earlier: Earlier, bundle: Bundle, atlas: Atlas) -> None:
    """Maps must be of the network and the frame that made the number: InputError where they are not."""
    model = earlier.result.model
    if model.sha256 != bundle.sha256:
        raise InputError(
            f"The result was made with the model {model.name} {model.version} ({model.sha256[:12]}...), "
            f"and not with {bundle.name} {bundle.version} ({bundle.sha256[:12]}...). Name that model with --model."
        )
    check_same_atlas(earlier.result.atlas, atlas)


def check_same_atlas(frame: AtlasUsed, atlas: Atlas) -> None:
    """Raises InputError for another atlas than a result's."""
    if frame.sha256 not in (None, atlas.sha256):
        raise InputError(
            f"The result was made with the atlas {frame.name} ({str(frame.sha256)[:12]}...), "
            f"and not with {atlas.name} ({atlas.sha256[:12]}...). Name it with --atlas."
        )


def differs(earlier: Earlier, probability: float) -> tuple[str, ...]:
    """A warning where the maps explain another number than the result gives."""
    said = earlier.probability
    if abs(said - probability) <= _SAME:
        return ()
    return (f"The result says {said:.3f}; placed once more the scan scores {probability:.3f}, which the maps explain.",)
