"""result.json is what its classes say: read and written again it is the same, and what it cannot be is refused."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from report_samples import small_record

from AGE2HIELib.errors import InputError
from AGE2HIELib.result.decode import RecordError, decode, encode
from AGE2HIELib.result.record import Result, Settings
from AGE2HIELib.result.schema import json_schema, reference_page
from AGE2HIELib.result.stored import parse_explanations, parse_result, read_stored

ROOT = Path(__file__).resolve().parent.parent


def whole_record() -> dict[str, Any]:
    """With every key that this version writes."""
    record = small_record()
    record["settings"] = encode(Settings())
    record["machine"] = "Linux x86_64"
    record["model"]["reading"] = "atlas/adc+t1"
    record["atlas"]["sha256"] = "2" * 64
    record["atlas"]["zones_sha256"] = None
    record["saliency"]["names_a_place"] = True
    record["input"]["b_values_used"] = None
    finding = {"name": "agreement", "value": 0.9, "limit": "at least 0.8", "passed": True, "meaning": "odd", "p": None}
    cascade = [{"random_from": "head", "likeness": 0.4}]
    part = {"name": "cord_ph", "title": "pH of cord blood", "given": True, "contribution_logit": 0.4}
    record["clinical"] = {
        "given": ["cord_ph", "seizures"],
        "missing": ["sex"],
        "meaning": "in words",
        "probability_image": 0.4,
        "probability_adverse": 0.5,
        "interval": [0.3, 0.7],
        "image_logit": -0.4,
        "parts": [part],
        "assumption": "",
        "kept": {"cord_ph": 6.9, "seizures": True, "sex": "male"},
    }
    record["examination"] = {"method": "hirescam", "passed": True, "findings": [finding], "cascade": cascade}
    cluster = {
        "volume_ml": 6.0,
        "hemisphere": "left",
        "region": "thalamus",
        "mean_adc_1e6_mm2_s": 800.0,
        "mean_z": -3.0,
    }
    record["lesion"] = {"method": "rule", "meaning": "low", "volume_ml": 6.0, "brain_ml": 400.0, "share": 0.015}
    record["lesion"] |= {"interval": [0.01, 0.02], "side": "left"}
    record["lesion"] |= {"clusters": [{**cluster, "centre_ras_mm": [-10.0, 2.0, 3.5]}]}
    part = {"region": "thalamus", "hemisphere": "left", "lesion_ml": 1.2, "share": 0.3}
    item = {"name": "thalamus", "value": "injured", "meaning": "left", "parts": [part]}
    texts = {"name": "nichd", "title": "NICHD", "value": "2A", "range": "0 to 3", "meaning": "one of two sides"}
    record["scores"] = [{**texts, "items": [item], "cannot_see": "blood", "source": "a paper"}]
    place = {"region": "thalamus", "hemisphere": "left", "value": 0.4, "sd": 2.1}
    of_network = dict.fromkeys(("name", "title", "meaning", "unit"), "words")
    record["readings"] = [{**of_network, "value": 1.5, "share_below": 0.9, "places": [place]}]
    return record


def test_what_is_written_is_read_and_written_again() -> None:
    record = whole_record()
    again = encode(parse_result(json.dumps(record)))
    assert again == record
    assert list(again)[3:7] == ["members", "prevalence", "threshold", "label"]
    assert list(again["quality"]) == ["passed", "overridden", "checks"]
    assert list(again["examination"]) == ["method", "passed", "findings", "cascade"]


def test_the_first_record_ever_is_read() -> None:
    record = whole_record()
    for key in (
        "prevalence",
        "prediction_set",
        "clinical",
        "examination",
        "lesion",
        "scores",
        "readings",
        "settings",
        "machine",
    ):
        del record[key]
    parts = [("model", "prevalence"), ("model", "reading"), ("atlas", "sha256"), ("saliency", "title")]
    for part, later in (*parts, ("quality", "overridden")):
        del record[part][later]
    for later in ("basis", "severity", "overridden"):
        del record["quality"]["checks"][0][later]
    result = parse_result(json.dumps(record))
    assert (result.settings, result.machine, result.atlas.sha256, result.prevalence) == (None, None, None, None)
    assert result.quality.checks[0].severity == "refuse"


def test_an_older_result_cannot_be_made_again_and_a_newer_one_says_which_settings_it_has(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    record = whole_record()
    record["settings"]["dry_number"] = 3
    path.write_text(json.dumps({**record, "lesions": []}))
    stored = read_stored(path)
    assert stored.result.probability_adverse == 0.62
    with pytest.raises(InputError, match="lack or add dry_number"):
        _ = stored.settings
    del record["settings"]["dry_number"], record["settings"]["clinical_given"]
    path.write_text(json.dumps(record))
    older = read_stored(path)
    assert older.settings_if_kept == replace(
        decode(Settings, whole_record()["settings"]), clinical_given=None
    )  # it can be explained
    with pytest.raises(InputError, match="lack or add clinical_given"):
        _ = older.settings
    del record["settings"]
    path.write_text(json.dumps(record))
    assert read_stored(path).settings_if_kept is None
    with pytest.raises(InputError, match="keeps no settings"):
        _ = read_stored(path).settings


REFUSED = {
    "no model": (lambda record: record.pop("model"), "lacks model"),
    "text for a number": (lambda record: record.update(threshold="0.5"), "threshold is '0.5', and not a number"),
    "truth for a number": (lambda record: record.update(threshold=True), "threshold is True"),
    "NaN": (lambda record: record["members"].append(float("nan")), r"members\[5\] is nan"),
    "three ends": (lambda record: record.update(interval=[0.1, 0.62, 0.9]), "2 values"),
    "half a voxel": (lambda record: record["input"].update(shape=[1, 2, 3.5]), r"input.shape\[2\] is 3.5"),
    "odd severity": (lambda record: record["quality"]["checks"][0].update(severity="mild"), "one of refuse, warn"),
    "verdict": (lambda record: record["quality"].update(passed=False), "quality.passed is False"),
    "figures": (lambda record: record["examination"].update(passed=False), "examination.passed is False"),
    "outside": (lambda record: record.update(probability_adverse=0.9), "outside its interval"),
    "no torch": (lambda record: record["software"].pop("torch"), "software lacks torch"),
    "prevalence": (lambda record: record["settings"].update(prevalence=1), "prevalence"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_version_has_written_is_refused_with_its_place(case: str) -> None:
    change, said = REFUSED[case]
    record = whole_record()
    change(record)
    with pytest.raises(RecordError, match=said):
        parse_result(json.dumps(record))


@pytest.mark.parametrize("text", ["", "[]", "3", "[" * 100_000, "{"])
def test_what_is_no_record_is_refused(text: str) -> None:
    for parse in (parse_result, parse_explanations):
        with pytest.raises(RecordError):
            parse(text)


def test_the_schema_takes_what_is_written_and_not_what_is_not() -> None:
    schema = json_schema(Result)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(whole_record(), schema)
    odd = copy.deepcopy(whole_record())
    odd["interval"] = [0.4]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(odd, schema)
    assert set(schema["properties"]) == set(whole_record())


def test_the_page_of_the_documentation_is_of_today() -> None:
    assert (ROOT / "docs/reference/result.md").read_text(encoding="utf-8") == reference_page(), "make docs"


def test_the_panel_reads_a_record_with_the_standard_library_alone() -> None:
    program = (
        "import sys, json\n"
        "from AGE2HIELib.result.stored import parse_result\n"
        "print(parse_result(sys.stdin.read()).label)\n"
        "print([name for name in ('numpy', 'torch', 'scipy', 'pydantic') if name in sys.modules])\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, input=json.dumps(whole_record()), capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.splitlines() == ["demonstration", "[]"]


def test_a_decoded_value_has_the_types_of_its_fields() -> None:
    result = decode(Result, {**whole_record(), "threshold": 1})
    assert (type(result.threshold), result.interval) == (float, (0.4, 0.8))
    assert result.members == (0.5, 0.505, 0.6, 0.7, 0.75)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device")
def test_a_device_without_an_end_is_no_record() -> None:
    with pytest.raises(InputError, match="'zero' is a device or a pipe, and no result"):
        read_stored(Path("/dev/zero"))
