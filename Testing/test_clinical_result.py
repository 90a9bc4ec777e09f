"""``--clinical``: what a result says of it, what it never says, and how it is made again."""

from __future__ import annotations

import csv
import gzip
import json
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from calling import assert_refused_in_one_line, run
from report_samples import Outline
from scipy.special import expit, logit

from AGE2HIELib import cli
from AGE2HIELib.bundle.reading import Bundle, read_bundle
from AGE2HIELib.clinical.fusion import fuse
from AGE2HIELib.clinical.reading import ClinicalFile
from AGE2HIELib.clinical.variables import FUSED, ClinicalData
from AGE2HIELib.inference.prevalence import at_prevalence
from AGE2HIELib.inference.probability import Prediction, combine_logits
from AGE2HIELib.io.source import Source
from AGE2HIELib.pipeline.admission import infant_timing
from AGE2HIELib.pipeline.clinical import clinical_reading, clinical_warnings
from AGE2HIELib.pipeline.inputs import Scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.report.page import template
from AGE2HIELib.result.decode import encode
from AGE2HIELib.result.differences import record_differences
from AGE2HIELib.result.findings import ClinicalReading
from AGE2HIELib.result.tolerance import EXACT
from AGE2HIELib.system.places import find_model

# numbers that stand nowhere else in a result
VALUES = {
    "cord_ph": 6.8137,
    "base_deficit_mmol_l": 21.7391,
    "weight_g": 3317.4937,
    "head_cm": 33.8719,
    "gestation_weeks": 39.2847,
    "age_days": 3.4173,
    "sarnat_grade": 3,
    "seizures": "yes",
    "cooled": "yes",
}
SECRETS = [str(value) for value in VALUES.values() if isinstance(value, float)]
LOGITS = [0.4, 0.1, -0.2, 0.3, 0.5]


@pytest.fixture(scope="module")
def model() -> Bundle:
    bundle = read_bundle(find_model(None))
    assert bundle.clinical is not None
    return bundle


def number(model: Bundle, prevalence: float | None = None) -> Prediction:
    return combine_logits(LOGITS, at_prevalence(model, prevalence))


def test_with_nothing_given_the_joint_number_is_the_images_exactly(model: Bundle) -> None:
    image = number(model)
    found = clinical_reading(ClinicalData(), model, image)
    assert (found.probability_adverse, found.interval) == (image.probability_adverse, image.interval)
    assert found.probability_image == image.probability_adverse
    only_age = clinical_reading(ClinicalData(age_days=3.0), model, image)
    assert (only_age.probability_adverse, only_age.interval) == (image.probability_adverse, image.interval)


def test_image_and_parts_sum_to_the_joint_logit(model: Bundle) -> None:
    data, image = ClinicalData(cord_ph=6.8, seizures=True, sarnat_grade=3.0, sex="male"), number(model)
    found = clinical_reading(data, model, image, keep=True)
    assert found.image_logit is not None
    assert found.probability_adverse is not None
    total = found.image_logit + sum(part.contribution_logit for part in found.parts)
    assert abs(total - logit(found.probability_adverse)) < 1e-4
    values = np.array([[data.number(name) for name in FUSED]])
    assert model.fusion is not None
    joint = fuse(model.fusion, np.array([logit(image.probability_adverse)]), values).logit[0]
    assert abs(expit(joint) - found.probability_adverse) < 1e-9
    assert found.probability_adverse > image.probability_adverse
    assert found.interval is not None
    assert found.interval[0] < found.probability_adverse < found.interval[1]
    assert {part.name for part in found.parts if part.given} == {"cord_ph", "seizures", "sarnat_grade", "sex"}
    sizes = [abs(part.contribution_logit) for part in found.parts]
    assert sizes == sorted(sizes, reverse=True)


def test_another_prevalence_moves_the_joint_number_by_the_same_constant(model: Bundle) -> None:
    data = ClinicalData(cord_ph=6.8, apgar_10=2.0)
    one, other = (clinical_reading(data, model, number(model, at), keep=True) for at in (None, 0.1))
    shift = logit(0.1) - logit(model.calibration.prevalence)
    assert abs(logit(other.probability_adverse) - logit(one.probability_adverse) - shift) < 1e-6
    assert [part.contribution_logit for part in one.parts] == [part.contribution_logit for part in other.parts]


def test_without_a_table_or_a_number_it_says_what_was_given(model: Bundle) -> None:
    data, plain = ClinicalData(cord_ph=6.8), replace(model, clinical=None)
    for found in (clinical_reading(data, plain, number(plain)), clinical_reading(data, model, None)):
        assert found.given == ("cord_ph",)
        assert found.probability_adverse is None
        assert found.parts == ()
    assert "holds no table of clinical variables" in clinical_warnings(ClinicalFile(data), plain)[0]
    assert clinical_warnings(ClinicalFile(data), model) == clinical_warnings(None, plain) == ()


def test_numbers_are_coarse_where_no_value_is_kept(model: Bundle) -> None:
    """A weight that was given alone could be worked out from a joint number of sixteen digits."""
    found = clinical_reading(ClinicalData(weight_g=3317.4937), model, number(model))
    assert found.kept is None
    assert found.probability_adverse == round(found.probability_adverse or 0, 2)
    assert all(part.contribution_logit == round(part.contribution_logit, 1) for part in found.parts)
    kept = clinical_reading(ClinicalData(weight_g=3317.4937, age_days=3.4), model, number(model), keep=True)
    assert kept.kept == {"weight_g": 3317.4937}  # never the age


def test_the_page_says_what_comes_from_which_variable(model: Bundle) -> None:
    """Each number of the reading once, by the titles of the variables, and no name of a key."""
    data = ClinicalData(cord_ph=6.7, apgar_10=0.0, sex="male", seizures=True, age_days=3.0)
    found = clinical_reading(data, model, number(model))
    text = Outline(template("clinical.html.j2").render(record={"clinical": encode(found)})).text
    assert f"{found.probability_adverse:.2f} with image and clinical variables" in text
    assert f"{found.probability_image:.2f} by the image alone" in text
    assert f"The image {found.image_logit:.1f} " in text
    rows, (told, unknown) = text.split("Above 0 raises")[0], text.split("averaged over: ")
    assert found.assumption in unknown
    for part in found.parts:
        assert (part.title in told) == (part.given or abs(part.contribution_logit) >= 0.05), part
        assert (part.title in unknown) == (not part.given), part
        if abs(part.contribution_logit) >= 0.05:
            assert f"{part.title}{'' if part.given else ', not known'} {part.contribution_logit:.1f} " in rows
    assert "The age at the scan goes to the checks alone." in text
    assert "_" not in text


def test_the_gate_takes_age_gestation_and_cooling_from_the_file() -> None:
    source = Source("adc-mha", "", None, None, None, ())
    known = ClinicalFile(ClinicalData(age_days=20.0, gestation_weeks=35.0, cooled=False))
    timing = infant_timing(Scan(source, clinical=known), Request())
    assert (timing.age_days, timing.gestation_weeks, timing.cooled) == (20.0, 35.0, False)


def test_wrong_files_and_contradictions_are_one_line(
    infant_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for content, more, words in (
        ({"cord_ph": 69}, (), "cord_ph is 69"),
        ({"weight_g": 3.3}, (), "give grams"),
        ({"length_of_stay": 12}, (), "only after the scan"),
        ({"age_days": 3}, ("--age-days", "4"), "--age-days is 4, and the clinical file says 3"),
        ({"cooled": "no"}, ("--cooled", "yes"), "--cooled is yes, and the clinical file says no"),
    ):
        (tmp_path / "c.json").write_text(json.dumps(content))
        call = ("predict", infant_file, "--output", tmp_path / "out", "--clinical", tmp_path / "c.json", *more)
        code, out, err = run(capfd, *call)
        assert_refused_in_one_line(code, out, err)
        assert words in err
    code, out, err = run(capfd, "predict", infant_file, "--output", tmp_path / "out", "--keep-clinical")
    assert_refused_in_one_line(code, out, err)
    assert not (tmp_path / "out").exists()


@dataclass(frozen=True)
class Made:
    """A result that was made with a clinical file."""

    scan: Path
    clinical: Path
    result: Path

    @property
    def record(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.result / "result.json").read_text())
        return content


@pytest.fixture(scope="module")
def made(infant_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("clinical")
    (folder / "c.json").write_text(json.dumps(VALUES))
    call = ["predict", str(infant_file), "--output", str(folder / "out"), "--clinical", str(folder / "c.json")]
    assert cli.main([*call, "--progress", "none", "--device", "cpu"]) == 0
    return Made(infant_file, folder / "c.json", folder / "out")


@pytest.mark.slow
def test_names_are_recorded_and_no_value_stands_in_any_file(made: Made) -> None:
    record = made.record
    reading = record["clinical"]
    assert set(reading["given"]) == set(record["settings"]["clinical_given"]) == set(VALUES)
    assert reading["kept"] is None
    assert (record["settings"]["gestation_weeks"], record["settings"]["cooled"]) == (None, None)
    assert reading["probability_image"] == record["probability_adverse"]
    assert ClinicalReading.__dataclass_fields__.keys() == reading.keys()
    for path in made.result.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            text = gzip.decompress(content) if path.suffix == ".gz" else content
            assert not [secret for secret in SECRETS if secret.encode() in text], path.name


@pytest.mark.slow
def test_it_is_made_again_with_the_file_alone(made: Made, capfd: pytest.CaptureFixture[str]) -> None:
    call = ("reproduce", made.result, "--input", made.scan, "--progress", "none")
    code, out, err = run(capfd, *call)
    assert_refused_in_one_line(code, out, err)
    assert "was made with --clinical, whose values it does not keep" in err
    code, _, err = run(capfd, *call, "--clinical", made.clinical)
    assert (code, err) == (0, "")
    other = deepcopy(made.record)
    other["clinical"]["probability_adverse"] += 0.1
    (difference,) = record_differences(made.record, other, EXACT)
    assert difference.name == "clinical.probability_adverse"


@pytest.mark.slow
def test_a_batch_takes_a_row_for_each_case(made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    cases = tmp_path / "cases"
    cases.mkdir()
    (cases / "infant-a.mha").write_bytes(made.scan.read_bytes())
    table = tmp_path / "table.csv"
    call = ("batch", cases, "--output", tmp_path / "out", "--clinical", table, "--progress", "none", "--jobs", "1")
    table.write_text("case,cord_ph\ninfant-b,6.8137\n")
    code, out, err = run(capfd, *call)
    assert_refused_in_one_line(code, out, err)
    assert "names the case infant-b, which is none here. Correct it (near: infant-a)" in err
    table.write_text("case,cord_ph,seizures\ninfant-a,6.8137,yes\n")
    code, _, _ = run(capfd, *call)
    assert code == 0
    (row,) = csv.DictReader((tmp_path / "out" / "cases.tsv").open(), delimiter="\t")
    record = json.loads((tmp_path / "out" / "infant-a" / "result.json").read_text())
    assert abs(float(row["probability_with_clinical"]) - record["clinical"]["probability_adverse"]) < 1e-6
    assert record["clinical"]["given"] == ["cord_ph", "seizures"]
    assert "6.8137" not in (tmp_path / "out" / "cases.tsv").read_text()
    assert "6.8137" not in json.dumps(record)
