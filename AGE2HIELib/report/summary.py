"""What the page says first: which scan it is, how much of the brain is injured and where, and whether to believe it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from AGE2HIELib.result.findings import Lesion
from AGE2HIELib.result.record import Input, Result, Settings
from AGE2HIELib.result.verdicts import Quality

_TIMES = " \N{MULTIPLICATION SIGN} "
HASH_DIGITS = 8  # of the SHA-256: enough to tell two pages apart, and found again under "Where this comes from"
_KINDS = {"dwi": "diffusion series", "adc": "ADC map", "t1": "T1-weighted scan"}
_FORMATS = {"nifti": "NIfTI", "dicom": "DICOM", "nrrd": "NRRD", "mha": "MetaImage"}
_SIDES = {"none": "on no side", "left": "left side only", "right": "right side only", "both": "both sides"}
LISTED_CLUSTERS = 3


@dataclass(frozen=True)
class ScanFacts:
    """``name`` is for the title; ``facts``: what is known of the scan, each in a few words."""

    name: str
    facts: tuple[str, ...]


def scan_facts(scan: Input, settings: Settings | None) -> ScanFacts:
    """What tells one scan's page from another's, and nothing that says who it is: no name, date or age."""
    kind, _, form = scan.kind.partition("-")
    words = f"{_KINDS.get(kind, kind)} ({_FORMATS.get(form, form)})" if form else _KINDS.get(kind, kind)
    shape = _TIMES.join(str(n) for n in scan.shape)
    spacing = _TIMES.join(f"{mm:.3g}" for mm in scan.spacing_mm)
    found = [words, f"{shape} voxels of {spacing} mm"]
    if settings is not None and settings.age_given:
        found.append("age at scan given, and not kept")
    return ScanFacts(f"scan {scan.sha256[:HASH_DIGITS]}", tuple(found))


def checks_line(quality: Quality) -> str:
    """``18 of 18 checks passed``, and what was not."""
    total, failed = len(quality.checks), len(quality.failed)
    line = f"{total - failed} of {total} checks passed"
    overridden = len(quality.overridden)
    return f"{line}, {overridden} overridden by the user" if overridden else line


def lesion_line(lesion: Lesion) -> str:
    """How much: millilitres, share of the brain with its interval, and the side."""
    if lesion.volume_ml <= 0:
        return f"No lesion found in {lesion.brain_ml:.0f} ml of brain"
    low, high = (percent(share) for share in lesion.interval)
    side = _SIDES.get(lesion.side, lesion.side)
    amount = f"{_millilitres(lesion.volume_ml)}, {percent(lesion.share)} % of the brain"
    return f"{amount} (90 % interval {low} to {high} %), {side}"


def lesion_caution(lesion: Lesion) -> str:
    """What no lesion found does not say, and what looser limits would have marked; empty where one was found."""
    if lesion.volume_ml > 0:
        return ""
    missed = "A small or shallow lesion may be missed: that none was found does not mean that there is none."
    looser = lesion.interval[1]
    if looser <= 0:
        return missed
    amount = f"{_millilitres(looser * lesion.brain_ml)} ({percent(looser)} %)"
    return f"{missed} With looser limits {amount} would be marked."


def _millilitres(volume_ml: float) -> str:
    return f"{volume_ml:.1f} ml" if volume_ml >= 0.1 else "under 0.1 ml"


def percent(share: float) -> str:
    """Two digits, so that a lesion of 0.05 % is not 0; one after the point from 1 %, none from 10 %."""
    value = 100 * share
    if value < 0.01:
        return "0" if value == 0 else "under 0.01"
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}" if value >= 0.995 else f"{value:.1g}"


def summary_parts(result: Result) -> dict[str, Any]:
    """What ``page.html.j2`` shows of these."""
    lesion = result.lesion
    return {
        "lesion_line": lesion_line(lesion) if lesion is not None else "",
        "lesion_caution": lesion_caution(lesion) if lesion is not None else "",
        "clusters": lesion.clusters[:LISTED_CLUSTERS] if lesion is not None else (),
        "more_clusters": max(len(lesion.clusters) - LISTED_CLUSTERS, 0) if lesion is not None else 0,
    }


def in_years(age: float) -> str:
    """An age in words: one digit after the point, two below two years, where a month counts."""
    return f"{age:.2f} years" if abs(age) < 2 else f"{age:.1f} years"
