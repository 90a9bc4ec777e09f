"""The step ``examine`` on raw scans: a map planted in the lesion is found there, and a refused scan says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cohort_samples import small_image
from scans import bundled_atlas

from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.explanation.question import WHOLE_IMAGE, Answer, Question, as_numbers
from AGE2HIELib.explanation.registry import METHODS, Method
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.system.places import resource_path
from training.cohorts.bonbid import HieCase, read_bonbid
from training.cohorts.synthetic_hie import write_synthetic_hie
from training.explaining.examinations import ExamineTask, examine_case
from training.files import read_row
from training.preparing.infants import infant_arrays
from training.reporting.content import ExplanationTables
from training.reporting.map_sections import examination_blocks


@pytest.fixture(scope="module")
def injured(tmp_path_factory: pytest.TempPathFactory) -> HieCase:
    """The one adverse infant of two."""
    folder = tmp_path_factory.mktemp("hie")
    write_synthetic_hie(folder, bundled_atlas(), {"BCH": 2}, seed=0, jobs=1)
    return next(case for case in read_bonbid(folder)[0] if case.adverse)


def task(case: HieCase, model: Path, kept: Path, *, method: str = "hirescam") -> ExamineTask:
    sha256, atlas = read_bundle(model).sha256, resource_path("atlas")
    return ExamineTask(case, model, sha256, atlas, method, "cpu", True, True, kept, "key")


def plant(lesion: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """A method whose map is the lesion, as it lies in the network's input."""

    def answer(question: Question) -> Answer:
        return Answer(as_numbers(question.member(question.image)), lesion.astype(float), WHOLE_IMAGE)

    monkeypatch.setitem(METHODS, "planted", Method(answer=answer, title="Planted"))


@pytest.mark.slow
def test_a_map_planted_in_the_lesion_is_found_in_the_lesion_of_the_raw_scan(
    injured: HieCase, untrained_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = read_bundle(untrained_model).spec
    row, arrays = infant_arrays(injured, bundled_atlas(), spec, z_maps="released")
    plant(arrays["lesion"], monkeypatch)
    examine_case(task(injured, untrained_model, tmp_path / "row.json", method="planted"))
    kept = read_row(tmp_path / "row.json", "key")
    assert kept is not None
    values = kept["values"]
    assert values["pointing"] is True
    assert values["outcome"] == "adverse"
    assert values["refused"] == ""
    assert 0.6 / row["lesion_load"] < values["enrichment"] <= 1.01 / row["lesion_load"]  # edges are blurred on the way
    assert len(kept["figures"]) == 7
    assert values["likeness to a network with random weights"] == pytest.approx(1)  # it does not ask the network
    assert "likeness to a network with random weights" in values["failed_figures"].split("; ")
    assert values["failed"] == len(values["failed_figures"].split("; "))
    assert read_row(tmp_path / "row.json", "another key") is None


def test_a_refused_scan_is_a_row_that_says_so(untrained_model: Path, tmp_path: Path) -> None:
    image = tmp_path / "MGHNICU_900-VISIT_01-ADC_ss.mha"
    write_volume(small_image(0), image)
    refused = HieCase("MGHNICU_900-VISIT_01", "MGHNICU_900", "MGH", image, adverse=False)
    examine_case(task(refused, untrained_model, tmp_path / "row.json"))
    kept = read_row(tmp_path / "row.json", "key")
    assert kept is not None
    assert kept["values"]["refused"]
    assert "probability" not in kept["values"]
    table = pd.DataFrame([kept["values"]])
    (told,) = examination_blocks(ExplanationTables(examinations=table))
    assert "0 examined" in told.text  # type: ignore[union-attr]
    assert "Refused by the quality gate: 1" in told.text  # type: ignore[union-attr]


def test_the_page_counts_what_was_kept_and_refused() -> None:
    row = {"case": "a", "site": "MGH", "outcome": "adverse", "synthetic": True, "refused": np.nan, "method": "hirescam"}
    figures = {"likeness": {"limit": "at least 0.5", "else": "no use"}}
    good = {**row, "likeness": 0.9, "failed": 0, "failed_figures": np.nan, "pointing": True}
    bad = {**row, "likeness": 0.3, "failed": 1, "failed_figures": "likeness", "pointing": False}
    good |= {"peak_mm": 0.0, "enrichment": 3.0}
    bad |= {"peak_mm": 9.0, "enrichment": 0.5}
    table = pd.DataFrame([good, bad, {**row, "refused": "size"}])
    told, kept, lesion = examination_blocks(ExplanationTables(examinations=table, figures=figures))
    assert told.text.startswith("Synthetic: 2 examined (2 adverse from MGH), maps by hirescam; 1 kept every limit.")  # type: ignore[union-attr]
    assert kept.rows == (("likeness", "at least 0.5", "1 of 2", "0.60 (0.30 to 0.90)"),)  # type: ignore[union-attr]
    assert lesion.rows == (("1 of 2", "4.50 (0.00 to 9.00)", "1.75 (0.50 to 3.00)"),)  # type: ignore[union-attr]
    assert list(examination_blocks(ExplanationTables())) == []
