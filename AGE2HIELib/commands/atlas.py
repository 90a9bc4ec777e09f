"""``age2hie atlas build|install|info``: normative atlases of a user's own, and what one says of itself."""

from __future__ import annotations

import argparse
import shutil
import sys

from AGE2HIELib.commands.messages import print_facts
from AGE2HIELib.preprocess.atlas import load_atlas, write_atlas
from AGE2HIELib.system.outputs import output_folder
from AGE2HIELib.system.places import find_atlas
from AGE2HIELib.system.progress import Progress


def run_build(arguments: argparse.Namespace, progress: Progress) -> int:
    """From a folder of normal newborns' ADC maps; what a killed build has done is kept beside the output."""
    from AGE2HIELib.normative.build import BuildRequest, build_atlas

    wanted = BuildRequest(
        images=arguments.input,
        lesions=arguments.lesions,
        name=arguments.name or arguments.output.name,
        provenance=arguments.provenance or "",
        licence=arguments.licence or "not stated: that of the images",
        synthetic=arguments.synthetic,
        jobs=arguments.jobs,
    )
    read = [arguments.input, *([arguments.lesions] if arguments.lesions else [])]
    work = arguments.output.resolve().with_name(f".{arguments.output.name}.atlas-work")
    with output_folder(arguments.output, overwrite=arguments.overwrite, inputs=read) as part:
        start = find_atlas(getattr(arguments, "atlas", None))
        built = build_atlas(wanted, start, work, progress, shown=arguments.progress == "text")
        write_atlas(built.atlas, part)
    shutil.rmtree(work, ignore_errors=True)
    for line in built.left_out:
        print(f"age2hie: left out: {line}", file=sys.stderr)
    return _done(arguments, progress, f"{built.atlas.made['infants']} infants")


def run_install(arguments: argparse.Namespace, progress: Progress) -> int:
    """From a published mean and sd, brought into the bundled atlas's frame and given its labels."""
    from AGE2HIELib.normative.published import published_atlas

    mask = getattr(arguments, "mask", None)
    read = [path for path in (arguments.mean, arguments.sd, mask) if path]
    with output_folder(arguments.output, overwrite=arguments.overwrite, inputs=read) as part:
        atlas = published_atlas(
            arguments.mean,
            arguments.sd,
            mask,
            load_atlas(),
            name=arguments.name or arguments.output.name,
            provenance=arguments.provenance or "a published mean and sd, installed by age2hie atlas install",
            licence=arguments.licence or "not stated: that of the images",
        )
        write_atlas(atlas, part)
    return _done(arguments, progress, "mean and sd")


def run_atlas_info(arguments: argparse.Namespace, progress: Progress) -> int:
    """What the atlas says of itself."""
    atlas = load_atlas(arguments.folder)
    print_facts(
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
            "zones": f"{len(atlas.zones.regions)}, sha256 {atlas.zones.sha256}" if atlas.zones else "none",
            **{name.replace("_", " "): str(value) for name, value in atlas.made.items()},
        }
    )
    return 0


def _done(arguments: argparse.Namespace, progress: Progress, of: str) -> int:
    load_atlas(arguments.output)  # what was written can be read
    progress.close()
    progress.result(arguments.output)
    if arguments.progress == "text":
        print(f"Atlas of {of}: {arguments.output}. Try: age2hie atlas info {arguments.output}")
    return 0
