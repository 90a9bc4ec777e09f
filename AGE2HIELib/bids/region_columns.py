"""What the columns of ``*_desc-regions_dseg.tsv`` mean, as its sidecar says it."""

from __future__ import annotations

from typing import Any

_ML, _UM2, _SD, _SHARE = "mL", "um^2/s", "1", "1"


def _column(description: str, units: str) -> dict[str, Any]:
    return {"Description": description, "Units": units}


COLUMNS: dict[str, dict[str, Any]] = {
    "hemisphere": {
        "Description": "The patient's side.",
        "Levels": {"left": "left half", "right": "right half", "midline": "on both sides of the midline"},
    },
    "volume_ml": _column("Volume of the region in the scan.", _ML),
    "measured": {
        "Description": "Whether medians can be given.",
        "Levels": {
            "tissue": "they are given",
            "fluid": "the region is fluid in healthy newborns",
            "not measurable": "too few voxels hold this region alone, or most of it is fluid here",
        },
    },
    "median_adc_1e6_mm2_s": _column("Median ADC of voxels that hold this region alone and touch no fluid.", _UM2),
    "p10_adc_1e6_mm2_s": _column("10th percentile of the same.", _UM2),
    "median_z": _column("Median z of the same voxels.", _SD),
    "share_z_below_minus_2": _column("Part of the tissue with z below -2, 0 to 1.", _SHARE),
    "lesion_ml": _column("Volume of the region that is lesion.", _ML),
    "lesion_share": _column("Part of the region that is lesion, 0 to 1.", _SHARE),
    "asymmetry": _column("Median ADC against the other side's: (own - other) over the mean of both.", _SHARE),
    "saliency_share": _column("Part of all positive saliency in the brain that lies here, 0 to 1.", _SHARE),
}
