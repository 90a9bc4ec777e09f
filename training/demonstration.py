"""The demonstration model: cohort, members, calibration and figures, exported as a bundle. Synthetic throughout."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from AGE2HIELib.inference.bundle import write_bundle
from AGE2HIELib.inference.facts import ModelFacts
from AGE2HIELib.networks.sfcn import HALF_WIDTH, SFCN
from AGE2HIELib.preprocess.atlas import Atlas, load_atlas
from AGE2HIELib.preprocess.network_input import Channel, InputSpec
from AGE2HIELib.resources import resource_path
from AGE2HIELib.volume import Grid
from training.figures import SOURCES, Figures, measure, platt
from training.members import FitOptions, fit_member, logits
from training.phantom_cohort import Cohort, load_or_make_cohort


@dataclass(frozen=True)
class Preset:
    """``infants`` are made; the last ``held_out`` of them calibrate and measure and are never trained on."""

    name: str
    infants: int
    held_out: int
    members: int
    fit: FitOptions
    grid_mm: float = 2.0


PRESETS = {
    "bundle": Preset("bundle", 600, 120, 5, FitOptions(HALF_WIDTH, epochs=5)),
    "quick": Preset("quick", 24, 8, 2, FitOptions((4, 4, 8, 8, 8), epochs=2, batch_size=4), grid_mm=4.0),
}

# z-scores reach 10; ADC from 100 (dying tissue) to 2900 (fluid) lies within the clips
CHANNELS = (Channel("adc", 1300.0, 400.0, -3.0, 4.0), Channel("z_adc", 0.0, 3.0, -10 / 3, 10 / 3))
_FIELD_OF_VIEW_MM = (112.0, 128.0, 96.0)  # holds the atlas brain and divides by 2^4 cells of 2 mm


def input_spec(spacing_mm: float) -> InputSpec:
    """Both channels on a grid of the given spacing, centred on the atlas."""
    i, j, k = (round(extent / spacing_mm) for extent in _FIELD_OF_VIEW_MM)
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = [-spacing_mm * (n - 1) / 2 for n in (i, j, k)]
    return InputSpec(Grid((i, j, k), affine), CHANNELS)


def make_demonstration(preset: Preset, output: Path, export: Path, *, workers: int) -> str:
    """Everything from the seeds to the bundle; a run that was stopped goes on where it was.

    Returns:
        The measured figures as Markdown, as they stand on the model card.
    """
    atlas = load_atlas(resource_path("atlas"))
    spec = input_spec(preset.grid_mm)
    cohort = load_or_make_cohort(output / "infants", atlas, spec, count=preset.infants, first_seed=0, workers=workers)
    trained_on, held_out = _split(cohort, preset.held_out)
    members = [
        as_shipped(fit_member(trained_on, preset.fit, seed=seed, folder=output / f"member_{seed}"))
        for seed in range(preset.members)
    ]
    inputs = torch.from_numpy(held_out.inputs)
    by_source = {source: logits(members, inputs, source).mean(dim=0).numpy() for source in SOURCES}
    calibration = platt(np.concatenate(list(by_source.values())), np.tile(held_out.adverse, len(SOURCES)))
    figures = measure(by_source, held_out)
    export.parent.mkdir(parents=True, exist_ok=True)
    write_bundle(
        export,
        facts=ModelFacts(
            name="age2hie-demonstration",
            version="0.1.0",
            description="Shows what age2hie does. Learned from synthetic infants: not for clinical use.",
            trained_on=f"synthetic only: {len(trained_on.adverse)} procedural phantoms, simulated outcomes; no child",
            intended_use="Demonstration and tests of the software. Not for clinical use.",
            made_with=f"python training/run.py --preset {preset.name}",
            demonstration=True,
            spec=spec,
            z_origins=("released", "none", atlas.sha256),
            calibration=calibration,
            network_arguments={
                "in_channels": 2,
                "channels": list(preset.fit.channels),
                "outputs": 1,
                "norm": preset.fit.norm,
            },
        ),
        members=[member.state_dict() for member in members],
        results=_results(preset, cohort, atlas, figures),
        licence=Path(__file__).resolve().parent.parent.joinpath("LICENSE.txt").read_text(encoding="utf-8"),
        overwrite=True,
    )
    return figures.markdown()


def as_shipped(member: SFCN) -> SFCN:
    """The member with its weights rounded as the bundle stores them, so that what is measured is what ships."""
    return member.half().float()


def _split(cohort: Cohort, held_out: int) -> tuple[Cohort, Cohort]:
    number = np.arange(len(cohort.adverse))
    return cohort.subset(number < len(number) - held_out), cohort.subset(number >= len(number) - held_out)


def _results(preset: Preset, cohort: Cohort, atlas: Atlas, figures: Figures) -> str:
    return f"""## How it was made

**Synthetic: not for clinical use.** Every case is a procedural phantom (`age2hie phantom`) with a planted injury and a
simulated outcome that depends on the lesion load and on the share of deep grey matter that is injured, with logistic
noise. No child's scan was used in training or calibration.

- cohort: seeds 0-{len(cohort.adverse) - 1}, {100 * cohort.adverse.mean():.0f} % adverse, the last {preset.held_out}
  held out for calibration and for the figures below
- members: {preset.members}, seeds 0-{preset.members - 1}, SFCN of widths {preset.fit.channels}, {preset.fit.epochs}
  passes, batches of {preset.fit.batch_size}, AdamW at {preset.fit.learning_rate:g}
- two auxiliary targets while training, the lesion load and the lesion's place; neither is part of the model
- each case as ADC with the z-map of the bundled atlas ({atlas.sha256[:12]}), with a z-map as another atlas would give
  it, or without one
- source revision: {_revision()}

## Figures on {preset.held_out} held-out phantoms

{figures.markdown()}
"""


def _revision() -> str:
    """The commit that made it, or that this is not known."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "unknown"
