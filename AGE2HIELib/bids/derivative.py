"""A scan's maps under the names of BIDS derivatives, each with a sidecar that says what it is and what it came from.

The maps are those of the scan's folder below ``results``: linked where the disk can, else copied.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from AGE2HIELib.bids.cases import BidsCase
from AGE2HIELib.bids.names import BidsFile, BidsName, parse_name
from AGE2HIELib.bids.region_columns import COLUMNS
from AGE2HIELib.bids.selection import T1W
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.result.stored import REGIONS, read_content
from AGE2HIELib.system.outputs import output_file

ADC_UNIT = "um^2/s"  # 1e-6 mm^2/s, in the units that BIDS asks for (SI prefixes, CMIXF-12)


@dataclass(frozen=True)
class DerivedMap:
    """One map: its name in the result, its suffix and entities in the dataset, and what its sidecar says.

    Attributes:
        stripped: whether it is empty outside the brain; None where that is asked of the map itself.
        sources: other maps of the result that it was made from.
    """

    file: str
    suffix: str
    entities: Mapping[str, str]
    description: str
    more: Mapping[str, Any] = field(default_factory=dict)
    stripped: bool | None = True
    sources: tuple[str, ...] = ()


_ADC = DerivedMap(
    "adc",
    "ADC",
    {"desc": "age2hie"},
    "Apparent diffusion coefficient; 1 um^2/s is 1e-6 mm^2/s.",
    {"Units": ADC_UNIT},
    None,
)
_BRAIN = DerivedMap("brain_mask", "mask", {"desc": "brain"}, "The brain.", {"Type": "Brain"}, sources=("adc",))
_DIFFUSION = (
    _ADC,
    _BRAIN,
    DerivedMap(
        "z_adc",
        "ADC",
        {"desc": "zscore"},
        "Deviation of ADC from healthy newborns' in standard deviations, clipped to 10; 0 outside the brain.",
        {"Units": "1"},
        sources=("adc", "brain_mask"),
    ),
    DerivedMap(
        "lesion",
        "mask",
        {"label": "lesion"},
        "Lesion, from diffusion alone and not read by a radiologist.",
        {"Type": "Lesion"},
        sources=("adc", "z_adc"),
    ),
    DerivedMap(
        "regions",
        "dseg",
        {"desc": "regions"},
        "Regions of the atlas, placed in the scan; the table of the same name lists and measures them.",
        sources=("adc", "brain_mask"),
    ),
)
_T1 = (DerivedMap("brain_mask", "mask", {"desc": "brain"}, "The brain.", {"Type": "Brain"}),)


def write_scan_derivatives(result: Path, case: BidsCase, mask: BidsFile | None, output: Path, atlas: Atlas) -> None:
    """Every map that the result has, with its sidecar; what an earlier result of the scan had besides is removed."""
    assert case.chosen is not None
    image = case.chosen.image
    folder = output / f"sub-{case.visit.subject}" / (f"ses-{case.visit.session}" if case.visit.session else "")
    folder = folder / ("anat" if case.kind == T1W else "dwi")
    maps = [one for one in _maps(result, case) if (result / f"{one.file}.nii.gz").is_file()]
    names = {one.file: _name(image, one) for one in maps}
    root = folder.relative_to(output).as_posix()
    raw = [f"bids:{image.dataset}:{path.relative_to(image.root).as_posix()}" for path in case.chosen.files]
    raw += [mask.uri] if mask is not None else []
    written = set()
    for one in maps:
        sources = [f"bids::{root}/{names[source]}" for source in one.sources if source in names] or raw
        target, source = folder / str(names[one.file]), result / f"{one.file}.nii.gz"
        said = {"Description": one.description, "Sources": sources, **one.more, **_spatial(one, image, source, result)}
        if one.suffix == "dseg":
            said |= COLUMNS
            table = folder / str(_name(image, one, ".tsv"))
            _write_text(table, region_table(result / REGIONS, atlas))
            written.add(table)
        sidecar = folder / str(_name(image, one, ".json"))
        _write_text(sidecar, json.dumps(said, indent=2) + "\n")
        _link(source, target)
        written |= {target, sidecar}
    for path in _of_scan(folder, image):
        if path not in written:
            path.unlink(missing_ok=True)


def _maps(result: Path, case: BidsCase) -> tuple[DerivedMap, ...]:
    if case.kind == T1W:
        found = [path.name.removesuffix(".nii.gz") for path in sorted(result.glob("saliency_*.nii.gz"))]
        years = "Where the network sees age, in years for each of its cells; 0 outside the brain."
        return (*_T1, *(_saliency(name, name.removeprefix("saliency_"), years, unit="year") for name in found))
    record = read_content(result / "result.json")["saliency"]
    if not record:
        return _DIFFUSION
    said = f"{record['title']}: {record['meaning']}. 0 outside the brain."
    return (*_DIFFUSION, _saliency("saliency", record["method"], said, "adc", "z_adc"))


def _saliency(file: str, method: str, description: str, *sources: str, unit: str = "arbitrary") -> DerivedMap:
    letters = "".join(one for one in method.replace("+", "plus") if one.isalnum())
    return DerivedMap(file, "saliency", {"desc": letters}, description, {"Units": unit}, sources=sources)


def _name(image: BidsFile, one: DerivedMap, extension: str = ".nii.gz") -> BidsName:
    return image.name.with_entities(one.suffix, extension, **{"desc": None, "part": None, **one.entities})


def _spatial(one: DerivedMap, image: BidsFile, source: Path, result: Path) -> dict[str, Any]:
    """What BIDS asks of a map besides: whether the skull is gone, and on whose grid it lies."""
    reference = {"SpatialReference": image.uri}
    if one.suffix in ("mask", "dseg"):
        return reference
    stripped = one.stripped if one.stripped is not None else _is_stripped(source, result / "brain_mask.nii.gz")
    return {"SkullStripped": stripped, **(reference if "space" in image.name.entities else {})}


def _is_stripped(adc: Path, brain: Path) -> bool:
    """Whether a map holds nothing outside the brain."""
    if not brain.is_file():
        return False
    outside = read_volume(adc).array[read_volume(brain).array == 0]
    return not np.any(outside[np.isfinite(outside)] != 0)


def region_table(measured: Path, atlas: Atlas) -> str:
    """``index``, ``name``, ``hemisphere`` and, where the result has them, what was measured; n/a for the unknown."""
    rows: dict[str, Mapping[str, str]] = {}
    if measured.is_file():
        with measured.open(newline="", encoding="utf-8") as file:
            rows = {row["label"]: row for row in csv.DictReader(file)}
    columns = [name for name in COLUMNS if name not in ("index", "name", "hemisphere")] if rows else []
    lines = ["\t".join(("index", "name", "hemisphere", *columns))]
    for region in atlas.regions:
        side = "" if region.hemisphere == "midline" else f"{region.hemisphere} "
        own = rows.get(str(region.value), {})
        cells = [own.get(name, "") or "n/a" for name in columns]
        lines.append("\t".join((str(region.value), f"{side}{region.name}", region.hemisphere, *cells)))
    return "\n".join(lines) + "\n"


def _of_scan(folder: Path, image: BidsFile) -> list[Path]:
    """Files of the folder that were made from this image."""
    own = {key: value for key, value in image.name.entities.items() if key not in ("desc", "part", "label")}
    found = []
    for path in folder.iterdir():
        name = parse_name(path.name)
        if name and {key: value for key, value in name.entities.items() if key not in ("desc", "label")} == own:
            found.append(path)
    return found


def _write_text(path: Path, text: str) -> None:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    with output_file(path, overwrite=True) as part:
        part.write_text(text, encoding="utf-8")


def _link(source: Path, target: Path) -> None:
    if target.exists() and os.path.samefile(source, target):
        return
    with output_file(target, overwrite=True) as part:
        part.unlink()
        try:
            os.link(source, part)
        except OSError:  # another disk, or one that knows no links
            shutil.copyfile(source, part)
