"""``--prevalence`` from the command line to results: what moves, what stays, and what is made again from the record."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from calling import assert_refused_in_one_line, run

from AGE2HIELib import cli
from AGE2HIELib.batch.table import read_table
from AGE2HIELib.io.images import read_volume

CALIBRATED, GIVEN = 0.4, 0.8  # of the model with random weights, and another one
RATIO = (0.8 / 0.2) / (0.4 / 0.6)


@dataclass(frozen=True)
class Made:
    """A scan, a model, and the folders that ``predict`` has made with and without a prevalence."""

    scan: Path
    model: Path
    plain: Path
    moved: Path


@pytest.fixture(scope="module")
def made(infant_file: Path, untrained_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("prevalence")
    for name, more in (("plain", []), ("moved", ["--prevalence", str(GIVEN)])):
        call = ["predict", infant_file, "--model", untrained_model, "--output", folder / name, "--progress", "none"]
        assert cli.main([*map(str, call), *more]) == 0
    return Made(infant_file, untrained_model, folder / "plain", folder / "moved")


def record_of(folder: Path, name: str = "result.json") -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    return content


def numbers(record: dict[str, Any]) -> np.ndarray:
    return np.array([record["probability_adverse"], *record["interval"], *record["members"], record["threshold"]])


def odds(shares: np.ndarray) -> np.ndarray:
    return np.asarray(shares / (1 - shares))


def test_every_number_of_the_record_is_moved_and_everything_else_stays(made: Made) -> None:
    plain, moved = record_of(made.plain), record_of(made.moved)
    np.testing.assert_allclose(odds(numbers(moved)) / odds(numbers(plain)), RATIO, rtol=1e-9)
    assert (plain["prevalence"], plain["settings"]["prevalence"]) == (CALIBRATED, None)
    assert (moved["prevalence"], moved["settings"]["prevalence"]) == (GIVEN, GIVEN)
    assert plain["model"] == moved["model"]
    assert plain["model"]["prevalence"] == CALIBRATED
    for key in ("label", "prediction_set", "quality", "saliency", "warnings"):
        assert plain[key] == moved[key], key
    one, other = (read_volume(folder / "saliency.nii.gz").array for folder in (made.plain, made.moved))
    np.testing.assert_array_equal(one, other)
    assert (made.plain / "regions.csv").read_bytes() == (made.moved / "regions.csv").read_bytes()


def test_the_calibrations_own_prevalence_changes_no_digit(
    made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    same = ("--model", made.model, "--output", tmp_path / "out", "--prevalence", CALIBRATED)
    code, told, _ = run(capfd, "predict", made.scan, *same)
    assert code == 0
    assert told.splitlines()[0].endswith(") for a prevalence of 0.4")
    plain, given = record_of(made.plain), record_of(tmp_path / "out")
    assert given["settings"].pop("prevalence") == CALIBRATED
    assert plain["settings"].pop("prevalence") is None
    for key in plain.keys() - {"timing_s"}:
        assert plain[key] == given[key], key


def test_the_page_says_where_a_demonstration_score_holds_and_nothing_about_a_child(made: Made) -> None:
    plain, moved = ((folder / "report.html").read_text(encoding="utf-8") for folder in (made.plain, made.moved))
    assert "for a prevalence of 0.8" in moved
    assert "calibrated at 0.4 and moved" in moved
    assert "nothing but the prevalence differs" in moved
    assert "for a prevalence of" not in plain
    assert "0.4 where the model was calibrated" in plain
    for claim in ("robability", "adverse", "chance"):
        assert claim not in moved.split("base64")[0]  # down to the picture


def test_it_is_made_again_with_the_recorded_prevalence(made: Made, capfd: pytest.CaptureFixture[str]) -> None:
    code, told, errors = run(capfd, "reproduce", made.moved, "--input", made.scan, "--model", made.model)
    assert (code, errors) == (0, "")
    assert told.splitlines()[-1] == "equal, to the last digit."


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record["settings"].update(prevalence=0.7),
        lambda record: record["settings"].update(prevalence=None),
    ],
    ids=["another", "none"],
)
def test_another_prevalence_is_named_with_the_numbers_that_it_moves(
    change: Callable[[dict[str, Any]], object], made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    alone = tmp_path / "alone.json"
    record = record_of(made.moved)
    change(record)
    alone.write_text(json.dumps(record))
    call = ("reproduce", alone, "--input", made.scan, "--model", made.model, "--progress", "jsonl")
    code, told, _ = run(capfd, *call)
    assert code == 4
    rows = {row["name"]: row for row in json.loads(told.splitlines()[-1])["differences"]}
    members = {f"members[{number}]" for number in range(len(record["members"]))}
    assert rows.keys() == {"prevalence", "probability_adverse", "interval[0]", "interval[1]", "threshold"} | members
    assert rows["prevalence"]["then"] == "0.8"
    assert rows["prevalence"]["now"] == str(record["settings"]["prevalence"] or CALIBRATED)


@pytest.mark.parametrize("value", [45, 0, 1.0, "0.5", True, float("nan")])
def test_a_recorded_prevalence_that_is_none_is_refused(
    value: object, made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    alone = tmp_path / "alone.json"
    record = record_of(made.moved)
    record["settings"]["prevalence"] = value
    alone.write_text(json.dumps(record))
    code, out, err = run(capfd, "reproduce", alone, "--input", made.scan, "--model", made.model, "--progress", "none")
    assert_refused_in_one_line(code, out, err)
    assert "prevalence" in err
    assert repr(value).strip("'") in err


def test_maps_explain_the_number_for_the_prevalence_of_the_scan_or_of_the_result(
    made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    call = ("--model", made.model, "--methods", "hirescam", "--progress", "none")
    given = ("--prevalence", GIVEN)
    assert run(capfd, "explain", made.scan, *call, *given, "--output", tmp_path / "scan")[0] == 0
    assert run(capfd, "explain", made.moved, *call, "--output", tmp_path / "result")[0] == 0
    for name in ("scan", "result"):
        record = record_of(tmp_path / name, "explanations.json")
        assert (record["prevalence"], record["settings"]["prevalence"]) == (GIVEN, GIVEN)
        assert "for a prevalence of 0.8" in (tmp_path / name / "explanations.html").read_text(encoding="utf-8")
        assert not [warning for warning in record["warnings"] if "placed once more" in warning]
    code, out, err = run(capfd, "explain", made.moved, *call, *given, "--output", tmp_path / "both")
    assert_refused_in_one_line(code, out, err)
    assert "--prevalence belongs to a scan" in err


def test_a_batch_has_the_prevalence_in_its_table_and_keeps_no_case_of_another_one(
    made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cases").mkdir()
    shutil.copy(made.scan, tmp_path / "cases" / "infant.mha")
    call = ("batch", tmp_path / "cases", "--output", tmp_path / "out", "--model", made.model, "--jobs", 1)
    assert run(capfd, *call, "--prevalence", GIVEN)[0] == 0
    row = read_table(tmp_path / "out")["infant"]
    assert row.prevalence == GIVEN
    assert row.probability_adverse == pytest.approx(record_of(made.moved)["probability_adverse"], abs=1e-6)
    assert run(capfd, *call, "--prevalence", GIVEN)[0] == 0
    assert run(capfd, *call)[0] == 1
    assert "made with other settings" in read_table(tmp_path / "out")["infant"].message


@pytest.mark.parametrize("command", ["predict", "batch", "explain"])
@pytest.mark.parametrize(
    ("value", "words"),
    [("45", "For 45 of 100 infants give 0.45"), ("0", "above 0"), ("1", "below 1"), ("nan", "is nan"), ("45%", "45%")],
)
def test_what_is_no_share_ends_in_one_line(
    command: str, value: str, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capfd, command, tmp_path / "absent", "--output", tmp_path / "out", f"--prevalence={value}")
    assert_refused_in_one_line(code, out, err)
    assert words in err
    assert "absent" not in err  # said before anything is read
    assert list(tmp_path.iterdir()) == []
