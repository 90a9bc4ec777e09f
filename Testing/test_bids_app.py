"""``age2hie bids``: a dataset in and a derivative dataset out, which the validator of BIDS accepts; what goes wrong."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import pytest
from bids_samples import brain_mask, real_flat, real_sessions, series, synthetic_dataset, write_dwi, write_json
from calling import assert_refused_in_one_line, run
from scans import bundled_atlas
from t1_samples import spot_bundle

from AGE2HIELib.batch.table import CaseRow, read_table
from AGE2HIELib.bids.cases import Wanted, find_bids_cases
from AGE2HIELib.bids.dataset import open_dataset
from AGE2HIELib.bids.validation import find_validator, refuse_invalid, validate
from AGE2HIELib.bids.work import BidsJob, do_bids_case, load_bids_inputs
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.pipeline.request import Request

needs_validator = pytest.mark.skipif(find_validator() is None, reason="pip install bids-validator-deno")
# What the validator says of the derivatives and why it stays: who made the input's scans is not for us to say, and
# no dataset of results has a digital signature of events.
EXPECTED_WARNINGS = {"TOO_FEW_AUTHORS", "NO_AUTHORS", "JSON_KEY_RECOMMENDED", "README_FILE_SMALL"}


@dataclass(frozen=True)
class App:
    """A dataset of five infants and what the level participant has made of it."""

    root: Path
    output: Path
    model: Path
    code: int

    def row(self, name: str) -> CaseRow:
        return read_table(self.output / "results" / name.split("_")[0])[name]

    def call(self, level: str, *more: object) -> tuple[object, ...]:
        return ("bids", self.root, self.output, level, "--model", self.model, "--jobs", 1, "--align", "off", *more)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    """Beside the three of the synthetic dataset: one with two runs, and one whose file is damaged."""
    from AGE2HIELib.cli import main

    folder = tmp_path_factory.mktemp("bids")
    root = synthetic_dataset(folder / "data")
    model = spot_bundle(folder / "model", z_origins=(bundled_atlas().sha256,))
    with (root / "participants.tsv").open("a", encoding="utf-8") as table:
        table.write("sub-04\t3\tn/a\nsub-05\t3\tn/a\n")
    for number in (1, 2):
        write_dwi(root / "sub-04" / "dwi", f"sub-04_run-{number}")
    broken = write_dwi(root / "sub-05" / "dwi", "sub-05")
    broken.write_bytes(broken.read_bytes()[:2000])
    masks = root / "derivatives" / "prepared"
    write_json(masks / "dataset_description.json", {"Name": "m", "BIDSVersion": "1.10.0", "DatasetType": "derivative"})
    (masks / "sub-02" / "dwi").mkdir(parents=True)
    write_volume(brain_mask(), masks / "sub-02" / "dwi" / "sub-02_dir-AP_desc-brain_mask.nii.gz")
    made = App(root, root / "derivatives" / "age2hie", model, 0)
    call = [str(one) for one in made.call("participant", "--skip-bids-validation", "--progress", "none")]
    return App(root, made.output, model, main(call))


def test_one_failed_subject_is_one_failed_row_with_its_reason(app: App) -> None:
    assert app.code == 1
    tables = [read_table(folder) for folder in sorted((app.output / "results").iterdir())]
    codes = {name: row.exit_code for table in tables for name, row in table.items()}
    assert codes == {name: 0 for name in ("sub-01_ses-a_dwi", "sub-02_T1w", "sub-02_dwi", "sub-03_dwi")} | {
        "sub-04_dwi": 2,
        "sub-05_dwi": 2,
    }
    assert "has 2 diffusion series" in app.row("sub-04_dwi").message
    assert "Choose one with --bids-filter-file" in app.row("sub-04_dwi").message
    assert "damaged" in app.row("sub-05_dwi").message or "cannot be read" in app.row("sub-05_dwi").message
    assert not (app.output / "sub-04").exists()


def test_maps_lie_under_their_names_with_units_and_sources(app: App) -> None:
    folder = app.output / "sub-02" / "dwi"
    stem = "sub-02_dir-AP"
    wanted = ("desc-age2hie_ADC", "desc-zscore_ADC", "desc-brain_mask", "label-lesion_mask", "desc-regions_dseg")
    saliency = "desc-hirescam_saliency"
    names = {f"{stem}_{one}{end}" for one in (*wanted, saliency) for end in (".nii.gz", ".json")}
    assert {path.name for path in folder.iterdir()} == {*names, f"{stem}_desc-regions_dseg.tsv"}
    said = {one: json.loads((folder / f"{stem}_{one}.json").read_text()) for one in wanted}
    raw = "bids:raw:sub-02/dwi/sub-02_dir-AP_dwi"
    mask = "bids:prepared:sub-02/dwi/sub-02_dir-AP_desc-brain_mask.nii.gz"
    adc = said["desc-age2hie_ADC"]
    assert adc["Units"] == "um^2/s"
    assert adc["Sources"] == [f"{raw}.nii.gz", f"{raw}.bval", f"{raw}.bvec", mask]
    assert adc["SkullStripped"] is False
    assert said["desc-zscore_ADC"]["Sources"][0] == f"bids::sub-02/dwi/{stem}_desc-age2hie_ADC.nii.gz"
    result = app.output / "results" / "sub-02" / "sub-02_dwi"
    assert (folder / f"{stem}_desc-age2hie_ADC.nii.gz").read_bytes() == (result / "adc.nii.gz").read_bytes()
    image = nibabel.load(folder / f"{stem}_desc-age2hie_ADC.nii.gz")
    np.testing.assert_allclose(image.affine, series().affine_ras, atol=1e-4)
    brain = nibabel.load(folder / f"{stem}_desc-brain_mask.nii.gz").get_fdata() > 0
    assert 800 < np.median(image.get_fdata()[brain]) < 1800  # um^2/s, a newborn's
    record = json.loads((result / "result.json").read_text())
    assert record["settings"]["mask_sha256"] is not None
    assert (record["settings"]["cooled"], record["settings"]["age_given"]) == (False, True)
    description = json.loads((app.output / "dataset_description.json").read_text())
    assert description["DatasetLinks"] == {"raw": "../../", "prepared": "../prepared/"}
    assert (description["DatasetType"], description["GeneratedBy"][0]["Name"]) == ("derivative", "AGE2HIE")


def test_b_values_of_the_root_and_a_scanners_map_are_read(app: App) -> None:
    ours = json.loads((app.output / "results" / "sub-01" / "sub-01_ses-a_dwi" / "result.json").read_text())
    beside = json.loads((app.output / "results" / "sub-02" / "sub-02_dwi" / "result.json").read_text())
    assert ours["input"]["b_values_used"] == beside["input"]["b_values_used"]
    sources = json.loads((app.output / "sub-01/ses-a/dwi/sub-01_ses-a_desc-age2hie_ADC.json").read_text())["Sources"]
    assert "bids:raw:ses-a_dwi.bval" in sources
    stripped = json.loads((app.output / "sub-03/dwi/sub-03_desc-age2hie_ADC.json").read_text())
    assert (stripped["SkullStripped"], stripped["Sources"]) == (True, ["bids:raw:sub-03/dwi/sub-03_ADC.nii.gz"])


def test_regions_are_listed_with_what_was_measured(app: App) -> None:
    lines = (app.output / "sub-02/dwi/sub-02_dir-AP_desc-regions_dseg.tsv").read_text().splitlines()
    header = lines[0].split("\t")
    rows = [dict(zip(header, line.split("\t"), strict=True)) for line in lines[1:]]
    assert header[:3] == ["index", "name", "hemisphere"]
    regions = bundled_atlas().regions
    assert [(int(row["index"]), row["hemisphere"]) for row in rows] == [(one.value, one.hemisphere) for one in regions]
    image = nibabel.load(app.output / "sub-02/dwi/sub-02_dir-AP_desc-regions_dseg.nii.gz")
    assert set(np.unique(image.get_fdata()).astype(int)) - {0} <= {int(row["index"]) for row in rows}
    left = next(row for row in rows if row["name"] == "left thalamus")
    assert float(left["volume_ml"]) > 1
    assert {name for name in header if name not in ("index", "name")} <= json.loads(
        (app.output / "sub-02/dwi/sub-02_dir-AP_desc-regions_dseg.json").read_text()
    ).keys()


def test_a_second_call_keeps_everything_and_the_group_has_its_tables(
    app: App, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in app.output.rglob("*.nii.gz")}
    labels = ("--participant-label", "sub-02", "03", "04", "--skip-bids-validation", "--progress", "jsonl")
    code, out, _ = run(capfd, *app.call("participant", *labels))
    events = [json.loads(line) for line in out.splitlines()]
    ended = {event["case"]: (event["code"], event["kept"]) for event in events if event["event"] == "case"}
    assert code == 1
    kept = {name: (0, True) for name in ("sub-02_dwi", "sub-02_T1w", "sub-03_dwi")}
    assert ended == {**kept, "sub-04_dwi": (2, False)}
    assert {path: path.stat().st_mtime_ns for path in app.output.rglob("*.nii.gz")} == before
    assert run(capfd, *app.call("group"))[0] == 0
    table = (app.output / "phenotype" / "age2hie.tsv").read_text().splitlines()
    columns = table[0].split("\t")
    assert columns[:3] == ["participant_id", "session_id", "exit_code"]
    rows = {line.split("\t")[0]: dict(zip(columns, line.split("\t"), strict=True)) for line in table[1:]}
    ended_in = "0", "0", "0", "2", "2"
    assert [rows[f"sub-0{number}"]["exit_code"] for number in range(1, 6)] == list(ended_in)
    assert (rows["sub-01"]["session_id"], rows["sub-02"]["session_id"]) == ("ses-a", "n/a")
    assert rows["sub-04"]["message"].startswith("sub-04 has 2 diffusion series")
    said = json.loads((app.output / "phenotype" / "age2hie.json").read_text())
    assert {*columns} <= said.keys()
    ages = (app.output / "phenotype" / "age2hie_brainage.tsv").read_text().splitlines()
    (row,) = [dict(zip(ages[0].split("\t"), line.split("\t"), strict=True)) for line in ages[1:]]
    assert row["demonstration"] == "yes"  # the bundled network
    assert float(row["age_at_scan"]) == pytest.approx(3 / 365.25, rel=1e-4)
    assert float(row["age_gap"]) == pytest.approx(float(row["predicted_age"]) - float(row["age_at_scan"]), abs=1e-3)
    page = (app.output / "sub-02.html").read_text(encoding="utf-8")
    assert page.index("Diffusion") < page.index("T1-weighted image")
    assert 'href="results/sub-02/sub-02_dwi/report.html"' in page
    assert "has 2 diffusion series" in (app.output / "sub-04.html").read_text(encoding="utf-8")


@needs_validator
def test_input_and_output_are_valid(app: App) -> None:
    program = find_validator()
    assert program is not None
    for root in (app.root, app.output):
        answer = validate(program, root)
        # the damaged scan of sub-05 is what the validator must find
        wrong = {code: where for code, where in answer.errors.items() if "sub-05" not in where}
        assert wrong == {}
    codes = {code.split(".")[0] for code in answer.warnings}
    assert codes <= EXPECTED_WARNINGS


def test_a_changed_scan_is_not_replaced_unasked(app: App, tmp_path: Path) -> None:
    root, output = tmp_path / "data", tmp_path / "out"
    shutil.copytree(app.root, root, ignore=shutil.ignore_patterns("derivatives", "sub-0[245]"))
    shutil.copytree(app.output, output)
    bval = root / "ses-a_dwi.bval"
    bval.write_text(bval.read_text().replace("1000", "990"))
    inputs = load_bids_inputs(BidsJob(Request(model=app.model, align="off"), output, overwrite=False))
    for wanted, code, words in (("01", 2, "made from another scan. Choose another output"), ("03", 0, "")):
        (case,) = find_bids_cases(open_dataset(root), (), Wanted(subjects=(wanted,)))
        ended = do_bids_case(inputs, case)
        assert (ended.row.exit_code, ended.kept) == (code, code == 0)
        assert words in ended.row.message
    assert read_table(output / "results" / "sub-01")["sub-01_ses-a_dwi"].exit_code == 2


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--participant-label", "77"], "--participant-label names 77"),
        (["--participant-label", "a/b"], "is no label of BIDS"),
        (["--bids-filter-file", "nowhere.json"], "'nowhere.json' is no file"),
        (["--derivatives", "nowhere"], "'nowhere' is no folder"),
        (["--jobs", "-1"], "--jobs is -1"),
        (["--model", "nowhere"], "no installed model 'nowhere'"),
    ],
)
def test_wrong_calls(app: App, tmp_path: Path, capfd: pytest.CaptureFixture[str], more: list[str], words: str) -> None:
    out = tmp_path / "out"
    code, said, err = run(capfd, "bids", app.root, out, "participant", "--skip-bids-validation", *more)
    assert_refused_in_one_line(code, said, err.splitlines(keepends=True)[-1])
    assert words in err
    assert not out.exists()


def test_outputs_that_are_not_ours_are_left_alone(app: App, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other"
    write_json(other / "dataset_description.json", {"Name": "theirs", "BIDSVersion": "1.10.0"})
    full = tmp_path / "full"
    full.mkdir()
    (full / "notes.txt").write_text("mine")
    for output, words in (
        (app.root, "which is read"),
        (app.root.parent, "which is read"),
        (other, "that AGE2HIE has not made"),
        (full, "holds files and no dataset_description.json"),
    ):
        code, said, err = run(capfd, "bids", app.root, output, "participant", "--skip-bids-validation")
        assert_refused_in_one_line(code, said, err)
        assert words in err
    code, said, err = run(capfd, "bids", app.root, tmp_path / "new", "group")
    assert_refused_in_one_line(code, said, err)
    assert "Run that level first" in err


@needs_validator
def test_an_invalid_dataset_is_refused_with_the_validators_words(tmp_path: Path) -> None:
    write_json(tmp_path / "x" / "dataset_description.json", {"Name": "x", "BIDSVersion": "1.10.0"})
    folder = tmp_path / "x" / "sub-01" / "dwi"
    folder.mkdir(parents=True)
    (folder / "sub-01_colour-red_dwi.nii.gz").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"finds errors in 'x': .*Correct them, or add --skip-bids-validation"):
        refuse_invalid(tmp_path / "x")


@needs_validator
@pytest.mark.real
def test_two_real_layouts_are_valid_and_give_ages(real_data: Path, tmp_path: Path) -> None:
    t1_ages = real_data / "t1-ages"
    subjects = sorted(path.name for path in t1_ages.glob("sub-*"))
    program = find_validator()
    assert program is not None
    stated = dict(line.split("\t")[:2] for line in (t1_ages / "participants.tsv").read_text().splitlines())
    for make in (real_flat, real_sessions):
        root = make(tmp_path / make.__name__, t1_ages, subjects)
        assert validate(program, root).errors == {}
        cases = find_bids_cases(open_dataset(root), (), Wanted())
        assert len(cases) == len(subjects)
        assert not [case.problem for case in cases if case.problem]
        for case in cases:
            assert case.infant.age_years == pytest.approx(float(stated[f"sub-{case.visit.subject}"]), abs=1e-3)
