"""``age2hie model info|verify`` and ``age2hie atlas info``: what lies in a folder."""

from __future__ import annotations

import argparse

from AGE2HIELib.commands.reading import model_folder, resolve_atlas
from AGE2HIELib.inference.bundle import load_members, read_bundle
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.progress import Progress


def run_model_info(arguments: argparse.Namespace, progress: Progress) -> int:
    """What the bundle says of itself, after its files were checked."""
    bundle = read_bundle(model_folder(arguments.folder))
    grid = bundle.spec.grid
    _print(
        {
            "model": f"{bundle.name} {bundle.version}",
            "sha256": bundle.sha256,
            "demonstration": "yes: saw synthetic data only" if bundle.demonstration else "no",
            "trained on": bundle.trained_on,
            "intended use": bundle.intended_use,
            "made with": bundle.made_with,
            "members": str(len(bundle.members)),
            "network": f"{bundle.network} {dict(bundle.network_arguments)}",
            "input": f"{', '.join(channel.name for channel in bundle.spec.channels)} on "
            f"{'x'.join(str(n) for n in grid.shape)} voxels of {'x'.join(f'{mm:g}' for mm in grid.spacing_mm)} mm",
            "z-maps": ", ".join(bundle.z_origins),
            "prevalence": f"{bundle.calibration.prevalence:.3g}",
            "threshold": f"{bundle.threshold:.3g}",
        }
    )
    return 0


def run_model_verify(arguments: argparse.Namespace, progress: Progress) -> int:
    """Every file against the manifest, and the weights into the networks."""
    bundle = read_bundle(model_folder(arguments.folder))
    members = load_members(bundle)
    print(f"{bundle.name} {bundle.version}: {len(bundle.files)} files unchanged, {len(members)} members load")
    return 0


def run_atlas_info(arguments: argparse.Namespace, progress: Progress) -> int:
    """What the atlas says of itself."""
    atlas = load_atlas(resolve_atlas(arguments.folder))
    _print(
        {
            "atlas": atlas.name,
            "sha256": atlas.sha256,
            "synthetic": "yes: no child was scanned for it" if atlas.synthetic else "no",
            "provenance": atlas.provenance,
            "licence": atlas.licence,
            "grid": f"{'x'.join(str(n) for n in atlas.grid.shape)} voxels of "
            f"{'x'.join(f'{mm:g}' for mm in atlas.grid.spacing_mm)} mm",
            "brain": f"{float(atlas.brain.array.sum()) * atlas.grid.voxel_ml:.0f} ml",
            "regions": str(len(atlas.regions)),
        }
    )
    return 0


def _print(lines: dict[str, str]) -> None:
    for name, value in lines.items():
        print(f"{name + ':':<15}{value}")
