"""T1 and T2 of the infant beside the diffusion scan: read, brought to it, and doubted where they do not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scipy.ndimage import binary_erosion

from AGE2HIELib.bundle.model_facts import ModelFacts, z_and_sequences
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_volume, sha256_of_image
from AGE2HIELib.preprocess.fluid_contrast import BRIGHT_FLUID, tail_asymmetry
from AGE2HIELib.preprocess.sequences import register_sequence
from AGE2HIELib.volume import Volume

# Share of information in common below which a warning is written, by the sequence: ``docs/systems-fused.md`` has the
# figures of 12 images of phantoms beside their own scan and another infant's.
LEAST_AGREEMENT = {"t1": 0.06, "t2": 0.06}
_RIM_VOXELS = 2
_LEAST_COVERED = 0.8  # of the scan's brain: a tight mask of T1 takes a little off


@dataclass(frozen=True)
class GivenSequences:
    """By name, ``t1`` or ``t2``: ``images`` in canonical voxel order on their own grids, and the ``sha256`` of their
    files.
    """

    images: Mapping[str, Volume] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)


NOTHING_GIVEN = GivenSequences()


def read_sequences(files: Mapping[str, Path | None]) -> GivenSequences:
    """Raises InputError for a file that is no 3D image."""
    given = {name: path for name, path in files.items() if path is not None}
    images = {name: to_canonical(read_volume(path)) for name, path in given.items()}
    return GivenSequences(images, {name: sha256_of_image(path) for name, path in given.items()})


def check_reads(given: GivenSequences, facts: ModelFacts) -> None:
    """InputError where the model has no use for a sequence that was given."""
    read = [channel.name for channel in facts.spec.channels]
    for name in given.images:
        if name not in read:
            raise InputError(
                f"--{name} was given, and the model {facts.name} reads {', '.join(read)} alone. Leave --{name} out, or "
                "name a model that reads it with --model."
            )


def reading_doubts(facts: ModelFacts, there: Sequence[str]) -> tuple[str, ...]:
    """A warning where the number is not read by infants with just these sequences, though the model reads such."""
    if not facts.spec.sequences or z_and_sequences(facts.kind)[1] is not None:
        return ()
    had = " and ".join(["ADC", *(name.upper() for name in there)]) + ("" if there else " alone")
    return (
        f"The model {facts.name} has no calibration for infants with {had}, of whom too few were at hand (or it was "
        "made before there was one): the number is read by that of all infants together, with T1 and T2 or without.",
    )


def sequences_on_scan(given: GivenSequences, adc: Volume, brain: Volume) -> tuple[dict[str, Volume], dict[str, str]]:
    """The sequences on the grid of the scan, and a warning for each that may not belong to it, by name; ``adc`` and
    ``brain`` as for ``register_sequence``.
    """
    images, doubts = {}, {}
    for name, image in given.images.items():
        try:
            found = register_sequence(image, adc, brain)
        except InputError as problem:
            raise InputError(f"--{name}: {problem}") from problem
        images[name] = found.image
        said = []
        if found.agreement < LEAST_AGREEMENT[name]:
            said.append(
                f"The {name.upper()} shares {found.agreement:.3f} of its information with the scan (usual: "
                f"{LEAST_AGREEMENT[name]:.2f} or more): it may be another infant's, or lie elsewhere. Look at both."
            )
        seen = brain.array & (found.image.array != 0)
        covered = float(seen.sum() / max(1, brain.array.sum()))
        if covered < _LEAST_COVERED:
            said.append(f"The {name.upper()} covers {100 * covered:.0f} % of the brain. Give an image of all of it.")
        # at the rim voxels hold little of the brain: of 19 own T2 of phantoms three would have seemed no T2 there
        core = seen & binary_erosion(brain.array, iterations=_RIM_VOXELS)
        bright = tail_asymmetry(found.image.array[core]) > BRIGHT_FLUID if core.any() else name == "t2"
        if bright != (name == "t2"):
            said.append(
                f"In the {name.upper()} fluid is {'bright' if bright else 'dark'}, as in a "
                f"{'T2 or an ADC map' if bright else 'T1'}: it may be another image. Look at it."
            )
        if said:
            doubts[name] = " ".join(said)
    return images, doubts
