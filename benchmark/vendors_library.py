"""What the library makes of one input, for ``vendors.py``: in its own process, so that a crash or a hang is a row."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.source import read_source
from AGE2HIELib.preprocess.adc import adc_map

CRASHED = "CRASH"


@dataclass(frozen=True)
class Found:
    """``error`` is the line that a user would see, or begins with ``CRASHED``; else ``adc`` is in 1e-6 mm2/s.

    Attributes:
        known: False for a 3D image whose values are not those of an ADC map: the quality gate's to refuse.
    """

    error: str = ""
    kind: str = ""
    adc: np.ndarray | None = None
    b_values: np.ndarray | None = None
    known: bool = True
    warnings: int = 0


def found_by_library(given: Path, limit_s: float) -> Found:
    context = multiprocessing.get_context("fork")  # the library is imported once, not in every process
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(given, there))
    process.start()
    there.close()
    try:
        if not here.poll(limit_s):
            return Found(f"{CRASHED}: no answer in {limit_s:g} s")
        answer: Found = here.recv()
    except EOFError:
        process.join()
        return Found(f"{CRASHED}: exit code {process.exitcode}")
    finally:
        process.kill()
        process.join()
        here.close()
    return answer


def _answer(given: Path, pipe: Connection) -> None:
    try:
        pipe.send(_read(given))
    except InputError as error:
        pipe.send(Found(str(error)))
    except Exception as error:  # a defect of the library: a row of the table
        pipe.send(Found(f"{CRASHED}: {type(error).__name__}: {error}"))


def _read(given: Path) -> Found:
    source = read_source(given)
    warnings = len(source.warnings)
    if source.dwi is not None:
        fit = adc_map(source.dwi)
        warnings += len(fit.warnings)
        return Found(kind=source.kind, adc=fit.adc.array, b_values=source.dwi.b_values, warnings=warnings)
    assert source.adc is not None  # one of the two is always set
    known = source.adc_unit_found is not None
    return Found(kind=source.kind, adc=source.adc.array, b_values=np.zeros(0), known=known, warnings=warnings)
