"""A header that mirrors a scan front to back, or turns it upside down and mirrors it, is found and no number given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from real_scans import adc_file, newborns
from scans import bundled_atlas, stripped_scan

from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.io.source import Source
from AGE2HIELib.pipeline.admission import GatedScan, gate_scan
from AGE2HIELib.pipeline.inputs import Scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import CHECK_STAGES
from AGE2HIELib.quality.maps import LIES_MIRRORED
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Volume


def gated(adc: Volume) -> GatedScan:
    source = Source("adc-nifti", "", None, adc, "1e-6 mm2/s", ())
    return gate_scan(Scan(source), bundled_atlas(), Request(), Stages(CHECK_STAGES))


def assert_refused_only_when_mirrored(adc: Volume, *, by: str, remedy: str) -> None:
    assert gated(adc).passed
    for axis in (1, 2):
        turned = gated(adc.like(np.ascontiguousarray(np.flip(adc.array, axis)))).quality
        assert [one.name for one in turned.stopping] == [by]
        assert remedy in turned.stopping[0].remedy
        assert not turned.withheld  # refused: no override lets it through


def test_a_phantom_that_lies_back_to_front_is_refused() -> None:
    adc, _ = stripped_scan("none", "4mm", 35)
    assert_refused_only_when_mirrored(adc, by="similarity to the atlas", remedy=LIES_MIRRORED)


# So turned, 028 is taken for a head with its skull, of whose brain 200 ml would be left.
OTHERWISE = {"028": ("brain volume", "--mask")}


@pytest.mark.real
@pytest.mark.parametrize("case", newborns(short=("231",)))
def test_a_newborn_that_lies_back_to_front_is_refused(real_data: Path, case: str) -> None:
    by, remedy = OTHERWISE.get(case, ("similarity to the atlas", LIES_MIRRORED))
    assert_refused_only_when_mirrored(to_canonical(read_volume(adc_file(real_data, case))), by=by, remedy=remedy)
