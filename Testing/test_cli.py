"""The command line's contract: exit codes, the output folder, events and options."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from calling import run

from AGE2HIELib import cli, options
from AGE2HIELib.batch.engine import ENGINES
from AGE2HIELib.explanation.registry import METHODS
from AGE2HIELib.inference import device
from AGE2HIELib.phantom.injury import INJURIES
from AGE2HIELib.phantom.scan import PROTOCOLS
from AGE2HIELib.phantom.write import FORMATS


def test_a_prediction_writes_the_whole_folder(
    infant_file: Path, untrained_model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, told, errors = run(
        capfd, "predict", infant_file, "--model", untrained_model, "--output", out, "--progress", "jsonl"
    )
    assert (code, errors) == (0, "")
    volumes = {f"{name}.nii.gz" for name in ("adc", "brain_mask", "z_adc", "saliency", "regions", "lesion")}
    assert {path.name for path in out.iterdir()} == volumes | {
        "result.json",
        "regions.csv",
        "overlay.png",
        "report.html",
        "placement.h5",
    }
    record = json.loads((out / "result.json").read_text())
    assert set(record) == {
        *("demonstration", "probability_adverse", "interval", "members", "threshold", "label", "quality", "saliency"),
        *("prevalence", "prediction_set", "clinical"),
        *("examination", "lesion", "scores", "readings"),
        *("model", "atlas", "input", "settings", "software", "machine", "device", "timing_s", "warnings"),
    }
    low, high = record["interval"]
    assert 0 < low < record["probability_adverse"] < high < 1
    assert (record["demonstration"], record["label"], len(record["members"])) == (True, "demonstration", 2)
    shown = {"method": "hirescam", "title": "HiResCAM", "meaning": "what raised the score"}
    assert record["saliency"] == {**shown, "layer": "block2", "resolution_mm": [8.0, 8.0, 8.0], "names_a_place": True}
    assert record["input"]["kind"] == "adc-mha"
    assert record["input"]["b_values_used"] is None
    assert str(tmp_path) not in (out / "result.json").read_text()
    assert infant_file.stem not in (out / "report.html").read_text()
    events = [json.loads(line) for line in told.splitlines()]
    stages = [event["name"] for event in events if event["event"] == "stage"]
    assert stages == ["read", "model", "adc", "mask", "place", "gate", "z-map", "predict", "explain", "report"]
    assert list(record["timing_s"]) == stages
    assert events[-1] == {"event": "result", "output": str(out)}
    assert_left_is_left(out)


def assert_left_is_left(out: Path) -> None:
    """regions.nii.gz: on the ADC's grid, with the labels of regions.csv, each left one left of its twin."""
    image, adc = nibabel.load(out / "regions.nii.gz"), nibabel.load(out / "adc.nii.gz")
    np.testing.assert_allclose(image.affine, adc.affine, atol=1e-4)
    labels = np.asarray(image.dataobj)
    assert labels.shape == adc.shape
    with (out / "regions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert set(np.unique(labels)) - {0} <= {int(row["label"]) for row in rows}
    right_mm: dict[tuple[str, str], float] = {}
    for row in rows:
        where = np.argwhere(labels == int(row["label"]))
        if len(where):
            right_mm[row["region"], row["hemisphere"]] = (image.affine @ (*where.mean(0), 1))[0]
    pairs = [name for name, side in right_mm if side == "left" and (name, "right") in right_mm]
    assert len(pairs) >= 10
    assert all(right_mm[name, "left"] < right_mm[name, "right"] for name in pairs)


def test_a_scan_that_is_no_newborn_is_refused_with_reasons(
    infant_file: Path, untrained_model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out, adult = tmp_path / "out", tmp_path / "adult.nii.gz"
    image = sitk.ReadImage(str(infant_file))
    image.SetSpacing([1.6 * mm for mm in image.GetSpacing()])  # four times the volume
    sitk.WriteImage(image, str(adult))
    code, _, errors = run(capfd, "predict", adult, "--model", untrained_model, "--output", out)
    assert code == 3
    assert errors.startswith("age2hie: refused: ")
    assert errors.count("\n") == 1
    record = json.loads((out / "result.json").read_text())
    assert record["probability_adverse"] is None
    assert record["interval"] is None
    assert not record["quality"]["passed"]
    failed = [check for check in record["quality"]["checks"] if not check["passed"]]
    assert failed
    assert all(check["remedy"] for check in failed)
    assert "No score" in (out / "report.html").read_text()
    assert {path.name for path in out.iterdir()} >= {"adc.nii.gz", "brain_mask.nii.gz", "overlay.png", "placement.h5"}
    assert not (out / "saliency.nii.gz").exists()
    assert not (out / "lesion.nii.gz").exists()
    assert record["lesion"] is None
    assert run(capfd, "check", adult)[0] == 3


def test_check_passes_a_newborn_without_any_model(infant_file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, told, errors = run(capfd, "check", infant_file)
    assert (code, errors) == (0, "")
    assert "FAILED" not in told
    code, told, _ = run(capfd, "check", infant_file, "--progress", "jsonl")
    assert [json.loads(line)["event"] for line in told.splitlines()][-1] == "quality"


def test_what_check_finds_goes_to_stdout_for_a_program_too(infant_file: Path) -> None:
    """In a process of its own, where everything but events is sent to stderr."""
    command = [sys.executable, "-m", "AGE2HIELib.cli", "check", str(infant_file), "--progress", "jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()][-1] == "quality"


def test_a_defect_leaves_a_log_and_no_output(
    infant_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from AGE2HIELib.pipeline import inputs, prediction

    monkeypatch.setattr(prediction, "analyse", lambda *_, **__: 1 / 0)
    monkeypatch.setattr(inputs, "load_model", lambda *_, **__: None)
    code, out, err = run(capfd, "predict", infant_file, "--output", tmp_path / "out")
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "out.log" in err
    assert [path.name for path in tmp_path.iterdir()] == ["out.log"]
    assert "ZeroDivisionError" in (tmp_path / "out.log").read_text()


def test_info_tells_what_a_bundle_and_an_atlas_are(untrained_model: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, told, _ = run(capfd, "model", "info", untrained_model)
    assert code == 0
    assert "saw synthetic data only" in told
    code, told, _ = run(capfd, "atlas", "info")
    assert code == 0
    assert "no child was scanned" in told


def test_the_options_are_those_that_the_library_knows() -> None:
    assert set(options.SALIENCY_METHODS) == set(METHODS)
    assert options.DEVICES == device.DEVICES
    assert set(options.FORMATS) == set(FORMATS)
    assert set(options.INJURIES) <= set(INJURIES)  # a focal one is for experiments
    assert options.ENGINES == ENGINES
    assert set(options.ACQUISITIONS) == set(PROTOCOLS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--age-days", "7"], "day 6: low ADC may have returned to normal where there was no cooling"),
        (["--age-days", "15"], "Scanned after day 14"),
        (["--age-days", "0.5"], "ADC falls on days 2-3"),
        (["--gestation-weeks", "30"], "Born before 36 weeks"),
    ],
)
def test_timing_ends_in_warnings(arguments: list[str], words: str) -> None:
    from AGE2HIELib.commands.requests import request_of
    from AGE2HIELib.infant import infant_warnings

    parsed = cli.parser().parse_args(["predict", "scan.mha", "--output", "out", *arguments])
    assert any(words in warning for warning in infant_warnings(request_of(parsed).timing))


def test_a_reader_that_leaves_early_is_no_defect(tmp_path: Path) -> None:
    """``age2hie model info | head -1``: no message, no log."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [sys.executable, "-m", "AGE2HIELib.cli", "model", "info"]
    ended = subprocess.run(command, stdout=write_end, stderr=subprocess.PIPE, cwd=tmp_path, check=False)
    os.close(write_end)
    assert (ended.returncode, ended.stderr) == (141, b"")
    assert not list(tmp_path.iterdir())


FULL = Path("/dev/full")
SAID = "age2hie: stdout could not be written (No space left on device). What lies in 'adc.nii' is whole.\n"


def into(stdout: object, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "AGE2HIELib.cli", *map(str, arguments)]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)  # type: ignore[call-overload, no-any-return]


@pytest.mark.skipif(not FULL.exists(), reason="this system has no disk that is always full")
@pytest.mark.parametrize("kind", ["text", "jsonl"])
def test_a_result_stands_where_stdout_cannot_be_written(infant_file: Path, tmp_path: Path, kind: str) -> None:
    """Neither what people are told nor the events for programs may cost what is complete."""
    with FULL.open("w") as full:
        ended = into(full, "adc", infant_file, "--output", tmp_path / "adc.nii", "--progress", kind)
    assert (ended.returncode, ended.stderr) == (0, SAID)
    scan = nibabel.load(tmp_path / "adc.nii")
    assert np.median(scan.get_fdata()[scan.get_fdata() > 0]) > 1000
    assert [path.name for path in tmp_path.iterdir()] == ["adc.nii"]


@pytest.mark.skipif(not FULL.exists(), reason="this system has no disk that is always full")
@pytest.mark.parametrize("arguments", [("model", "list"), ("--version",)])
def test_an_answer_that_cannot_be_written_is_an_error(arguments: tuple[str, ...]) -> None:
    with FULL.open("w") as full:
        ended = into(full, *arguments)
    assert ended.returncode == 2
    assert ended.stderr == (
        "age2hie: error: stdout could not be written (No space left on device), and the answer was to go there. "
        "Free some space, or send it elsewhere.\n"
    )


def test_errors_reach_the_exit_code_where_no_stream_can_be_written(tmp_path: Path) -> None:
    """Closed streams, as a service starts a program."""
    command = f"'{sys.executable}' -m AGE2HIELib.cli {{}} >&- 2>&-"
    for arguments, code in (("--version", 0), (f"check '{tmp_path}/none.mha'", 2)):
        assert subprocess.run(command.format(arguments), shell=True, check=False).returncode == code
