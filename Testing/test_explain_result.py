"""What ``predict`` has let through is explained: an earlier result is not held against its own mask and z-map again."""

from __future__ import annotations

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from marks import long
from scans import infant_with

from AGE2HIELib import cli
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.io.source import Source
from AGE2HIELib.phantom.head import make_head
from AGE2HIELib.phantom.scan import PROTOCOLS, scan_infant
from AGE2HIELib.pipeline.admission import GatedScan, gate_scan, with_verdict
from AGE2HIELib.pipeline.earlier import read_earlier
from AGE2HIELib.pipeline.inputs import Scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import CHECK_STAGES
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.quality.check import GIVEN_MASK, STEP
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.system.progress import Stages

SAMPLE = Path(__file__).resolve().parent.parent / "AGE2HIE" / "Resources" / "SampleData" / "SyntheticNewborn.nrrd"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the extension's sample: a whole head, in whose noisy ADC alone a mask of 0.02 was found."""
    out = tmp_path_factory.mktemp("sample") / "out"
    assert cli.main(["predict", str(SAMPLE), "--output", str(out), "--progress", "none"]) == 0
    return out


def explain(result: Path, out: Path) -> int:
    return cli.main(["explain", str(result), "--output", str(out), "--methods", "hirescam", "--progress", "none"])


@pytest.mark.slow
def test_the_sample_of_the_extension_is_explained_with_what_the_gate_said_of_it(result: Path, tmp_path: Path) -> None:
    assert explain(result, tmp_path / "maps") == 0
    then, now = (
        json.loads(path.read_text()) for path in (result / "result.json", tmp_path / "maps" / "explanations.json")
    )
    # the stored map is placed anew: the logit of this infant moves by 0.006, which calibration doubles
    assert now["probability_adverse"] == pytest.approx(then["probability_adverse"], abs=5e-3)
    assert now["quality"] == then["quality"]
    assert now["warnings"] == then["warnings"]


@pytest.mark.slow
def test_maps_stand_without_picture_and_page(
    result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("AGE2HIELib.pipeline.comparison.comparison_picture", full)
    assert explain(result, tmp_path / "maps") == 0
    said = "The picture could not be written, and the result stands without: No space left on device."
    assert capfd.readouterr().err.splitlines() == [f"age2hie: warning: {said}"]
    assert said in json.loads((tmp_path / "maps" / "explanations.json").read_text())["warnings"]
    page = (tmp_path / "maps" / "explanations.html").read_text()
    assert said in page
    assert "<img src" not in page
    names = {path.name for path in (tmp_path / "maps").iterdir()}
    assert {"saliency_hirescam.nii.gz", "evidence.csv"} < names
    assert "explanations.png" not in names

    monkeypatch.setattr("AGE2HIELib.pipeline.comparison.explanations_html", full)
    assert explain(result, tmp_path / "bare") == 0
    assert {path.name for path in (tmp_path / "bare").iterdir()} == names - {"explanations.html"}


def test_a_figure_beyond_its_limit_becomes_a_warning_unless_it_was_overridden(result: Path) -> None:
    scan = read_earlier(result).scan
    verdict, brain = scan.verdict, scan.mask
    assert verdict is not None
    assert brain is not None
    now = replace(verdict, checks=tuple(replace(one, passed=one.name != STEP) for one in verdict.checks))
    asked_again = GatedScan(brain, brain, None, now, ("It moved.",))
    stands = with_verdict(asked_again, verdict)
    assert stands.quality == verdict
    assert stands.warnings[0] == "It moved."
    [warning] = stands.warnings[1:]
    assert f"the gate finds {STEP} 0." in warning
    assert "the result was let through" in warning
    assert with_verdict(asked_again, now.overriding([STEP])).warnings == ("It moved.",)


def test_an_empty_mask_in_the_folder_is_an_error(
    result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(result, tmp_path / "edited")
    brain = read_volume(result / "brain_mask.nii.gz")
    write_volume(brain.like(np.zeros_like(brain.array)), tmp_path / "edited" / "brain_mask.nii.gz")
    assert explain(tmp_path / "edited", tmp_path / "maps") == 2
    assert "brain_mask.nii.gz of 'edited' is empty" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("acquisition", [long(name) for name in PROTOCOLS])
def test_the_mask_of_a_prediction_is_taken_when_it_is_given_back(acquisition: str) -> None:
    infant, injury = infant_with("watershed", 74)
    series = scan_infant(infant, injury, make_head(infant), PROTOCOLS[acquisition], seed=74).dwi
    source, atlas = Source("dwi-nifti", "", series, None, None, ()), load_atlas(resource_path("atlas"))
    first = gate_scan(Scan(source), atlas, Request(), Stages(CHECK_STAGES))
    alone = Source("adc-nifti", "", None, first.adc, "1e-6 mm2/s", ())
    for again in (Scan(source, mask=first.brain), Scan(alone, mask=first.brain)):
        quality = gate_scan(again, atlas, Request(), Stages(CHECK_STAGES)).quality
        checks = {check.name: check for check in quality.checks}
        assert checks[GIVEN_MASK].passed, checks[GIVEN_MASK].value
