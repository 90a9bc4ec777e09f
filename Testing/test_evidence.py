"""Figures on the pages are those of benchmark/results, and every benchmark leaves some there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmark"))

import figures  # noqa: E402
import quotes  # noqa: E402
from figures import Figure, Figures, read_results  # noqa: E402
from quotes import MINUS  # noqa: E402

RESULTS = sorted((ROOT / "benchmark" / "results").glob("*.json"))
# On the first page and that of the evidence every number is cited, but for these words
WORDS = (
    "Python 3.11",
    "over 1 %",  # the load that counts as injured
    "< -2",  # the plain rule
    "by 1 at most",  # the network's bound
    "of 0.7.0,",
    "BSD 2-Clause",
    "Apache-2.0",
    "arXiv 2411.05188",
)
# Elsewhere a number with two decimals or more is cited, but for those that are no measurements of ours
SETTINGS = {
    "atlas.md": ("0.65", "0.85"),  # aims
    "adc.md": (),
    "calibration.md": ("0.90",),  # the coverage that sets are made for
    "clinical.md": ("0.20", "0.35", "0.70", "0.60", "0.45", "0.30"),  # the assumption of the synthetic cohort
    "gate.md": ("0.62", "0.35"),  # what ADC was multiplied by; below which the mirror image is placed
    "lesions.md": (
        f"{MINUS}1.75",
        f"{MINUS}2.25",
        "0.05",
        "0.15",
        "0.75",
        "0.65",
        "0.06",
    ),  # the rule, the aim
    "predict.md": ("0.45", "0.001"),  # a prevalence as an example; the tolerance of reproduce
    "saliency.md": ("0.05",),  # the limit of p
    "scores.md": ("0.56", "0.45", "0.67", "0.20"),  # published kappa; the largest load of the infants left out
    "speed.md": ("0.97",),  # an aim
    "systems.md": ("0.25",),  # the least gain of a part
    "training.md": ("0.75",),  # years before birth, in the logarithm of age
    "two-scans.md": ("0.945",),  # the limit of the warning
}
# Files of benchmark/ that are parts of others, or draw pictures
PARTS = {
    "assembled_stack.py",
    "batch_cases.py",
    "engine_faults.py",
    "engine_scene.py",
    "explanation_cases.py",
    "figures.py",
    "fresh_cases.py",
    "fluid_maps.py",
    "gate_cases.py",
    "gate_limits.py",
    "grown_scans.py",
    "placement_sheet.py",
    "processes.py",
    "quotes.py",
    "realism_descriptors.py",
    "screenshots.py",
    "vendors_library.py",
    "vendors_rule.py",
    "system_pictures.py",
}


def cited(page: Path) -> set[int]:
    return {one.start for one in quotes.quoted(page.read_text(encoding="utf-8"))}


def uncited(page: Path) -> Iterator[str]:
    text = page.read_text(encoding="utf-8")
    known = cited(page)
    yield from (one.group() for one in quotes.numbers_of(text) if one.start() not in known)


@pytest.mark.parametrize("page", quotes.PAGES, ids=lambda page: page.name)
def test_a_page_says_what_the_results_say(page: Path) -> None:
    different = [one for one in quotes.quoted(page.read_text(encoding="utf-8")) if one.shown != one.wanted]
    assert not different, "`make docs` brings the figures of benchmark/results to the pages"


@pytest.mark.parametrize("name", ["README.md", "docs/evidence.md"])
def test_every_number_of_the_first_page_and_the_evidence_is_cited(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    known = cited(ROOT / name)
    assert known
    allowed = {
        place for words in WORDS for found in re.finditer(re.escape(words), text) for place in range(*found.span())
    }
    left = [one.group() for one in quotes.numbers_of(text) if not {one.start(), one.end() - 1} & (known | allowed)]
    assert not left


@pytest.mark.parametrize("page", quotes.PAGES, ids=lambda page: page.name)
def test_a_number_with_two_decimals_is_cited_or_a_setting(page: Path) -> None:
    measured = [one for one in uncited(page) if re.search(r"\.\d\d+$", one) and one.count(".") == 1]
    allowed = {
        "README.md": ("2411.05188", "3.11"),
        "index.md": ("3.11",),
        "slicer.md": ("5.12",),
        "panel.md": ("3.12",),
        "bids.md": ("1.10",),
    } | SETTINGS
    assert not set(measured) - set(allowed.get(page.name, ()))
    assert set(SETTINGS.get(page.name, ())) <= set(measured), "a setting that is no longer on the page"


def test_a_number_that_nobody_measured_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("The AUC is 0.98<!-- real_cases: released/auc -->, and 0.91 elsewhere, `0.77` in code.\n")
    assert list(uncited(page)) == ["0.91"]


def test_every_cited_number_follows_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """With every figure of every file changed, no cited number of any page is right any more."""
    before = {page: quotes.quoted(page.read_text(encoding="utf-8")) for page in quotes.PAGES}
    real = quotes.results

    def moved(source: str) -> Mapping[str, Figure]:
        return {name: _moved(one) for name, one in real(source).items()}

    monkeypatch.setattr(quotes, "results", moved)
    count = 0
    for page, found in before.items():
        for was, now in zip(found, quotes.quoted(page.read_text(encoding="utf-8")), strict=True):
            if was.source != "-":
                count += 1
                assert now.wanted != was.shown, (page.name, was.source)
    assert count > 900


def _moved(one: Figure) -> Figure:
    if isinstance(one.value, str):
        return Figure(f"{one.value}9", one.unit)
    away = (one.interval[0] + 1.5, one.interval[1] + 1.5) if one.interval else None
    return Figure(one.value + 1.5, one.unit, away)


def test_a_changed_file_is_told_and_brought_to_the_page(tmp_path: Path) -> None:
    """The command itself, on a copy of pages and results in which one figure is another."""
    for part in ("README.md", "docs", "benchmark", "Resources/models/demo"):
        source = ROOT / part
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / part)  # type: ignore[operator]
    ask = [sys.executable, str(tmp_path / "benchmark" / "quotes.py")]
    assert subprocess.run([*ask, "--check"], check=False).returncode == 0
    file = tmp_path / "benchmark" / "results" / "real_cases.json"
    kept = json.loads(file.read_text(encoding="utf-8"))
    row = next(one for one in kept["figures"] if one["name"] == "released/auc")
    row["value"] = 0.5123
    file.write_text(json.dumps(kept), encoding="utf-8")
    told = subprocess.run([*ask, "--check"], capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert told.stdout.count("-> 0.51 (real_cases: released/auc)") == 2  # the first page and the evidence
    assert subprocess.run(ask, capture_output=True, check=False).returncode == 0
    assert "over 1 % with released z-maps" in (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "0.51<!-- real_cases: released/auc -->" in (tmp_path / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0.9<!-- nowhere: auc -->", "There is no"),
        ("0.9<!-- real_cases: nothing -->", "has no figure"),
        ("0.9 again <!-- real_cases: released/auc own/auc -->", "cites 2 figures after 1"),
        ("0.9<!-- real_cases: released/auc+ -->", "has no interval"),
    ],
)
def test_a_citation_of_nothing_is_an_error(text: str, why: str) -> None:
    with pytest.raises(quotes.QuoteError, match=why):
        quotes.quoted(text)


@pytest.mark.parametrize(
    ("value", "shown", "wanted"),
    [
        (0.9786, "0.91", "0.98"),
        (33161409, "1,000", "33,161,409"),
        (-1.3, f"{MINUS}2.0", f"{MINUS}1.3"),
        (0.04, "+0.01", "+0.04"),
        (-0.04, "+0.01", "-0.04"),
        ("2B", "1A", "2B"),
    ],
)
def test_the_page_chooses_how_a_figure_is_written(value: float | str, shown: str, wanted: str) -> None:
    assert quotes.as_shown(value, shown) == wanted


@pytest.mark.parametrize("file", RESULTS, ids=lambda file: file.stem)
def test_a_results_file_says_where_its_figures_are_from(file: Path) -> None:
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert kept["name"] == file.stem
    assert date(2026, 11, 22) < date.fromisoformat(kept["date"])
    assert re.search(r"python |age2hie ", kept["command"]) or (kept["command"] == "not kept" and kept["note"])
    assert "/" not in kept["command"].replace("benchmark/", "").replace("training/", "").replace(
        "Testing/", ""
    ).replace("container/", ""), "a path of one machine"
    assert kept["cores"] or kept["transcribed"]
    assert re.fullmatch(r"[0-9a-f]{7,}\+?", kept["commit"])
    names = [row["name"] for row in kept["figures"]]
    assert names
    assert len(set(names)) == len(names)
    assert all(set(row) <= {"name", "value", "unit", "interval"} for row in kept["figures"])


def test_commits_of_the_results_are_in_the_history() -> None:
    git = ["git", "-C", str(ROOT)]
    shallow = subprocess.run(
        [*git, "rev-parse", "--is-shallow-repository"], capture_output=True, text=True, check=False
    )
    if shallow.stdout.strip() != "false":
        pytest.skip("there is no whole history here")
    for commit in {json.loads(file.read_text(encoding="utf-8"))["commit"].rstrip("+") for file in RESULTS}:
        found = subprocess.run([*git, "merge-base", "--is-ancestor", commit, "HEAD"], check=False)
        assert found.returncode == 0, commit


def test_what_was_copied_from_a_page_stands_on_one() -> None:
    on_pages = {one.source for page in quotes.PAGES for one in quotes.quoted(page.read_text(encoding="utf-8"))}
    for file in RESULTS:
        if json.loads(file.read_text(encoding="utf-8")).get("transcribed"):
            lost = {name for name in read_results(file) if f"{file.stem}: {name}" not in on_pages} - {"model"}
            assert not lost, file.name


def test_the_list_of_results_is_up_to_date() -> None:
    assert quotes.LIST.read_text(encoding="utf-8") == quotes.results_page(), "`make docs` makes it"
    assert quotes.LIST.read_text(encoding="utf-8").count("../../benchmark/results/") == len(RESULTS)


def test_every_benchmark_leaves_its_figures() -> None:
    programs = {file.name for file in (ROOT / "benchmark").glob("*.py")} - PARTS
    silent = {name for name in programs if "Figures(" not in (ROOT / "benchmark" / name).read_text(encoding="utf-8")}
    assert not silent
    assert len(programs) > 20


def test_figures_are_written_whole_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGE2HIE_RESULTS", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [str(ROOT / "benchmark" / "gate.py"), "--keep", str(tmp_path), "--cases", "3"])
    found = Figures("trial")
    found.add("auc", 0.98123456789, "", (0.9, 1.0))
    found.add("cases", 28)
    found.add("level", "2B")
    found.add("not measured", float("nan"))
    file = found.write(model=True)
    assert file is not None
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert kept["command"] == "python benchmark/gate.py --keep FOLDER --cases 3"
    assert kept["cores"] == figures.cores()
    assert kept["model"] == figures.bundled_version()
    assert "transcribed" not in kept
    assert kept["figures"][1] == {"name": "cases", "value": 28, "unit": ""}
    read = read_results(file)
    assert read.pop("model") == Figure(figures.bundled_version())
    assert read == {"auc": Figure(0.981235, "", (0.9, 1)), "cases": Figure(28), "level": Figure("2B")}
    with pytest.raises(ValueError, match="twice"):
        found.add("cases", 29)


def test_another_models_figures_replace_no_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGE2HIE_RESULTS", raising=False)
    found = Figures("real_cases")
    found.add("released/auc", 0.5)
    before = (figures.FOLDER / "real_cases.json").read_bytes()
    assert found.write(model=False) is None
    assert (figures.FOLDER / "real_cases.json").read_bytes() == before
