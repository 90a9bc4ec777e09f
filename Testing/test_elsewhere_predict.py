"""A prediction whose networks run on another computer: the same result, and only numbers of the brain sent there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundles import untrained_bundle
from calling import assert_refused_in_one_line, run
from hospital import PATIENT
from pacs import needs_openssl
from serving_work import serving

from AGE2HIELib.elsewhere import networks
from AGE2HIELib.elsewhere.address import Worker
from AGE2HIELib.elsewhere.wire import Question, explanation_facts, unpack
from AGE2HIELib.pipeline.analysis import explain_prediction
from AGE2HIELib.pipeline.inputs import load_model
from AGE2HIELib.result.software import Elsewhere, machines, software_versions

ROOT = Path(__file__).resolve().parent.parent
TIMES_AND_PLACE = ("timing_s", "machine")
WITHOUT_TORCH = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "monai"):
            raise ModuleNotFoundError(f"No module named {name!r}")
sys.meta_path.insert(0, Nothing())
from AGE2HIELib.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worker")


@pytest.fixture(scope="module")
def there(folder: Path, untrained_model: Path) -> Iterator[list[str]]:
    with serving(folder, untrained_model.parent) as options:
        yield options


def predicted(scan: Path, out: Path, *options: object, program: tuple[str, ...] = ("-m", "AGE2HIELib.cli")) -> None:
    command = [sys.executable, *program, "predict", scan, "--output", out, "--progress=none", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode in (0, 3), done.stderr


def record(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return {key: value for key, value in content.items() if key not in TIMES_AND_PLACE}


@needs_openssl
@pytest.mark.slow
def test_a_result_is_the_same_as_one_made_here_and_torch_is_not_needed(
    infant_file: Path, untrained_model: Path, there: list[str], folder: Path, tmp_path: Path
) -> None:
    """To the byte, but for times, the two computers' names, and what holds the time in its own format (HDF5)."""
    here, away, before = tmp_path / "here", tmp_path / "away", sorted(path.name for path in folder.iterdir())
    predicted(infant_file, here, "--model", untrained_model)
    predicted(infant_file, away, "--model", untrained_model, *there, program=("-c", WITHOUT_TORCH))
    assert record(away) == record(here)
    names = sorted(path.name for path in here.iterdir())
    assert sorted(path.name for path in away.iterdir()) == names
    for name in set(names) - {"result.json", "report.html", "placement.h5"}:
        assert (away / name).read_bytes() == (here / name).read_bytes(), name
    machine = json.loads((away / "result.json").read_text())["machine"]
    assert "; the networks on another computer: " in machine
    assert sorted(path.name for path in folder.iterdir()) == before  # nothing of it stays there
    log = (folder / "log").read_text()
    assert log.count('"answered"') == 4
    assert infant_file.stem not in log


@needs_openssl
@pytest.mark.slow
def test_maps_are_the_same_as_those_made_here(
    infant_file: Path, untrained_model: Path, there: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = ["explain", infant_file, "--methods=hirescam,gradcam++", "--target=favourable", "--progress=none"]
    for name, options in (("here", []), ("away", there)):
        code, _, err = run(capfd, *asked, f"--model={untrained_model}", f"--output={tmp_path / name}", *options)
        assert code == 0, err
    maps = sorted(path.name for path in (tmp_path / "here").glob("*.nii.gz"))
    assert len(maps) == 6
    for name in [*maps, "evidence.csv", "explanations.png"]:
        assert (tmp_path / "away" / name).read_bytes() == (tmp_path / "here" / name).read_bytes(), name


@needs_openssl
@pytest.mark.slow
def test_only_numbers_of_the_placed_brain_are_sent(
    study: Path,
    untrained_model: Path,
    there: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Of a named patient's DICOM study, read with all that is known of the infant."""
    sent: list[bytes] = []
    ask = networks.ask
    monkeypatch.setattr(networks, "ask", lambda worker, body: (sent.append(body), ask(worker, body))[1])
    known = tmp_path / "known.json"
    known.write_text('{"apgar_5": 3, "cord_ph": 6.91}')
    options = ["--clinical", known, "--age-days=3.25", "--gestation-weeks=39.4", "--cooled=yes", "--align=off"]
    out = tmp_path / "Quellenthal"
    code, _, err = run(capfd, "predict", study, "--output", out, "--model", untrained_model, *options, *there)
    assert code == 0, err
    values = 2 * 56 * 64 * 48
    tasks = []
    for body in sent:
        question, image = unpack(body)
        tasks.append(question.task)
        assert len(image) in (0, 4 * values)
        assert set(json.loads(body.partition(b"\n")[0])) <= {field.name for field in fields(Question)}
        said = body.partition(b"\n")[0].decode()
        assert not re.search(r"3\.25|39\.4|6\.91|apgar|cooled|\.dcm|Quell|/", said)
        for secret in (*PATIENT.values(), "Quellenthal", study.name):
            assert secret.encode() not in body
    assert tasks == ["about", "distance", "explain", "readings"]
    assert sum(map(len, sent)) < 3 * 4 * values + 2000


@needs_openssl
@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"--worker-token": "other"}, "does not take the token"),
        ({"--worker-certificate": "stranger.pem"}, "is not the one that is expected"),
        ({"--worker": "http://127.0.0.1:1"}, "is not encrypted"),
        ({"--worker": "https://127.0.0.1:1"}, "cannot be reached: Connection refused"),
    ],
)
def test_what_keeps_a_scan_from_being_asked_is_one_line_and_leaves_nothing(
    infant_file: Path,
    untrained_model: Path,
    there: list[str],
    folder: Path,
    tmp_path: Path,
    changes: dict[str, str],
    expected: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (folder / "other").write_text("b" * 64)
    given = dict(option.split("=", 1) for option in there)
    for name, value in changes.items():
        given[name] = value if name == "--worker" else str(folder / value)
    options = [f"{name}={value}" for name, value in given.items()]
    out = tmp_path / "out"
    code, said, err = run(capfd, "predict", infant_file, "--output", out, "--model", untrained_model, *options)
    assert_refused_in_one_line(code, said, err)
    assert expected in err
    assert list(tmp_path.iterdir()) == []


@needs_openssl
@pytest.mark.slow
def test_a_model_that_is_not_there_is_named(
    infant_file: Path, there: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine"
    bundle = untrained_bundle(mine, count=1)
    zs = ["--z-adc", infant_file]  # whatever lies on its grid
    options = ["--output", tmp_path / "out", "--model", mine, *zs, *there]
    code, said, err = run(capfd, "predict", infant_file, *options)
    assert_refused_in_one_line(code, said, err)
    assert f"It has no model with the SHA-256 {bundle.sha256[:12]}" in err


def test_where_an_answer_was_made_is_told(untrained_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the CPU, with a note, where the GPU's memory ran out there: as a warning of the result."""
    here = load_model(untrained_model, device="cpu")
    image = np.zeros((1, 2, 56, 64, 48), np.float32)
    made = explain_prediction(here, image, "hirescam", layer="block2", target="favourable")[1]
    asked: list[Question] = []

    def answer(worker: Worker, body: bytes) -> dict[str, Any]:
        asked.append(unpack(body)[0])
        return {"device": "cpu", "notes": ["The memory ran out."], "explanation": explanation_facts(made)}

    monkeypatch.setattr(networks, "ask", answer)
    computer = Elsewhere("Linux", {"torch": "9.9", "monai": "8.8"})
    there = networks.NetworksElsewhere(Worker("gpu", 1, None, "t"), computer)
    away = replace(here, members=(), device="cuda", elsewhere=there, prevalence=0.25)
    model, found = explain_prediction(away, image, "hirescam", layer="block2", target="favourable")
    assert (model.device, model.warnings, model.elsewhere) == ("cpu", ("The memory ran out.",), there)
    np.testing.assert_array_equal(found.saliency.array, made.saliency.array)
    (question,) = asked
    assert (question.prevalence, question.method, question.layer, question.target) == (
        *(0.25, "hirescam"),
        *("block2", "favourable"),
    )
    assert software_versions("densenet121", computer)["monai"] == "8.8"
    assert software_versions("sfcn", computer)["torch"] == "9.9"
    assert machines("cuda", computer).endswith("; the networks on another computer: Linux")
