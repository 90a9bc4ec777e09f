"""A short part of the campaign that ``make fuzz`` runs in full.

Here the calls are made in this process and by a small model of random weights: what this part is about is told before a
model is asked. The campaign itself uses the bundled model.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from fuzzing.campaign import Campaign, make_input
from fuzzing.cases import Call, Case, Kind, plan
from fuzzing.judging import Verdict, judge, unhelpful
from fuzzing.keeping import keep, kept
from fuzzing.kinds import all_kinds
from fuzzing.running import Ending
from fuzzing.sound import DICOM_FORMS, FORMATS, make_sound
from fuzzing.telling import table, untold

from AGE2HIELib import cli

SEED = 7
KINDS = {kind.name: kind for kind in all_kinds()}
# kind, format: most are told before the network is loaded, which is why they are here and not others
SLICE = (
    ("truncated file", "adc.nii"),
    ("one bit flipped in a packed stream", "adc.mha"),
    ("bits flipped in voxels", "adc.nii"),
    ("gzip bomb after a sound scan", "adc.nii.gz"),
    ("a file of another kind", "adc.nrrd"),
    ("header states 32,000 voxels an axis", "adc.mha"),
    ("broken MHA fields", "adc.mha"),
    ("broken NRRD fields", "dwi.nhdr"),
    ("samples in a file elsewhere", "dwi.nhdr"),
    ("samples said to begin in the header", "adc.nii.gz"),
    ("NRRD fields that contradict", "dwi.nhdr"),
    ("MHA keys that contradict", "adc.mha"),
    ("one volume with b-values", "adc.nrrd"),
    ("complex values and colours", "adc.nii"),
    ("one value everywhere", "adc.mha"),
    ("a constant volume", "dwi.nii"),
    ("a unit that nobody uses", "adc.nrrd"),
    (".bval that is no table of this series", "dwi.nii"),
    (".bvec that is no table of this series", "dwi.nii"),
    ("series without b0", "dwi.nrrd"),
    ("broken DWMRI keys", "dwi.nhdr"),
    ("singular or not finite affine", "adc.nii"),
    ("animal-like scale", "adc.nii"),
    ("half of the brain", "adc.mha"),
    ("one slice, row or voxel", "adc.nii"),
    ("DICOM slice missing at one position", "adc.dicom"),
    ("DICOM tag missing", "dwi.dicom"),
    ("DICOM of another modality", "adc.dicom"),
    ("odd names of input and output", "adc.nii.gz"),
    ("broken atlas", "adc.nii.gz"),
)


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return Campaign(SEED, tmp_path_factory.mktemp("fuzz"), (make_sound(0),), {})


def ending(call: Call, place: Path, model: Path, capfd: pytest.CaptureFixture[str]) -> Ending:
    place.mkdir(exist_ok=True)
    output = place / call.output
    began = time.monotonic()
    arguments = ["predict", str(call.scan), "--output", str(output), "--progress", "none", "--model", str(model)]
    code = cli.main([*arguments, *call.more])
    left = tuple(path.name for path in place.iterdir() if code not in (0, 3))
    return Ending(code, "", capfd.readouterr().err, output, left, time.monotonic() - began, 0)


@pytest.fixture(scope="module")
def sound_probability(campaign: Campaign) -> dict[str, float]:
    return {}


@pytest.mark.parametrize(("name", "form"), SLICE, ids=[name for name, _ in SLICE])
def test_damage_ends_as_it_must(
    name: str,
    form: str,
    campaign: Campaign,
    sound_probability: dict[str, float],
    untrained_model: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    case = Case(0, KINDS[name], form, 0, 0)
    made = make_input(campaign, case, tmp_path / "given")
    found = ending(made if isinstance(made, Call) else Call(made), tmp_path / "place", untrained_model, capfd)
    if found.code == 0 and "adc" not in sound_probability:
        sound = campaign.folder / "sound" / "adc.nii"
        sound.parent.mkdir()
        case_of_none = Case(0, Kind("sound", "sound", ("adc.nii",), lambda at: at.scan), "adc.nii", 0, 0)
        scan = make_input(campaign, case_of_none, sound.parent / "given")
        assert isinstance(scan, Path)
        answer = ending(Call(scan), campaign.folder / "sound place", untrained_model, capfd)
        sound_probability["adc"] = json.loads((answer.output / "result.json").read_text())["probability_adverse"]
    verdict = judge(case, found, sound_probability.get("adc", 0.5))
    assert not verdict.wrong, (verdict.wrong, verdict.line)


def test_every_kind_says_what_it_must_end_in_and_none_is_forgotten() -> None:
    kinds = all_kinds()
    assert len(KINDS) == len(kinds)
    assert {form for kind in kinds for form in kind.forms} == set(FORMATS)
    for kind in kinds:
        assert kind.expected in ("sound", "refused", "kept back", "either", "untold"), kind.name
        assert bool(kind.why) == (kind.expected == "untold"), kind.name
        assert kind.name in untold(kinds) or kind.expected != "untold"


def test_a_campaign_has_every_kind_and_each_turn_another_format() -> None:
    kinds = all_kinds()
    cases = plan(kinds, 600, 2)
    assert len(cases) == 600
    assert {case.kind.name for case in cases} == set(KINDS)
    of_one = [case.form for case in cases if case.kind.name == "truncated file"]
    assert len(set(of_one)) == len(of_one) >= 4
    assert set(DICOM_FORMS) <= {case.form for case in cases}
    assert [case.rng(1).integers(1 << 30) for case in plan(kinds, 600, 2)] == [
        case.rng(1).integers(1 << 30) for case in cases
    ]


def verdict_of(expected: str, **changes: object) -> Verdict:
    """Of a call that ended as told, beside a sound probability of 0.5."""
    kind = Kind("made", expected, ("adc.nii",), lambda at: at.scan)  # type: ignore[arg-type]
    values = {"code": 2, "stopped": "", "errors": "age2hie: error: 'a.nii' is cut short. Copy it again.\n", "left": ()}
    made = Ending(**{**values, "output": Path("out"), "seconds": 1.0, "peak_bytes": 0, **changes})  # type: ignore[arg-type]
    return judge(Case(0, kind, "adc.nii", 0, 0), made, 0.5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": 1}, "exit code 1"),
        ({"code": -9, "stopped": "memory"}, "memory"),
        ({"code": -11}, "exit code -11"),
        ({"stopped": "hang"}, "hang"),
        ({"errors": "Traceback (most recent call last):\nKeyError\n"}, "2 lines"),
        ({"errors": ""}, "0 lines"),
        ({"errors": "age2hie: error: bad input\n"}, "does not say what to do"),
        ({"errors": "age2hie: error: '\x1b[31m' is cut short. Copy it again, please.\n"}, "cannot show"),
        ({"left": (".part-1",)}, "left behind: .part-1"),
    ],
)
def test_what_a_user_must_not_see_is_wrong(changes: dict[str, object], words: str) -> None:
    assert verdict_of("refused").wrong == ""
    assert words in verdict_of("refused", **changes).wrong
    assert verdict_of("sound").wrong == "exit 2, expected sound"


def test_only_where_the_gate_may_withhold_is_a_warning_enough() -> None:
    withheld = {"code": 3, "errors": "age2hie: withheld: the brain is 679 (must be at most 585). See report.html.\n"}
    assert verdict_of("kept back", **withheld).wrong == ""
    assert "not one that begins with 'age2hie: refused: '" in verdict_of("refused", **withheld).wrong


def test_a_prediction_is_held_against_the_sound_one(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(json.dumps({"probability_adverse": 0.53}))
    done = {"code": 0, "errors": "", "output": tmp_path}
    for expected in ("sound", "refused", "either"):
        assert verdict_of(expected, **done).wrong.startswith("far (0.530, the sound scan 0.500)")
    assert verdict_of("untold", **done).wrong == ""
    (tmp_path / "result.json").write_text(json.dumps({"probability_adverse": 0.51}))
    assert verdict_of("sound", **done).wrong == ""
    assert verdict_of("refused", **done).wrong.startswith("near")


def test_a_stopped_campaign_goes_on_and_runs_what_went_wrong_again(tmp_path: Path) -> None:
    cases = plan(all_kinds(), 3, 2)
    assert kept(tmp_path, 1, cases) == []
    verdicts = [Verdict("exit 2", "", None, "line", 1.0, 5), Verdict("far", "far", 0.7, "", 1.0, 5)]
    for case, verdict in zip(cases[:2], verdicts, strict=True):
        keep(tmp_path, 1, case, verdict)
    assert kept(tmp_path, 1, cases) == [(cases[0], verdicts[0])]
    assert kept(tmp_path, 2, cases) == []


def test_the_table_counts() -> None:
    kind = KINDS["truncated file"]
    pairs = [
        (Case(number, kind, "adc.nii", 0, number), Verdict(ended, wrong, None, "", 2.0 + number, 10**9))
        for number, (ended, wrong) in enumerate([("exit 2", ""), ("exit 3", ""), ("near", "near, expected refused")])
    ]
    row, total = (line.split() for line in table(pairs).splitlines() if line.startswith(("truncated", "all")))
    assert row[2:] == ["refused", "3", "1", "0", "1", "1", "1"]
    assert total[1:] == ["3", "1", "0", "1", "1", "1"]
    assert "median 3.0, longest 4.0; largest memory 1.00 GB" in table(pairs)
    assert (
        unhelpful(Ending(3, "", "age2hie: refused: too small (must be large). See x.\n", Path("out"), (), 1, 0)) == ""
    )
