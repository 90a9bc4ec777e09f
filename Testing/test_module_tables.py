"""The panel's result from top to bottom: checks in a line, regions by severity, lesions and scores in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from comparison_workers import MATRIX, compare
from panel_actions import SHAPE, SPOT, add_volume, good, predict
from workers import result_writer

from AGE2HIEPlayed import RESULT, PlayedProcess, record

pytestmark = pytest.mark.host

HEADER = "region,hemisphere,label,median_adc_1e6_mm2_s,median_z,share_z_below_minus_2,saliency_share"
TABLE = f"""{HEADER},lesion_ml,lesion_share
frontal cortex,left,1,1210.4,-0.04,0.001,0.301,0,0
frontal cortex,right,33,1190.2,-0.3,0.004,0.1,0.0131,0.002
thalamus,left,9,700.1,-3.14,0.9,0.512,1.753,0.85
thalamus,right,41,1000.2,-0.5,0.0,,0,0
lateral ventricle,left,15,,,,0.0,0,0
"""
CLUSTER = {
    "volume_ml": 1.7531,
    "hemisphere": "left",
    "region": "thalamus",
    "mean_adc_1e6_mm2_s": 655.2,
    "mean_z": -3.4,
    "centre_ras_mm": [0.0, 0.0, 0.0],
}
LESION = {
    "method": "z below -2",
    "meaning": "tissue far below normal",
    "volume_ml": 1.7531,
    "brain_ml": 400.0,
    "share": 0.00438,
    "interval": [0.003, 0.0061],
    "side": "left",
    "clusters": [CLUSTER, {**CLUSTER, "volume_ml": 0.12, "centre_ras_mm": [-8.0, 7.0, 6.0]}],
}
SCORE = {
    "name": "barkovich_bgt",
    "title": "Basal ganglia (Barkovich)",
    "value": "2",
    "range": "0 to 4",
    "meaning": "Signal in the thalamus.",
    "items": [
        {
            "name": "thalamus",
            "value": "yes",
            "meaning": "injured",
            "parts": [{"region": "thalamus", "hemisphere": "left", "lesion_ml": 1.7531, "share": 0.85}],
        }
    ],
    "cannot_see": "T1 and T2",
    "source": "a paper",
}


def with_table(content: dict[str, Any]) -> PlayedProcess:
    """A worker whose regions.csv is ``TABLE``."""

    def write(folder: Path) -> None:
        result_writer(MATRIX, SHAPE, SPOT, content)(folder)
        (folder / "regions.csv").write_text(TABLE, encoding="utf-8")

    return PlayedProcess([RESULT], write=write)


@pytest.fixture
def shown(host: Any, panel: Any) -> Any:
    """A result with lesions and a score on the screen."""
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    predict(host, panel, with_table(record(lesion=LESION, scores=[SCORE])))
    return panel


def cells(table: Any) -> list[list[str]]:
    return [[table.item(row, column).text() for column in range(table.columnCount)] for row in range(table.rowCount)]


def test_checks_that_were_all_passed_are_one_line(shown: Any) -> None:
    ui = shown.widget.ui
    assert ui.checksLabel.text.endswith("1 of 1 checks passed")
    assert ui.checksCollapsibleButton.text == "1 of 1 checks passed"
    assert ui.checksCollapsibleButton.collapsed
    assert ui.remediesLabel.isHidden()


def test_checks_are_unfolded_where_one_was_not_passed(host: Any, panel: Any) -> None:
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    check = {**record()["quality"]["checks"][0], "passed": False, "severity": "warn", "overridden": True}
    content = record(quality={"passed": True, "overridden": ["brain volume"], "checks": [check]})
    predict(host, panel, good(MATRIX, content))
    assert not panel.widget.ui.checksCollapsibleButton.collapsed
    assert "0 of 1 checks passed" in panel.widget.ui.checksLabel.text


def test_regions_stand_by_severity_with_figures_of_two_or_three_digits(shown: Any) -> None:
    """No minus before nought; dashes where nothing was measured; amber and red where much is lesion."""
    table = shown.widget.ui.regionsTable
    assert [table.horizontalHeaderItem(column).text() for column in range(6)] == [
        "Region",
        "Lesion",
        "ADC",
        "vs normal",
        "vs other side",
        "Evidence",
    ]
    assert cells(table) == [
        ["thalamus, left", "1.75 ml, 85 %", "700", "-3.1", "-35 %", "51 %"],
        ["thalamus, right", "0", "1000", "-0.5", "+35 %", "-"],
        ["frontal cortex, right", "0.01 ml, 0.2 %", "1190", "-0.3", "-1.7 %", "10 %"],
        ["frontal cortex, left", "0", "1210", "0.0", "+1.7 %", "30 %"],
        ["lateral ventricle, left", "0", "-", "-", "-", "0 %"],
    ]
    assert table.item(0, 0).background().color().name() == "#ffcdd2"
    header = table.horizontalHeader()
    for column in range(table.columnCount):  # no heading is cut off
        assert header.sectionSize(column) >= header.sectionSizeHint(column)


def test_a_scenes_table_keeps_its_names_for_scripts(shown: Any) -> None:
    from AGE2HIEUI.nodes import part, tableRows

    rows = tableRows(part(shown.widget.results.record, "region_table"))
    assert list(rows[0])[:4] == ["region", "hemisphere", "label", "median_adc_1e6_mm2_s"]


def test_lesions_and_scores_are_said_below_the_number(shown: Any) -> None:
    ui = shown.widget.ui
    text = ui.findingsLabel.text
    assert "<b>Lesion: 1.75 ml, 0.4 % of the brain</b> (90 % interval 0.3 % to 0.6 %), on the left." in text
    assert "Largest: 1.75 ml, the largest part in thalamus, left; 0.12 ml, the largest part in thalamus, left" in text
    assert "<b>Basal ganglia (Barkovich): 2</b> (0 to 4). Signal in the thalamus." in text
    assert "not read by a radiologist" in text
    assert cells(ui.scoresTable) == [
        ["Basal ganglia (Barkovich)", "2", "Of 0 to 4. Cannot see: T1 and T2"],
        ["   thalamus", "yes", "thalamus, left: 1.75 ml (85 %)"],
    ]


def test_an_older_record_says_nothing_of_lesions(host: Any, panel: Any) -> None:
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    predict(host, panel, good(MATRIX))
    ui = panel.widget.ui
    assert ui.findingsLabel.isHidden()
    assert ui.scoresCollapsibleButton.isHidden()
    assert ui.regionsTable.horizontalHeaderItem(1).text() == "Low"


def test_no_lesion_is_said_to_be_none(host: Any, panel: Any) -> None:
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    none = {**LESION, "volume_ml": 0.0, "share": 0.0, "interval": [0.0, 0.001], "side": "none", "clusters": []}
    predict(host, panel, good(MATRIX, record(lesion=none)))
    said = panel.widget.ui.findingsLabel.text
    assert "No lesion was found" in said
    assert "may be missed. With looser limits 0.1 % of the brain would be marked." in said


def test_evidence_of_a_comparison_is_a_column_a_method(host: Any, ready: Any) -> None:
    from AGE2HIEUI.regionTexts import evidenceTable

    compare(host, ready)
    assert cells(ready.widget.ui.evidenceTable) == [["thalamus, left", "-", "-", "-"]]  # the stand-in gives no shares
    rows = [
        {"method": method, "region": "thalamus", "hemisphere": side, "share": share}
        for method, side, share in (("a", "left", "0.1234"), ("a", "right", "0.5"), ("b", "left", ""))
    ]
    columns, found = evidenceTable(rows, {"a": "Method A", "b": "Method B"})
    assert [column.title for column in columns] == ["Region", "Method A", "Method B"]
    assert [row.cells for row in found] == [("thalamus, right", "50 %", "-"), ("thalamus, left", "12 %", "-")]


def test_no_word_of_a_program_stands_in_the_panel(shown: Any) -> None:
    """What a reader cannot know: names of layers, logits, columns."""
    import qt

    said = [label.text for label in shown.parent.findChildren(qt.QLabel)]
    for table in (shown.widget.ui.regionsTable, shown.widget.ui.checksTable, shown.widget.ui.scoresTable):
        said += [text for row in cells(table) for text in row]
    for word in ("logit", "block", "-0.0", "_z", "mean_", "None", "nan"):
        assert not [text for text in said if word in text], word


def test_next_place_goes_round_the_lesions_where_they_lie(host: Any, shown: Any) -> None:
    """The centre of a lesion is in the scan's RAS: the views go there, and say what is there."""
    ui = shown.widget.ui
    node = host.slicer.app.layoutManager().sliceLogic("Red").GetSliceNode()
    for number, centre in ((1, (0.0, 0.0, 0.0)), (2, (-8.0, 7.0, 6.0)), (1, (0.0, 0.0, 0.0))):
        ui.nextPlaceButton.click()
        np.testing.assert_allclose(node.GetSliceOffset(), centre[2], atol=0.01)
        assert ui.placeLabel.text.startswith(f"{number} of 2: ")
        assert "ml, the largest part in thalamus, left;" in ui.placeLabel.text
    assert "ADC 655, -3.4 standard deviations" in ui.placeLabel.text
