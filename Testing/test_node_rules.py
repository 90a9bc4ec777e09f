"""Which series of a study is read: rules in order, and a reason for every series."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from calling import run
from pacs import node_file, study_of

from AGE2HIELib.errors import InputError
from AGE2HIELib.node.rules import choose, explanation, study_series
from AGE2HIELib.node.settings import Rule


@pytest.fixture(scope="module")
def study_folder(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Series 5, raw diffusion; 6, the scanner's ADC; 8, the diffusion again; 9, a map of fractional anisotropy."""
    folder = tmp_path_factory.mktemp("rules") / "study"
    study_of(0, study, folder)
    for path in sorted(folder.iterdir()):
        image = pydicom.dcmread(path)
        again = 8 if image.SeriesNumber == 5 else 9
        image.SeriesNumber, image.SeriesInstanceUID = again, f"{image.SeriesInstanceUID[:50]}.{again}"
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"{image.SOPInstanceUID[:50]}.{again}"
        if again == 9:
            image.ImageType = ["DERIVED", "PRIMARY", "DIFFUSION", "FA"]
            image.SeriesDescription = "ep2d FA"
        else:
            image.SeriesDescription = "Ep2D DIFF Quellenthal"
        image.save_as(path.with_name(f"again-{path.name}"))
    return folder


def taken(folder: Path, *rules: Rule) -> list[str]:
    return [series.number for series in choose(study_series(folder), rules).taken]


def test_conditions_of_a_rule_are_all_met(study_folder: Path) -> None:
    """b-values, descriptions and ImageType are the phantom writer's."""
    assert taken(study_folder) == ["5", "6", "8"]  # predict chooses among them; the map is of no use
    assert taken(study_folder, Rule("raw", b_values=(0.0, 1000.0), several="first")) == ["5"]
    assert taken(study_folder, Rule("raw", b_values=(0.0, 1080.0), several="first")) == ["5"]  # within 10 %
    assert taken(study_folder, Rule("raw", b_values=(0.0, 1200.0))) == []
    assert taken(study_folder, Rule("diff", description="diff quell")) == ["8"]
    assert taken(study_folder, Rule("diff", description="diff", not_description="quell", several="all")) == ["5"]
    assert taken(study_folder, Rule("adc", image_type=("derived", "adc"))) == ["6"]
    assert taken(study_folder, Rule("acquired", not_image_type=("DERIVED",), several="all")) == ["5", "8"]
    assert taken(study_folder, Rule("long", files=37)) == ["8"]  # 4 volumes of 18 slices
    assert taken(study_folder, Rule("too long", files=1000)) == []


def test_the_first_rule_that_is_fulfilled_decides(study_folder: Path) -> None:
    adc, raw = Rule("scanner's ADC", image_type=("ADC",)), Rule("raw", b_values=(0.0, 1000.0))
    nothing = Rule("nothing", description="t1")
    assert taken(study_folder, nothing, adc, raw) == ["6"]
    assert taken(study_folder, raw, adc) == ["8"]  # the last of two
    choice = choose(study_series(study_folder), (nothing, raw, adc))
    assert choice.rule == "raw"
    reasons = {verdict.facts.series.number: verdict.reason for verdict in choice.verdicts}
    assert reasons["5"] == "fulfils the rule 'raw', which takes the last of 2 alone"
    assert reasons["6"] == ("'nothing': its description does not hold 't1'; 'raw': no b-value 0 (stated: none)")
    assert reasons["8"] == "fulfils the rule 'raw', the last of 2"
    assert reasons["9"] == "holds a map that predict does not read"


def test_several_series_may_be_refused(study_folder: Path) -> None:
    with pytest.raises(InputError, match=r"2 series fulfil the rule 'raw': 5, 8\. Sharpen it"):
        choose(study_series(study_folder), (Rule("raw", b_values=(0.0,), several="refuse"),))


def test_explain_rules_says_why_each_series_was_or_was_not_picked(
    study_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    more = '[[rules]]\nname = "scanner ADC"\nimage_type = ["ADC"]\n'
    config = node_file(tmp_path, more=more)
    code, out, err = run(capfd, "node", "--config", config, "--explain-rules", study_folder)
    assert (code, err) == (0, "")
    assert out.count("left  ") == 3
    assert "TAKEN series 6: 18 files, b none stated" in out
    assert "description: synthetic ADC" in out
    assert out.rstrip().endswith("Decided by the rule 'scanner ADC'.")
    assert not (tmp_path / "queue").exists()
    code, _, err = run(capfd, "node", "--config", config, "--explain-rules", tmp_path)
    assert code == 2
    assert "holds no MR images" in err
    code, _, err = run(capfd, "node", "--config", config, "--explain-rules", tmp_path / "absent")
    assert code == 2
    assert "'absent' does not exist" in err
    none = explanation(choose(study_series(study_folder), (Rule("t1", description="t1"),)), (Rule("t1"),))
    assert none.endswith("No rule is fulfilled: the study would be left alone.")
