"""One way through the quality gate: what withholds the number of a scan withholds it whichever way it is asked for."""

from __future__ import annotations

import ast
import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundles import untrained_bundle
from scans import bundled_atlas

from AGE2HIELib import cli
from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.bundle.training_cases import MemberCases, Scores, TrainingCases
from AGE2HIELib.pipeline.admission import Admitted, Withheld, admit
from AGE2HIELib.pipeline.explanation import explain
from AGE2HIELib.pipeline.inputs import load_model, read_scan
from AGE2HIELib.pipeline.prediction import check, predict
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import CHECK_STAGES, STAGES
from AGE2HIELib.quality.check import AGE, DISTANCE
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.system.progress import Stages
from training.cohorts.bonbid import HieCase
from training.explaining.examinations import ExamineTask, examine_case
from training.files import read_row

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def far_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of random weights from whose training cases every scan lies too far."""
    member = MemberCases(np.full(8, 100.0), 100 * np.eye(8))
    scores = (Scores(np.array([-1.0]), np.array([1.0])),)
    cases = TrainingCases((member, member), 3.0, "planted", {"released": scores, "atlas": scores})
    folder = tmp_path_factory.mktemp("models") / "far"
    untrained_bundle(folder, count=2, z_origins=("released", bundled_atlas().sha256), cases=cases)
    return folder


def record_of(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return record


def stopping(record: dict[str, Any]) -> list[str]:
    return [one["name"] for one in record["quality"]["checks"] if not (one["passed"] or one["overridden"])]


def batch(scan: Path, model: Path, output: Path, *more: str) -> dict[str, str]:
    """The row of the scan, as the one case of a folder."""
    folder = output.with_name(f"{output.name}-cases")
    folder.mkdir()
    shutil.copy(scan, folder)
    call = ["batch", str(folder), "--output", str(output), "--model", str(model), "--jobs", "1"]
    assert cli.main([*call, *more, "--progress", "none"]) == 0
    with (output / "cases.tsv").open(encoding="utf-8", newline="") as table:
        [row] = csv.DictReader(table, delimiter="\t")
    return row


@pytest.mark.slow
def test_every_way_withholds_a_scan_for_its_distance(infant_file: Path, far_model: Path, tmp_path: Path) -> None:
    """The check that is asked last, which ``explain`` and a benchmark had once left out."""
    request = Request(infant_file, model=far_model)
    predicted = predict(request, tmp_path / "predicted")
    assert (predicted.code, predicted.probability) == (3, None)
    record = record_of(tmp_path / "predicted")
    assert stopping(record) == [DISTANCE]
    assert record["lesion"]["brain_ml"] > 200  # the warning is of the network, and the lesion is none of its
    written = {path.name for path in (tmp_path / "predicted").iterdir()}
    assert {"lesion.nii.gz", "z_adc.nii.gz"} <= written
    assert not {"saliency.nii.gz", "regions.csv"} & written

    explained = explain(request, tmp_path / "explained")
    assert isinstance(explained, Withheld)
    assert [one.name for one in explained.gated.quality.stopping] == [DISTANCE]
    assert not (tmp_path / "explained").exists()

    row = batch(infant_file, far_model, tmp_path / "batch")
    assert (row["exit_code"], row["failed_checks"], row["probability_adverse"]) == ("3", DISTANCE, "")

    call = ["reproduce", str(tmp_path / "predicted"), "--input", str(infant_file), "--model", str(far_model)]
    assert cli.main([*call, "--progress", "none"]) == 0

    case = HieCase("A", "A", "MGH", infant_file, adverse=False)
    sha256, kept = read_bundle(far_model).sha256, tmp_path / "row.json"
    examine_case(
        ExamineTask(case, far_model, sha256, resource_path("atlas"), "hirescam", "cpu", False, True, kept, "k")
    )
    examined = read_row(kept, "k")
    assert examined is not None
    assert examined["values"]["refused"] == DISTANCE
    assert "probability" not in examined["values"]


@pytest.mark.slow
def test_every_way_gives_the_same_number_where_the_warning_is_overridden(
    infant_file: Path, far_model: Path, tmp_path: Path
) -> None:
    request = Request(infant_file, model=far_model, override=(DISTANCE,), methods=("hirescam",))
    assert predict(request, tmp_path / "predicted").code == 0
    record = record_of(tmp_path / "predicted")
    assert record["quality"]["overridden"] == [DISTANCE]
    assert not isinstance(explain(request, tmp_path / "explained"), Withheld)
    maps = json.loads((tmp_path / "explained" / "explanations.json").read_text(encoding="utf-8"))
    row = batch(infant_file, far_model, tmp_path / "batch", "--override", DISTANCE)
    assert maps["probability_adverse"] == record["probability_adverse"]
    assert maps["quality"] == record["quality"] == record_of(tmp_path / "batch" / infant_file.stem)["quality"]
    assert float(row["probability_adverse"]) == pytest.approx(record["probability_adverse"], abs=1e-6)
    # maps of a result need no override: what the gate has said of it stands
    again = Request(tmp_path / "predicted", model=far_model, methods=("hirescam",))
    assert not isinstance(explain(again, tmp_path / "again"), Withheld)


def test_the_age_withholds_alike_and_check_says_so(infant_file: Path, untrained_model: Path, tmp_path: Path) -> None:
    late = Request(infant_file, model=untrained_model, age_days=20)
    gated = check(late)
    assert [one.name for one in gated.quality.stopping] == [AGE]
    assert predict(late, tmp_path / "predicted").quality.checks == gated.quality.checks
    explained = explain(late, tmp_path / "explained")
    assert isinstance(explained, Withheld)
    assert explained.gated.quality.checks == gated.quality.checks


def test_check_asks_every_question_of_predict_but_the_one_that_needs_the_model(
    infant_file: Path, far_model: Path
) -> None:
    scan, model = read_scan(infant_file), load_model(far_model, device="cpu")
    decided = admit(scan, model, bundled_atlas(), Request(), Stages(STAGES))
    asked = check(Request(infant_file)).quality.checks
    assert isinstance(decided, Withheld)
    assert decided.gated.quality.checks[:-1] == asked
    assert decided.gated.quality.checks[-1].name == DISTANCE
    # with every warning of it set aside the same scan comes through, and is fed to the network
    admitted = admit(scan, model, bundled_atlas(), Request(override=(DISTANCE,)), Stages(STAGES))
    assert isinstance(admitted, Admitted)
    assert admitted.image.shape == (1, 2, *model.bundle.spec.grid.shape)
    assert admitted.gated.quality.checks[:-1] == asked


def test_the_model_is_read_with_the_kind_of_z_map_that_the_scan_has(infant_file: Path, untrained_model: Path) -> None:
    scan, model = read_scan(infant_file), load_model(untrained_model, device="cpu")
    own = admit(scan, model, bundled_atlas(), Request(), Stages(STAGES))
    assert isinstance(own, Admitted)
    assert own.model.bundle.kind == "atlas"
    released = type(scan)(scan.source, z_adc=own.z)
    assert admit(released, model, bundled_atlas(), Request(), Stages(STAGES)).model.bundle.kind == "released"
    earlier = type(scan)(scan.source, z_adc=own.z, mask=own.gated.brain, verdict=own.gated.quality)
    assert admit(earlier, model, bundled_atlas(), Request(), Stages(STAGES)).model.bundle.kind == "atlas"


def called(path: Path) -> set[str]:
    """Names of the functions and methods that a file calls."""
    calls = (node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return {getattr(function, "id", None) or getattr(function, "attr", "") for function in calls}


def test_no_other_file_decides_by_itself() -> None:
    """Who overrides a warning, or asks for the distance, decides; whoever wants a decision calls ``admit``."""
    files = [path for folder in ("AGE2HIELib", "training", "benchmark") for path in (ROOT / folder).rglob("*.py")]
    deciding = {path.relative_to(ROOT).as_posix() for path in files if called(path) & {"overriding", "distance_check"}}
    assert deciding == {"AGE2HIELib/pipeline/admission.py"}
    gating = {path.relative_to(ROOT).as_posix() for path in files if "gate_scan" in called(path)}
    assert gating == {
        "AGE2HIELib/pipeline/admission.py",
        "AGE2HIELib/pipeline/prediction.py",  # check, which has no model
        "AGE2HIELib/normative/cases.py",  # an atlas is made before there is a model
        "training/preparing/infants.py",  # the network's input of every infant, whatever the gate says
        "benchmark/fresh_cases.py",  # as training prepares them
        "benchmark/gate.py",  # the gate itself
    }


def test_stages_are_announced_in_the_order_in_which_they_are_listed(infant_file: Path, untrained_model: Path) -> None:
    stages = Stages(STAGES)
    admit(read_scan(infant_file), load_model(untrained_model), bundled_atlas(), Request(), stages)
    assert list(stages.seconds) == ["adc", "mask", "place", "gate", "z-map", "predict"]
    assert [name for name in STAGES if name in CHECK_STAGES] == list(CHECK_STAGES)
