"""``age2hie adc``: the ADC map alone, on the input's grid."""

from __future__ import annotations

import argparse

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.diffusion import check_repeated
from AGE2HIELib.io.images import SUFFIXES, write_volume
from AGE2HIELib.io.source import read_source
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.preprocess.align import align_series
from AGE2HIELib.system.outputs import output_file
from AGE2HIELib.system.progress import Progress, Stages
from AGE2HIELib.volume import Volume

STAGES = ("read", "adc", "write")


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """An input that is an ADC map already is written in 1e-6 mm^2/s. Copies of a volume at other b-values, which the
    gate refuses by their ADC, are refused here.
    """
    output = arguments.output
    if not output.name.lower().endswith(SUFFIXES):
        raise InputError(f"'{output.name}' names no image format. Let the name end in one of {', '.join(SUFFIXES)}.")
    stages = Stages(STAGES, progress)
    with output_file(output, overwrite=arguments.overwrite, inputs=[arguments.input]) as part:
        with stages("read"):
            source = read_source(arguments.input, series=getattr(arguments, "series", None))
        if source.dwi is not None:
            check_repeated(source.dwi, arguments.input.name)
            with stages("adc"):
                aligned = align_series(source.dwi, getattr(arguments, "align", "off"))
                fit = adc_map(aligned.series)
            adc, warnings = fit.adc, (*source.warnings, *aligned.warnings, *fit.warnings)
        else:
            adc, warnings = _known(source.adc, source.adc_unit_found, arguments.input.name), source.warnings
        with stages("write"):
            write_volume(adc, part)
    progress.close()
    if warnings:
        progress.found("warnings", {"warnings": list(warnings)})
    progress.result(output)
    if arguments.progress == "text":
        for warning in warnings:
            print(f"warning: {warning}")
        print(f"ADC in 1e-6 mm2/s: {output}")
    return 0


def _known(adc: Volume | None, unit: str | None, name: str) -> Volume:
    assert adc is not None  # a Source holds a series or a map
    if unit is None:
        raise InputError(f"'{name}' does not look like an ADC map. Give a diffusion series or an ADC map.")
    return adc
