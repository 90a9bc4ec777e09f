"""Gradient tables that do not belong to their volumes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from fuzzing.cases import Kind, Workshop
from fuzzing.values_damaged import series

_NIFTI = ("dwi.nii", "dwi.nii.gz")
_FILES = ("dwi.nii", "dwi.nii.gz", "dwi.nrrd", "dwi.nhdr")


def _bval(at: Workshop) -> Path:
    return at.folder / "dwi.bval" if (at.folder / "dwi.bval").exists() else at.scan.parent / "dwi.bval"


def _bvec(at: Workshop) -> Path:
    return _bval(at).with_name("dwi.bvec")


def _bval_text(at: Workshop) -> Path:
    texts = (
        b"", b" \n\n", b"0 1000 1000", b"0 1000 1000 1000 1000", b"0 1000 many 1000", b"nan 1000 1000 1000",
        b"0 inf 1000 1000", b"0 -1000 1000 1000", b"0 0 0 0", b"1000 1000 1000 1000", b"0 1000 1000 1000\n0 1000",
        b"\x00\xff\xfe\x01", b"0,1000;1000|1000", "0 1000 1000 1000".encode("utf-16"), b"<html>", b"1e400 0 0 0",
        b"0 " * 200_000, b"0x10 0x20 1000 1000",
    )  # fmt: skip
    _bval(at).write_bytes(texts[int(at.rng.integers(len(texts)))])
    return at.scan


def _bval_sound(at: Workshop) -> Path:
    """Other ways to write the same table: with a mark of its encoding, one number a line, as 1.0e3, b0 of 5."""
    texts = (
        b"\xef\xbb\xbf0 1000 1000 1000\r\n",
        b"0\n1000\n1000\n1000\n",
        b"0.0 1.0e3 1.0e3 1.0e3",
        b"5 1000 1000 1000",
    )
    _bval(at).write_bytes(texts[int(at.rng.integers(len(texts)))])
    return at.scan


def _missing(at: Workshop) -> Path:
    _bval(at).unlink()
    if at.one_of((True, False)):
        _bval(at).mkdir()
    return at.scan


def _scaled(at: Workshop) -> Path:
    """b-values in ms/um2, in s/m2, or those of another protocol."""
    factor = float(at.one_of((1e-3, 1e6, 10.0, 0.1, 3.0)))
    return at.rewritten(replace(series(at), b_values=series(at).b_values * factor))


def _slightly_scaled(at: Workshop) -> Path:
    factor = float(at.rng.uniform(0.75, 1.3))
    return at.rewritten(replace(series(at), b_values=np.round(series(at).b_values * factor)))


def _reversed(at: Workshop) -> Path:
    """The table runs backwards: b0 is taken for weighted."""
    dwi = series(at)
    assert dwi.directions_ras is not None
    return at.rewritten(
        replace(dwi, b_values=dwi.b_values[::-1].copy(), directions_ras=dwi.directions_ras[::-1].copy())
    )


def _volumes_permuted(at: Workshop) -> Path:
    """b0 changes its place and the table does not follow."""
    array = series(at).array.copy()
    other = int(at.rng.integers(1, len(array)))
    array[[0, other]] = array[[other, 0]]
    return at.rewritten(replace(series(at), array=array))


def _together_permuted(at: Workshop) -> Path:
    """Volumes and table in another order: the same series."""
    dwi = series(at)
    assert dwi.directions_ras is not None
    order = at.rng.permutation(len(dwi.array))
    return at.rewritten(
        replace(dwi, array=dwi.array[order], b_values=dwi.b_values[order], directions_ras=dwi.directions_ras[order])
    )


def _weighted_permuted(at: Workshop) -> Path:
    """Weighted volumes of one shell in another order: their mean is the same."""
    array = series(at).array.copy()
    return at.rewritten(replace(series(at), array=np.concatenate([array[:1], array[1:][::-1]])))


def _no_b0(at: Workshop) -> Path:
    dwi = series(at)
    assert dwi.directions_ras is not None
    return at.rewritten(
        replace(dwi, array=dwi.array[1:], b_values=dwi.b_values[1:], directions_ras=dwi.directions_ras[1:])
    )


def _b0_alone(at: Workshop) -> Path:
    dwi = series(at)
    assert dwi.directions_ras is not None
    return at.rewritten(
        replace(dwi, array=dwi.array[:1], b_values=dwi.b_values[:1], directions_ras=dwi.directions_ras[:1])
    )


def _directions(at: Workshop) -> Path:
    """A .bvec that cannot belong to the series."""
    texts = ("nan nan nan nan\n" * 3, "0 1 0\n" * 3, "", "a b c d\n" * 3, "0 1 0 0\n0 0 1 0\n", "1e400 0 0 0\n" * 3)
    _bvec(at).write_text(texts[int(at.rng.integers(len(texts)))])
    return at.scan


def _directions_that_do_not_matter(at: Workshop) -> Path:
    """Axes exchanged, signs turned, lengths other than 1: the mean over three axes is the same; or no .bvec at all."""
    way = int(at.rng.integers(4))
    table = np.loadtxt(_bvec(at))
    if way == 0:
        _bvec(at).unlink()
    else:
        np.savetxt(_bvec(at), (table[[1, 0, 2]], -table, 3 * table)[way - 1])
    return at.scan


def _one_direction_for_all(at: Workshop) -> Path:
    """Three volumes that say they have the same direction: the table is wrong, or the ADC is of one axis only."""
    table = np.zeros((3, 4))
    table[0, 1:] = 1
    np.savetxt(_bvec(at), table)
    return at.scan


def _nrrd_keys(at: Workshop) -> Path:
    content = at.scan.read_bytes()
    ways = (
        (rb"DWMRI_b-value:=\d+", b"DWMRI_b-value:=many"),
        (rb"DWMRI_b-value:=\d+", b"DWMRI_b-value:=nan"),
        (rb"DWMRI_b-value:=\d+", b"DWMRI_b-value:=-1000"),
        (rb"DWMRI_b-value:=\d+", b"DWMRI_b-value:=0"),
        (rb"DWMRI_b-value:=\d+", b"DWMRI_b-value:=1e999"),
        (rb"DWMRI_b-value:=\d+", b"x:=y"),
        (rb"DWMRI_gradient_0002:=[^\n]*", b"DWMRI_gradient_0002:=0 nan 1"),
        (rb"DWMRI_gradient_0002:=[^\n]*", b"DWMRI_gradient_0002:=0 one 1"),
        (rb"DWMRI_gradient_0002:=[^\n]*", b"DWMRI_gradient_0002:=0 1"),
        (rb"DWMRI_gradient_0002:=[^\n]*", b"x:=y"),
        (rb"DWMRI_gradient_0002:=", b"DWMRI_NEX_0002:=999999999\nDWMRI_gradient_0002:="),
        (rb"DWMRI_gradient_0002:=", b"DWMRI_NEX_0002:=two\nDWMRI_gradient_0002:="),
        (rb"DWMRI_gradient_0002:=", b"DWMRI_gradient_99999999999:="),
        (rb"measurement frame: [^\n]*", b"measurement frame: (nan,0,0) (0,1,0) (0,0,1)"),
        (rb"measurement frame: [^\n]*", b"measurement frame: (1,0) (0,1)"),
    )
    pattern, new = ways[int(at.rng.integers(len(ways)))]
    at.scan.write_bytes(re.sub(pattern, new, content, count=1))
    return at.scan


KINDS = (
    Kind(".bval that is no table of this series", "refused", _NIFTI, _bval_text),
    Kind(".bval written in another way", "sound", _NIFTI, _bval_sound, most=6),
    Kind(".bval missing or a folder", "refused", _NIFTI, _missing, most=4),
    Kind("b-values of another unit or protocol", "refused", _FILES, _scaled),
    Kind("b-values off by up to 30 %", "untold", _FILES, _slightly_scaled,
         "an ADC that is 30 % off is that of another infant, or of an injured one"),
    Kind("gradient table backwards", "refused", _FILES, _reversed),
    Kind("b0 and a weighted volume exchanged", "refused", _FILES, _volumes_permuted),
    Kind("volumes and table permuted together", "sound", _FILES, _together_permuted, most=6),
    Kind("weighted volumes permuted", "sound", _FILES, _weighted_permuted, most=6),
    Kind("series without b0", "refused", _FILES, _no_b0, most=6),
    Kind("b0 alone", "refused", _NIFTI, _b0_alone, most=4),
    Kind(".bvec that is no table of this series", "refused", _NIFTI, _directions),
    Kind("directions exchanged or left out", "sound", _NIFTI, _directions_that_do_not_matter, most=8),
    Kind("one direction for every volume", "either", _NIFTI, _one_direction_for_all, most=2),
    Kind("broken DWMRI keys", "refused", ("dwi.nrrd", "dwi.nhdr"), _nrrd_keys),
)  # fmt: skip
