"""Maps of an ellipsoid brain with one lesion, and a record that goes with them, for pictures, pages and reports."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np

from AGE2HIELib.explanation.regions import RegionRow
from AGE2HIELib.report.folder import packed_view
from AGE2HIELib.report.overlay import Maps
from AGE2HIELib.report.page import Pictures, page_html
from AGE2HIELib.result.decode import decode
from AGE2HIELib.result.record import Result
from AGE2HIELib.volume import Volume

SPACING_MM = (1.5, 1.5, 4.0)


def volume(array: np.ndarray) -> Volume:
    affine = np.diag([*SPACING_MM, 1.0])
    affine[:3, 3] = [-60.0, -70.0, -40.0]
    return Volume(array, affine)


def ellipsoid_brain() -> Volume:
    i, j, k = np.meshgrid(*[np.linspace(-1, 1, n) for n in (80, 96, 22)], indexing="ij")
    return volume((i / 0.7) ** 2 + (j / 0.8) ** 2 + (k / 0.9) ** 2 < 1)


def lesion_maps() -> Maps:
    """Low ADC in front on the patient's left, which is the low end of the first axis."""
    brain = ellipsoid_brain()
    adc = np.where(brain.array, 1300.0, 0.0).astype(np.float32)
    lesion = np.zeros(adc.shape, dtype=bool)
    lesion[20:30, 60:75, 9:13] = True
    adc[lesion & brain.array] = 700.0
    z = np.where(lesion & brain.array, -5.0, 0.0).astype(np.float32)
    saliency = np.where(lesion & brain.array, 0.4, 0.0).astype(np.float32)
    return Maps(volume(adc), brain, volume(z), volume(saliency))


def small_record() -> dict[str, Any]:
    """What result.json holds of a prediction."""
    check = {"name": "brain volume", "value": 402.5, "limit": "200 to 700 ml", "passed": True, "remedy": ""}
    check |= {"basis": "newborns", "severity": "refuse", "overridden": False}
    return {
        "demonstration": True,
        "probability_adverse": 0.62,
        "interval": [0.4, 0.8],
        "members": [0.5, 0.505, 0.6, 0.7, 0.75],
        "threshold": 0.5,
        "prevalence": 0.41,
        "label": "demonstration",
        "prediction_set": {
            "coverage": 0.9,
            "set": ["favourable", "adverse"],
            "cases": {"favourable": 90, "adverse": 60},
        },
        "quality": {"passed": True, "overridden": [], "checks": [check]},
        "saliency": {
            "method": "hirescam",
            "title": "HiResCAM",
            "meaning": "what raised the score",
            "layer": "block2",
            "resolution_mm": [8.0, 8.0, 8.0],
        },
        "examination": None,
        "model": {"name": "m", "version": "1", "sha256": "0" * 64, "trained_on": "phantoms", "intended_use": "tests"}
        | {"prevalence": 0.41},
        "atlas": {"name": "a", "provenance": "synthetic"},
        "input": {
            "kind": "adc-mha",
            "sha256": "1" * 64,
            "shape": [80, 96, 22],
            "spacing_mm": [1.5, 1.5, 4.0],
            "adc_unit_found": "1e-6 mm2/s",
        },
        "settings": {"prevalence": None},
        "software": {"version": "0.1.0", "python": "3.11", "torch": "2"},
        "device": "cpu",
        "timing_s": {"read": 0.1},
        "warnings": ["<script>alert(1)</script>"],
    }


PNG = b"\x89PNG"
LESION = {
    "method": "rule",
    "meaning": "tissue with z below -2",
    "volume_ml": 12.34,
    "brain_ml": 400.0,
    "share": 0.03085,
    "interval": [0.021, 0.041],
    "side": "left",
    "clusters": [
        {
            "volume_ml": 12.0 - n,
            "hemisphere": "left",
            "region": f"place {n}",
            "mean_adc_1e6_mm2_s": 790.0 + n,
            "mean_z": -3.25,
            "centre_ras_mm": [1.0, 2.0, 3.0],
        }
        for n in range(5)
    ],
}
SCORE = {
    "name": "barkovich_bgt",
    "title": "Barkovich, basal ganglia and thalamus",
    "value": "2",
    "range": "0 to 4",
    "meaning": "2 thalamus and lentiform <nucleus>",
    "cannot_see": "signal in T1",
    "source": "AJNR 19:143",
    "items": [
        {
            "name": "thalamus",
            "value": "injured",
            "meaning": "injured on the left",
            "parts": [{"region": "thalamus", "hemisphere": "left", "lesion_ml": 1.2, "share": 0.31}],
        }
    ],
}


def row(region: str, side: str = "left", z: float = 0.0, injured: float = 0.0, adc: float = 1100.0) -> RegionRow:
    """A region of 5 ml."""
    plain = RegionRow(
        region, side, 5.0, adc, z, 0.1, 0.2, 1, "tissue", adc, z, adc - 50, injured, 5 * injured, 4.0, 0.01
    )
    return replace(
        plain,
        share_fluid=0.01,
        lesion_ml=5 * injured,
        lesion_share=injured,
        normal_low_1e6_mm2_s=950.0,
        normal_high_1e6_mm2_s=1250.0,
    )


ROWS = (
    row("frontal cortex", z=-0.1),
    row("frontal white matter", "right", z=-0.5, injured=0.02),
    row("thalamus", z=-1.7, injured=0.3, adc=940.0),
    row("thalamus", "right"),
    row("lentiform nucleus", z=-3.4, injured=0.9, adc=780.0),
    row("lentiform nucleus", "right", z=-0.02, injured=0.06),
    row("brainstem", "midline", z=-2.4, injured=0.7),
    RegionRow("lateral ventricle", "left", 1.7, 2542.0, 0.7, 0.0, 0.0, 15, "fluid", lesion_ml=1.7, lesion_share=1.0),
)


def small_page(rows: tuple[RegionRow, ...] = ROWS, **changes: Any) -> str:
    """The page of ``small_record`` with a lesion and an injury score; ``changes`` to the record."""
    maps = lesion_maps()
    assert maps.z is not None
    maps = replace(maps, lesion=maps.z.like(maps.z.array < -2))
    record = decode(Result, {**small_record(), "lesion": LESION, "scores": [SCORE], **changes})
    return page_html(record, rows, Pictures(PNG, PNG, packed_view(maps, record)))


class Outline(HTMLParser):
    """Elements with their attributes in order, and the words of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._silent = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._silent = tag in ("style", "script", "title")

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)

    @property
    def text(self) -> str:
        joined = " ".join(" ".join(self.words).split())
        return joined.replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")

    def all(self, *tags: str) -> list[tuple[str, dict[str, str | None]]]:
        return [one for one in self.elements if one[0] in tags]
