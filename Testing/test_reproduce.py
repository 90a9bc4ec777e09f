"""A result made again: equal in another process and on other threads, and what differs is named."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from calling import assert_refused_in_one_line, run
from ended import ended_mark

from AGE2HIELib import cli
from AGE2HIELib.bundle.reading import write_manifest
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.io.source import read_source
from AGE2HIELib.quality.check import AGE
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.volume import Volume

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Made:
    """A scan and the folder that ``predict`` has made of it."""

    scan: Path
    result: Path

    def record(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.result / "result.json").read_text())
        return content

    def edited(self, folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
        """A copy of the result whose record was changed."""
        shutil.copytree(self.result, folder / "edited")
        record = self.record()
        change(record)
        (folder / "edited" / "result.json").write_text(json.dumps(record))
        return folder / "edited"


@pytest.fixture(scope="module")
def made(infant_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Of a newborn's ADC map that lies in the file without compression."""
    folder = tmp_path_factory.mktemp("made")
    write_volume(read_volume(infant_file), folder / "adc.nii")
    assert cli.main(["predict", str(folder / "adc.nii"), "--output", str(folder / "out"), "--progress", "none"]) == 0
    return Made(folder / "adc.nii", folder / "out")


def flipped(path: Path, at: int) -> None:
    """One bit of one byte."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))


def test_images_that_a_killed_reproduction_left_go_with_the_next(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / f"age2hie-again-{ended_mark()}-x"
    left.mkdir()
    (left / "adc.nii.gz").write_text("a child's")
    assert run(capfd, "reproduce", made.result, "--input", made.scan)[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_the_demo_is_equal_to_the_last_digit_in_another_process_on_other_threads(tmp_path: Path) -> None:
    assert cli.main(["demo", "--output", str(tmp_path / "demo"), "--progress", "none"]) == 0
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"), "3")
    command = [sys.executable, "-m", "AGE2HIELib.cli", "reproduce", tmp_path / "demo"]
    scan = tmp_path / "demo" / "scan" / "dwi.nii.gz"
    done = subprocess.run(
        [*command, "--input", scan],
        env={**os.environ, **threads, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "equal, to the last digit."


def test_a_byte_of_the_input_is_named_and_so_is_what_it_changes(
    made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    scan = tmp_path / "adc.nii"
    shutil.copy(made.scan, scan)
    brain = read_volume(made.result / "brain_mask.nii.gz").array
    voxel = int(np.flatnonzero(brain.ravel(order="F"))[brain.sum().astype(int) // 2])
    flipped(scan, 352 + 4 * voxel + 2)  # of a float: 1/64 to 1/128 of the voxel's ADC
    code, told, _ = run(capfd, "reproduce", made.result, "--input", scan)
    assert code == 4
    was, now = (hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in (made.scan, scan))
    assert told.splitlines()[0] == f"another input (SHA-256): then {was}..., now {now}..."
    assert "adc.nii.gz: largest difference" in told
    assert told.splitlines()[-1].endswith("Likely why: another input.")


def test_a_byte_of_the_weights_is_named_or_refused_with_the_files_name(
    made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model"
    shutil.copytree(resource_path("models", "demo"), model)
    weights = model / "models" / "member_2.pt"
    read = torch.load(weights, weights_only=True)["voxels.values.2.weight"].numpy().tobytes()
    flipped(weights, weights.read_bytes().index(read) + 2 * 6 + 1)  # the leading byte of the largest number
    arguments = ("reproduce", made.result, "--input", made.scan, "--model", model)
    code, out, err = run(capfd, *arguments)
    assert_refused_in_one_line(code, out, err)
    assert "models/member_2.pt of the model bundle 'model' was changed" in err
    write_manifest(model)
    code, told, _ = run(capfd, *arguments)
    assert code == 4
    assert told.startswith("another model (SHA-256): then ")
    assert "members[2]" in told
    assert "members[1]" not in told


@pytest.mark.parametrize(("name", "before"), [("mean.nii.gz", b"\x1f\x8b\x08\x00"), ("atlas.json", b"no child ")])
def test_a_byte_of_the_atlas_is_named(
    name: str, before: bytes, made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of gzip's own time of writing, which changes no voxel, and of the provenance."""
    atlas = tmp_path / "atlas"
    shutil.copytree(resource_path("atlas"), atlas)
    flipped(atlas / name, (atlas / name).read_bytes().index(before) + len(before))
    code, told, errors = run(capfd, "reproduce", made.result, "--input", made.scan, "--atlas", atlas)
    assert (code, errors) == (4, "")
    assert told.startswith("another atlas (SHA-256): then ")
    assert "impossible: The model age2hie-demonstration was not trained on z-maps of the atlas" in told


def test_a_setting_that_differs_shows_in_what_it_decides(
    made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    result = made.edited(tmp_path, lambda record: record["settings"].update(saliency="gradcam"))
    code, told, _ = run(capfd, "reproduce", result, "--input", made.scan)
    assert code == 4
    rows = {line.split("  ")[0] for line in told.splitlines()}
    assert {"saliency.method", "saliency.nii.gz: largest difference"} <= rows
    assert not any(row.startswith(("probability", "members", "quality", "z_adc")) for row in rows)


def test_a_warning_that_was_set_aside_is_set_aside_again(
    made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    aged = Made(made.scan, tmp_path / "out")
    age = (made.scan, "--age-days", "7")
    assert run(capfd, "predict", *age, "--output", aged.result, "--cooled", "no", "--override", AGE)[0] == 0
    settings = aged.record()["settings"]
    assert (settings["overrides"], settings["age_given"], settings["cooled"]) == ([AGE], True, False)
    code, told, _ = run(capfd, "reproduce", aged.result, "--input", *age)
    assert (code, told.splitlines()[-1]) == (0, "equal, to the last digit.")
    result = aged.edited(tmp_path, lambda record: record["settings"].update(overrides=[]))
    code, told, _ = run(capfd, "reproduce", result, "--input", *age)
    assert code == 4
    assert f"quality.checks[{AGE}].overridden" in told
    assert "saliency.nii.gz" in told


def test_a_number_that_was_changed_by_hand_is_found_in_the_record_alone(
    made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def change(record: dict[str, Any]) -> None:
        record["interval"][1] += 1e-9

    alone = made.edited(tmp_path, change) / "result.json"
    alone = alone.rename(tmp_path / "alone.json")
    code, told, _ = run(capfd, "reproduce", alone, "--input", made.scan, "--progress", "jsonl")
    assert code == 4
    event = json.loads(told.splitlines()[-1])
    assert (event["event"], event["equal"]) == ("reproduced", False)
    assert [row["name"] for row in event["differences"]] == ["interval[1]"]


def test_a_refused_scan_is_refused_again_and_a_mask_and_a_z_map_are_on_record(
    made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The mask leaves half of the brain out, so that the gate refuses; of the age it is kept that it was given."""
    brain = read_volume(made.result / "brain_mask.nii.gz")
    array = brain.array.copy()
    array[:, :, : array.shape[2] // 2] = 0
    mask, out = tmp_path / "nobody-sees.mhd", tmp_path / "out"
    write_volume(brain.like(array), mask)
    scan = (made.scan, "--mask", mask)
    code, _, _ = run(capfd, "predict", *scan, "--output", out, "--age-days", "3", "--cooled", "yes")
    assert code == 3
    text = (out / "result.json").read_text()
    settings = json.loads(text)["settings"]
    assert (settings["age_given"], settings["cooled"], settings["gestation_weeks"]) == (True, True, None)
    assert settings["z_adc_sha256"] is None
    assert str(tmp_path) not in text
    assert "nobody-sees" not in text
    code, _, err = run(capfd, "reproduce", out, "--input", *scan)
    assert (code, "keeps no age" in err) == (2, True)
    scan = (*scan, "--age-days", "3.5")
    code, told, _ = run(capfd, "reproduce", out, "--input", *scan)
    assert (code, told.splitlines()[-1]) == (0, "equal, to the last digit.")
    code, _, err = run(capfd, "reproduce", out, "--input", made.scan, "--age-days", "3")
    assert code == 2
    assert f"SHA-256 {settings['mask_sha256']}" in err
    write_volume(brain, mask)
    code, told, _ = run(capfd, "reproduce", out, "--input", *scan)
    assert code == 4
    assert told.startswith("another mask (SHA-256)")
    assert "quality.passed" in told


@pytest.mark.parametrize("part", ["model", "atlas"])
def test_a_model_or_an_atlas_that_is_not_here_is_asked_for_by_its_sha256(
    part: str, made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    result = made.edited(tmp_path, lambda record: record[part].update(name="elsewhere", sha256="ab" * 32))
    code, out, err = run(capfd, "reproduce", result, "--input", made.scan)
    assert_refused_in_one_line(code, out, err)
    assert f"made with the {part} elsewhere" in err
    assert "ab" * 32 in err
    assert f"--{part}" in err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda record: record.pop("settings"), "keeps no settings"),
        (lambda record: record["settings"].pop("align"), "lack or add align"),
        (lambda record: record["settings"].update(examine="no"), "settings.examine is 'no', and not true or false"),
        (lambda record: record["settings"].update(saliency="guess"), "guess"),
        (lambda record: record.pop("machine"), "cannot be read"),
        (lambda record: record.update(atlas=[]), "cannot be read"),
        (lambda record: record.update(software=3), "cannot be read"),
    ],
    ids=["older", "a setting less", "no truth value", "unknown method", "no machine", "no atlas", "no software"],
)
def test_a_record_that_was_spoiled_is_refused_in_one_line(
    change: Callable[[dict[str, Any]], object],
    said: str,
    made: Made,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run(capfd, "reproduce", made.edited(tmp_path, change), "--input", made.scan, "--progress", "none")
    assert_refused_in_one_line(code, out, err)
    assert said in err


def test_what_is_no_record_is_refused(made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "list.json").write_text("[1]")
    for result in (tmp_path / "list.json", tmp_path / "absent.json", tmp_path, made.scan):
        assert_refused_in_one_line(*run(capfd, "reproduce", result, "--input", made.scan))


def test_the_voxels_beside_an_mhd_header_are_part_of_its_identity(infant_file: Path, tmp_path: Path) -> None:
    adc = read_volume(infant_file)
    found = []
    for factor in (1.0, 1.001):
        write_volume(Volume(adc.array * np.float32(factor), adc.affine_ras), tmp_path / "adc.mhd")
        found.append((read_source(tmp_path / "adc.mhd").sha256, (tmp_path / "adc.mhd").read_text()))
    assert found[0][0] != found[1][0]
