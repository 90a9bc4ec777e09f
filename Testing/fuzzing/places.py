"""Sound scans in odd places: names, disks and rights; and odd files beside them."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from AGE2HIELib.io.images import write_volume
from AGE2HIELib.volume import Volume
from fuzzing.cases import Call, Kind, Workshop
from fuzzing.sound import FORMATS

_NAMES = (
    "Zoë Müller",
    "赤ちゃん 頭部",
    "ребёнок",
    "طفل",
    "e\u0301 decomposed",
    "👶🏽",
    "two  spaces ",
    "quote ' and \" both",
    "$(touch pwned)",
    "`touch pwned`",
    "a;touch pwned;",
    "%s%n{}%(name)s",
    "-rf",
    "--output",
    "new\nline",
    "tab\tand \x1b[31m escape",
    "~root",
    "*?[a]",
    "back\\slash",
)
_UNDECODABLE = os.fsdecode(b"latin-1 \xe9\xff")


def _moved(at: Workshop, name: str) -> Path:
    """The scan, with what belongs to it, in a folder of an odd name and under an odd name itself."""
    folder = at.folder / name
    folder.mkdir()
    suffix = at.form[3:] if at.form != "dwi.dicom" and at.form != "adc.dicom" else ""
    for path in at.scan.parent.iterdir():
        if path != folder:
            target = name + (suffix if path == at.scan else path.suffix)
            shutil.move(path, folder / (path.name if at.form == "dwi.nhdr" else target))
    return folder / (at.scan.name if at.form == "dwi.nhdr" else name + suffix)


def _odd_name(at: Workshop) -> Call:
    name = str(at.one_of(_NAMES))
    return Call(_moved(at, name), output=f"{name} out")


def _undecodable_name(at: Workshop) -> Call:
    return Call(_moved(at, _UNDECODABLE), output=_UNDECODABLE)


def _longest_names(at: Workshop) -> Call:
    """255 bytes, which is what file systems take, for input and output."""
    name = "n" * (255 - len(at.form[3:] if not at.form.endswith("dicom") else "") - 5)
    return Call(_moved(at, name), output="o" * 255)


def _deep(at: Workshop) -> Call:
    """Many folders in each other: the whole path has 3,000 letters."""
    folder = at.folder
    while len(str(folder)) < 2900:
        folder = folder / ("deep" * 25)
    folder.mkdir(parents=True)
    for path in at.scan.parent.iterdir():
        if path.name != "deep" * 25:
            shutil.move(path, folder / path.name)
    return Call(folder / at.scan.name, output="/".join(["down" * 25] * 20 + ["out"]))


def _too_long(at: Workshop) -> Call:
    """A name that no file can have, for the input or for the output."""
    if at.one_of((True, False)):
        return Call(at.folder / ("x" * 300 + at.form[3:]))
    return Call(at.scan, output=str(at.one_of(("o" * 300, "/".join(["p" * 200] * 30)))))


def _unusual_path(at: Workshop) -> Call:
    special = (
        Path("/dev/null"),
        Path("/dev/zero"),
        Path("/proc/self/mem"),
        at.folder / "fifo",
        Path("/"),
        at.folder / "loop",
    )
    chosen = special[int(at.rng.integers(len(special)))]
    if chosen.name == "fifo":
        os.mkfifo(chosen)
    if chosen.name == "loop":
        chosen.symlink_to(chosen)
    return Call(Path("/proc/version") if chosen == Path("/") else chosen)


def _output_odd(at: Workshop) -> Call:
    """A folder that is in use, the input's own, or below what is no folder."""
    return Call(at.scan, output=str(at.one_of(("../place", "../given", ".", "..", "/dev/null", "/dev/null/out"))))


def _here(at: Workshop, place: str) -> Call:
    return Call(at.scan, place=place)


def _mask(at: Workshop) -> Call:
    """A brain mask that is none."""
    assert isinstance(at.content, Volume)
    array = at.content.array != 0
    ways = (
        at.content.like(np.zeros(array.shape, np.float32)),
        at.content.like(np.full(array.shape, np.nan, np.float32)),
        at.content.like(np.ones(array.shape, np.float32)),
        replace(at.content, array=array[:-1].astype(np.float32)),
        replace(at.content, affine_ras=at.content.affine_ras @ np.diag([1.2, 1, 1, 1])),
        at.content.like((at.rng.uniform(size=array.shape) < 0.02).astype(np.float32)),
    )
    path = at.folder / "mask.nii.gz"
    write_volume(ways[int(at.rng.integers(len(ways)))], path)
    return Call(at.scan, ("--mask", str(path)))


def _displaced_mask(at: Workshop) -> Call:
    """The brain's own mask, but upside down, turned back to front, or two centimetres off."""
    assert isinstance(at.content, Volume)
    brain = (at.content.array != 0).astype(np.float32)
    off = int(np.ceil(20 / at.content.grid.spacing_mm[0]))
    ways = (np.flip(brain, 2), np.flip(brain, 1), np.roll(brain, off, axis=0))
    path = at.folder / "mask.nii.gz"
    write_volume(at.content.like(ways[int(at.rng.integers(len(ways)))]), path)
    return Call(at.scan, ("--mask", str(path)))


def _turned_z_map(at: Workshop) -> Call:
    """The scan's own z, mirrored along an axis, negative, or shuffled."""
    assert isinstance(at.content, Volume)
    brain = at.content.array != 0
    z = np.where(brain, (at.content.array - 1300) / 300, 0).astype(np.float32)
    shuffled = z.copy()
    shuffled[brain] = at.rng.permutation(z[brain])
    ways = (*(np.flip(z, axis) for axis in range(3)), -z, shuffled)
    path = at.folder / "z.nii.gz"
    write_volume(at.content.like(ways[int(at.rng.integers(len(ways)))]), path)
    return Call(at.scan, ("--z-adc", str(path)))


def _broken_side_file(at: Workshop) -> Call:
    path = at.folder / "side.nii.gz"
    path.write_bytes(at.rng.bytes(int(at.one_of((0, 10, 5000)))))
    return Call(at.scan, (str(at.one_of(("--mask", "--z-adc", "--model", "--atlas"))), str(path)))


def _atlas(at: Workshop) -> Call:
    """A bundled atlas with one file that is broken."""
    from AGE2HIELib.system.places import resource_path

    folder = at.folder / "atlas"
    shutil.copytree(resource_path("atlas"), folder)
    name = str(at.one_of(("atlas.json", "mean.nii.gz", "sd.nii.gz", "brain.nii.gz", "labels.nii.gz")))
    contents = (b"", b"{", b"[" * 100_000, b'{"name": 1}', at.rng.bytes(4000), b"null", b'{"regions": 5}')
    (folder / name).write_bytes(contents[int(at.rng.integers(len(contents)))])
    return Call(at.scan, ("--atlas", str(folder)))


def _model(at: Workshop) -> Call:
    """The bundled model with a byte changed, a file missing or a file more."""
    from AGE2HIELib.system.places import resource_path

    folder = at.folder / "model"
    shutil.copytree(resource_path("models", "demo"), folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    chosen = files[int(at.rng.integers(len(files)))]
    way = int(at.rng.integers(3))
    if way == 0:
        content = bytearray(chosen.read_bytes())
        content[int(at.rng.integers(len(content)))] ^= 1
        chosen.write_bytes(content)
    elif way == 1:
        chosen.unlink()
    else:
        (folder / "more.py").write_text("import os")
    return Call(at.scan, ("--model", str(folder)))


_ADC = ("adc.nii.gz",)
KINDS = (
    Kind("odd names of input and output", "sound", FORMATS, _odd_name),
    Kind("names that are no UTF-8", "either", FORMATS, _undecodable_name, most=6),
    Kind("names of 255 bytes", "sound", FORMATS, _longest_names, most=6),
    Kind("paths of 3,000 letters", "sound", FORMATS, _deep, most=6),
    Kind("names longer than any file's", "refused", FORMATS, _too_long, most=6),
    Kind("devices, pipes and loops for input", "refused", _ADC, _unusual_path, most=10),
    Kind("outputs that cannot be", "refused", _ADC, _output_odd, most=8),
    Kind("read-only place for the output", "refused", FORMATS, lambda at: _here(at, "read-only output"), most=4),
    Kind("full disk for the output", "refused", FORMATS, lambda at: _here(at, "full disk"), most=5),
    Kind(
        "no room for temporary files",
        "refused",
        ("dwi.dicom", "adc.dicom"),
        lambda at: _here(at, "full temporary disk"),
        most=4,
    ),
    Kind("read-only temporary folder", "either", FORMATS, lambda at: _here(at, "read-only temporary folder"), most=5),
    Kind("input that may not be read", "refused", FORMATS, lambda at: _here(at, "unreadable input"), most=10),
    Kind("brain mask that is none", "refused", ("adc.nii", "adc.mha"), _mask),
    Kind("brain mask that lies elsewhere", "refused", ("adc.nii", "adc.mha"), _displaced_mask, most=6),
    Kind("z-map turned round", "refused", ("adc.nii", "adc.mha"), _turned_z_map, most=10),
    Kind("broken file named by an option", "refused", _ADC, _broken_side_file, most=8),
    Kind("broken atlas", "refused", _ADC, _atlas, most=8),
    Kind("changed model", "refused", _ADC, _model, most=8),
)
