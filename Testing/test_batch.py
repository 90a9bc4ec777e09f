"""``age2hie batch``: a folder of cases, whatever is among them and whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import SimpleITK as sitk
from calling import run
from clusters import local_cluster

from AGE2HIELib.batch.table import CaseRow, read_table
from AGE2HIELib.phantom.write import write_phantom

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Done:
    """A batch that nobody has disturbed."""

    cases: Path
    output: Path
    model: Path
    code: int
    said: str

    @property
    def rows(self) -> dict[str, CaseRow]:
        return timeless(self.output)


def timeless(output: Path) -> dict[str, CaseRow]:
    return {name: replace(row, seconds=None) for name, row in read_table(output).items()}


def program(done_or_cases: Path, output: Path, model: Path, *more: str) -> list[str]:
    command = [sys.executable, "-m", "AGE2HIELib.cli", "batch", str(done_or_cases), "--output", str(output)]
    return [*command, "--model", str(model), *more]


def visible(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture(scope="module")
def batch(infant_file: Path, untrained_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Two newborns, one scan that the gate refuses, and a file that is no scan."""
    folder = tmp_path_factory.mktemp("batch")
    cases = folder / "cases"
    (cases / "study-b" / "truth").mkdir(parents=True)
    shutil.copy(infant_file, cases / "infant-a.mha")
    made = folder / "phantom"
    made.mkdir()
    scan = write_phantom(made, seed=6, file_format="mha", injury="bgt", acquisition="6mm")
    scan.rename(cases / "study-b" / "DOE^JANE.mha")
    (made / "truth" / "lesion.nii.gz").rename(cases / "study-b" / "truth" / "lesion.nii.gz")
    adult = sitk.ReadImage(str(infant_file))
    adult.SetSpacing([1.6 * mm for mm in adult.GetSpacing()])  # four times the volume
    sitk.WriteImage(adult, str(cases / "adult.mha"))
    (cases / "notes.txt").write_text("no scan")
    output = folder / "out"
    ran = subprocess.run(program(cases, output, untrained_model, "--jobs", "2"), capture_output=True, text=True)
    assert "Traceback" not in ran.stderr, ran.stderr
    return Done(cases, output, untrained_model, ran.returncode, ran.stdout)


def test_every_case_has_a_row_and_every_scan_a_folder(batch: Done) -> None:
    rows = read_table(batch.output)
    assert {name: row.exit_code for name, row in rows.items()} == {
        "adult": 3,
        "infant-a": 0,
        "notes.txt": 2,
        "study-b": 0,
    }
    assert list(rows) == sorted(rows)
    assert batch.code == 1  # one has failed
    assert "4 cases: 2 predicted, 1 refused, 1 failed." in batch.said
    assert visible(batch.output) == {"adult", "infant-a", "study-b", "cases.tsv"}
    assert "brain volume" in rows["adult"].failed_checks
    assert rows["notes.txt"].message.startswith("'notes.txt' is no scan that this program reads.")
    assert "JANE" not in (batch.output / "cases.tsv").read_text()
    assert rows["adult"].probability_adverse is None


def test_a_row_says_what_result_json_says(batch: Done) -> None:
    for name in ("infant-a", "study-b"):
        record = json.loads((batch.output / name / "result.json").read_text())
        row = batch.rows[name]
        numbers = (row.probability_adverse, row.interval_low, row.interval_high)
        assert numbers == pytest.approx((record["probability_adverse"], *record["interval"]), abs=1e-6)
        assert (row.label, row.failed_checks, row.message) == ("demonstration", "", "")
    assert batch.rows["infant-a"].probability_adverse != batch.rows["study-b"].probability_adverse


def test_a_case_is_what_predict_makes_of_it(batch: Done, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    scan, out = batch.cases / "infant-a.mha", tmp_path / "out"
    assert run(capfd, "predict", scan, "--output", out, "--model", batch.model)[0] == 0
    assert visible(out) == visible(batch.output / "infant-a")
    alone, among = (json.loads((folder / "result.json").read_text()) for folder in (out, batch.output / "infant-a"))
    assert alone["probability_adverse"] == pytest.approx(among["probability_adverse"], abs=1e-6)
    assert set(alone) == set(among)
    assert alone["settings"] == among["settings"]


def test_a_second_call_does_what_failed_and_nothing_else(batch: Done, capfd: pytest.CaptureFixture[str]) -> None:
    records = {path: path.stat().st_mtime_ns for path in batch.output.glob("*/result.json")}
    before = batch.rows
    code, told, _ = run(capfd, *program(batch.cases, batch.output, batch.model)[3:], "--progress", "jsonl")
    assert code == 1
    assert {path: path.stat().st_mtime_ns for path in records} == records
    assert batch.rows == before
    events = [json.loads(line) for line in told.splitlines()]
    ended = {event["case"]: (event["code"], event["kept"]) for event in events if event["event"] == "case"}
    assert ended == {"adult": (3, True), "infant-a": (0, True), "notes.txt": (2, False), "study-b": (0, True)}
    stages = [event for event in events if event["event"] == "stage"]
    assert [event["name"] for event in stages] == ["adult", "infant-a", "notes.txt", "study-b"]
    assert [(event["index"], event["of"], event["fraction"]) for event in stages] == [
        *((1, 4, 0.0), (2, 4, 0.25), (3, 4, 0.5), (4, 4, 0.75))
    ]
    assert events[-1] == {"event": "result", "output": str(batch.output)}


def test_a_result_of_other_settings_or_of_another_scan_is_never_replaced_unasked(
    batch: Done, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    cases, output = tmp_path / "cases", tmp_path / "out"
    cases.mkdir()
    shutil.copy(batch.cases / "infant-a.mha", cases)
    shutil.copy(batch.cases / "adult.mha", cases / "study-b.mha")
    for name in ("infant-a", "study-b"):
        shutil.copytree(batch.output / name, output / name)
    earlier = {path: path.read_bytes() for path in sorted(output.rglob("*")) if path.is_file()}
    assert run(capfd, *program(cases, output, batch.model)[3:])[0] == 1
    rows = read_table(output)
    assert rows["infant-a"].exit_code == 0
    assert rows["study-b"].exit_code == 2
    assert "made from another scan. Choose another output, or add --overwrite." in rows["study-b"].message
    assert run(capfd, *program(cases, output, batch.model)[3:], "--align", "off")[0] == 1
    assert "made with other settings" in read_table(output)["infant-a"].message
    (output / "study-b" / "result.json").rename(output / "study-b" / "explanations.json")
    earlier = {
        path: path.read_bytes() for path in sorted(output.rglob("*")) if path.is_file() and path.suffix != ".tsv"
    }
    assert run(capfd, *program(cases, output, batch.model)[3:])[0] == 1
    assert "made by another command or version of age2hie" in read_table(output)["study-b"].message
    assert {path: path.read_bytes() for path in earlier} == earlier


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the worker in /proc")
def test_a_killed_worker_is_one_failed_row_and_a_killed_batch_goes_on_where_it_was(batch: Done, tmp_path: Path) -> None:
    output = tmp_path / "out"
    command = program(batch.cases, output, batch.model, "--jobs", "1", "--progress", "jsonl")
    with subprocess.Popen(command, stdout=-1, text=True) as running:
        assert running.stdout is not None
        said = (json.loads(line) for line in running.stdout)
        assert next(said)["name"] == "adult"
        os.kill(worker_of(running.pid), signal.SIGKILL)
        while next(said).get("case") != "infant-a":
            pass
        killed = time.time_ns()
        running.kill()
    rows = read_table(output)
    assert rows["adult"].exit_code == 1
    assert "signal 9 (SIGKILL)" in rows["adult"].message
    assert timeless(output)["infant-a"] == batch.rows["infant-a"]
    assert {path.name for path in output.glob("[!.]*")} == {"infant-a", "cases.tsv"}
    again = subprocess.run(program(batch.cases, output, batch.model), capture_output=True, text=True)
    assert again.returncode == 1
    assert "(1 of them before)" in again.stdout
    assert timeless(output) == batch.rows
    assert visible(output) == visible(batch.output)
    assert (output / "infant-a" / "result.json").stat().st_mtime_ns < killed
    assert (output / "adult" / "result.json").stat().st_mtime_ns > killed


@pytest.mark.slow
def test_a_cluster_makes_the_same_table_and_a_killed_client_goes_on_where_it_was(batch: Done, tmp_path: Path) -> None:
    output = tmp_path / "out"
    with local_cluster(tmp_path, 1) as cluster:
        command = program(batch.cases, output, batch.model, "--engine", "dask", "--scheduler", cluster.address)
        with subprocess.Popen([*command, "--progress", "jsonl"], stdout=-1, text=True) as running:
            assert running.stdout is not None
            said = (json.loads(line) for line in running.stdout)
            while next(said).get("case") != "infant-a":
                pass
            running.kill()
        there = timeless(output)
        assert {name: batch.rows[name] for name in there} == there
        assert there.keys() >= {"adult", "infant-a"}
        again = subprocess.run(command, capture_output=True, text=True)
        assert again.returncode == 1, again.stderr
        assert "4 cases: 2 predicted, 1 refused, 1 failed." not in again.stdout  # some were there before
        assert without_seconds(output) == without_seconds(batch.output)
        assert visible(output) == visible(batch.output)


def without_seconds(output: Path) -> list[list[str]]:
    """The table's cells as they are written."""
    header, *rows = [line.split("\t") for line in (output / "cases.tsv").read_text().split("\n")]
    place = header.index("seconds")
    return [header, *(row[:place] + row[place + 1 :] for row in rows)]


def worker_of(parent: int) -> int:
    """The child that is no tracker of resources."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    told = {int(child): Path(f"/proc/{child}/cmdline").read_text() for child in children}
    return next(child for child, command in told.items() if "spawn_main" in command)


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without asking them")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_batch_ends_with_130_and_leaves_nothing_half_made(
    batch: Done, tmp_path: Path, number: signal.Signals
) -> None:
    output = tmp_path / "out"
    output.mkdir()
    shutil.copytree(batch.output / "adult", output / "adult")
    command = program(batch.cases, output, batch.model, "--jobs", "1", "--progress", "jsonl")
    handled = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); sys.argv = sys.argv[1:]\n"
    start = f"{handled}from AGE2HIELib.cli import main\nif __name__ == '__main__': sys.exit(main(sys.argv[1:]))"
    running = subprocess.Popen(
        [sys.executable, "-c", start, *command[2:]], stdout=-1, stderr=-1, text=True, start_new_session=True
    )
    assert running.stdout is not None
    assert wait_for(lambda: json.loads(running.stdout.readline()).get("name") == "infant-a")
    os.killpg(running.pid, number)  # as a terminal does: to every process
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130, errors
    assert errors.splitlines()[-1].startswith("age2hie: error: Cancelled; ")
    assert "The same call goes on with the others." in errors
    assert "Traceback" not in errors
    assert visible(output) - {"infant-a"} == {"adult", "cases.tsv"}
    assert read_table(output)["adult"].exit_code == 3


def wait_for(holds: Callable[[], bool]) -> bool:
    return any(holds() for _ in range(20))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--jobs", "-1"], "--jobs is -1"),
        (["--model", "nowhere"], "no installed model 'nowhere'"),
        (["--atlas", "nowhere"], "nowhere"),
    ],
)
def test_what_would_fail_every_case_is_a_wrong_call(
    batch: Done, tmp_path: Path, capfd: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    code, _, errors = run(capfd, "batch", batch.cases, "--output", tmp_path / "out", "--progress", "none", *more)
    assert code == 2
    assert words in errors
    assert errors.count("\n") == 1


def test_the_output_may_not_be_the_folder_of_the_cases(batch: Done, capfd: pytest.CaptureFixture[str]) -> None:
    for output in (batch.cases, batch.cases.parent):
        code, _, errors = run(capfd, "batch", batch.cases, "--output", output)
        assert code == 2
        assert "which is read" in errors


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_kills_at_random_moments_of_predict_leave_the_old_or_the_new_result(batch: Done) -> None:
    """``benchmark/kills.py`` makes thirty of each."""
    script = [sys.executable, str(ROOT / "benchmark" / "kills.py"), "--only", "predict", "--times", "2", "--cases", "1"]
    done = subprocess.run([*script, "--model", str(batch.model)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "predict: 2 of 2 held"
