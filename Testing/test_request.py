"""One request: what panel, script or earlier result ask for is what the command line reads from its options."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from AGE2HIELib.cli import parser
from AGE2HIELib.commands.requests import request_of
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.source import Source
from AGE2HIELib.pipeline.inputs import Scan
from AGE2HIELib.pipeline.prediction import recorded_request, settings_of
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.volume import Volume

READING: dict[str, Any] = {
    "input": Path("-scan.mha"),
    "series": "3:a key",
    "align": "off",
    "mask": Path("a mask.nii.gz"),
    "z_adc": Path("z,1.mha"),
    "t1": Path("t1.nii"),
    "t2": Path("-t2.nii"),
    "model": Path("models/own"),
    "atlas": Path("an atlas"),
    "device": "cpu",
    "age_days": 3.5,
    "gestation_weeks": 38.0,
    "cooled": False,
    "prevalence": 0.2,
    "override": ("step between slices", "postnatal age"),
    "examine": True,
    "worker": "https://elsewhere:8443",
    "worker_certificate": Path("-a certificate.pem"),
    "worker_token": Path("the token"),
}
OF = {
    "predict": {"saliency": "gradcam++", "dicom": True, "clinical": Path("a.json"), "keep_clinical": True},
    "explain": {"methods": ("occlusion", "hirescam"), "target": "favourable", "layer": "block2", "share": 0.25},
    "check": {},
}
_WORKER = ("worker", "worker_certificate", "worker_token")
NOT_OF_CHECK = ("z_adc", "t1", "t2", "model", "device", "prevalence", "examine", *_WORKER)


def parsed(command: str, *arguments: str) -> Request:
    output = () if command == "check" else ("--output", "out")
    return request_of(parser().parse_args([command, *output, *arguments]))


@pytest.mark.parametrize("command", OF)
def test_a_request_is_read_back_from_its_own_options(command: str) -> None:
    asked = {name: value for name, value in READING.items() if command != "check" or name not in NOT_OF_CHECK}
    request = Request(**asked, **OF[command])
    assert parsed(command, *request.argv()) == request
    cooled = replace(request, cooled=True)
    assert parsed(command, *cooled.argv()).cooled is True


def test_every_part_of_a_request_was_tried() -> None:
    assert {field.name for field in fields(Request)} == READING.keys() | OF["predict"].keys() | OF["explain"].keys()


@pytest.mark.parametrize("command", OF)
def test_the_defaults_are_those_of_the_command_line(command: str) -> None:
    """So that a request that asks for nothing more is no option at all."""
    request = Request(Path("scan.mha"))
    assert request.argv() == ("--", "scan.mha")
    assert parsed(command, "scan.mha") == request


def test_a_record_gives_the_request_back_but_for_files_and_age() -> None:
    """The age itself is kept nowhere: with the date of the scan it would be the date of birth. Nor is who computed."""
    request = Request(**READING, saliency="gradcam")
    adc = Volume(np.ones((4, 4, 4), np.float32), np.eye(4))
    scan = Scan(Source("adc-mha", "", None, adc, "1e-6 mm2/s", ()), mask_sha256="aa", z_adc_sha256="bb")
    settings = settings_of(request, scan)
    assert (settings.age_given, settings.mask_sha256, settings.z_adc_sha256) == (True, "aa", "bb")
    files = {name: None for name in ("input", "mask", "z_adc", "t1", "t2", "model", "atlas", "age_days", *_WORKER)}
    assert recorded_request(settings) == replace(request, **files)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age_days": -1.0}, "--age-days is -1"),
        ({"gestation_weeks": 80.0}, "--gestation-weeks is 80"),
        ({"prevalence": 45.0}, "For 45 of 100 infants give 0.45"),
        ({"override": ("brain volume",)}, "names no warning"),
        ({"methods": ("lime",)}, r"--methods names \['lime'\]"),
        ({"methods": ()}, "--methods names nothing"),
        ({"share": 0.0}, "--share is 0"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_read(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Request(Path("nothing.mha"), **change).check()
    Request(Path("nothing.mha")).check()


def test_a_request_without_a_scan_reads_none() -> None:
    with pytest.raises(InputError, match="names no scan"):
        _ = Request().scan
    assert Request(Path("scan.mha"), mask=Path("mask.mha")).files == (Path("scan.mha"), Path("mask.mha"))


def test_the_panel_can_read_a_request_with_the_standard_library_alone() -> None:
    program = (
        "import sys\n"
        "from AGE2HIELib.pipeline.request import Request\n"
        "Request('scan', override=('postnatal age',), prevalence=0.3).argv()\n"
        "print(sorted({'numpy', 'scipy', 'SimpleITK', 'nibabel', 'torch'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
