"""Every command on the pages is run on a synthetic newborn, or its call is checked and the reason is named here."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from page_calls import CHECKS, FIRST, PARSED, RUN, called, is_mention, reason
from page_commands import Block, Command, blocks, commands
from page_workspace import at_home, fill, write_moved

from AGE2HIELib import cli
from AGE2HIELib.bids.selection import read_filter
from AGE2HIELib.clinical.reading import read_clinical
from AGE2HIELib.node.config import read_config
from training.cohorts.outcomes import read_mapping
from training.run import main as train

EVERY = commands()
MODEL = ("--model", "untrained")


FIRST_OF_EACH = list({one.text: one for one in EVERY if one.text in RUN}.values())
NOT_RUN = [one for one in EVERY if one.text not in RUN and not is_mention(one)]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, untrained_model: Path) -> Path:
    place = tmp_path_factory.mktemp("pages")
    fill(place, untrained_model)
    return place


@pytest.fixture
def here(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(workspace)
    return workspace


@pytest.fixture(scope="module")
def results(workspace: Path) -> Path:
    """The two results that ``compare`` and ``lesion`` ask for."""
    were = os.getcwd()
    os.chdir(workspace)
    try:
        assert cli.main(called(Command("", FIRST), "first")[1:]) == 0
        write_moved(workspace / "scan.nii.gz", workspace / "later.nii.gz")
        assert cli.main(["predict", "later.nii.gz", "--output", "second", *MODEL]) == 0
    finally:
        os.chdir(were)
    return workspace


@pytest.mark.parametrize("command", FIRST_OF_EACH, ids=lambda command: command.text[:60])
def test_a_command_of_the_pages_runs(
    command: Command, here: Path, results: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if command.text == FIRST:
        assert (results / "first" / "report.html").is_file()
        return
    out = f"out-{FIRST_OF_EACH.index(command)}"
    program, *words = called(command, out)
    code = train(words[1:]) if program == "python" else cli.main(words)
    said = capfd.readouterr()
    assert code == 0, said.err
    if "DIR" in command.words and RUN[command.text].get("DIR", out) == out and "--output" in words:
        assert any((here / out).iterdir())


@pytest.mark.parametrize("command", NOT_RUN, ids=lambda command: command.text[:60])
def test_a_command_that_is_not_run_is_called_rightly_and_has_a_reason(command: Command) -> None:
    assert reason(command), "neither run nor named with a reason"
    CHECKS[command.words[0]](command)


def test_both_lists_hold_what_is_on_the_pages() -> None:
    texts = {one.text for one in EVERY}
    assert set(RUN) <= texts, set(RUN) - texts
    used = {reason(one) for one in NOT_RUN}
    assert set(PARSED) <= used | {"age2hie atlas build"}, set(PARSED) - used
    assert len(FIRST_OF_EACH) >= 17


def test_what_a_sentence_names_is_a_command_with_these_options(capsys: pytest.CaptureFixture[str]) -> None:
    mentions = [one.words[1:] for one in EVERY if is_mention(one) and one.text not in RUN]
    assert mentions
    for words in mentions:
        names = [word for word in words if not word.startswith("-")]
        with pytest.raises(SystemExit) as ended:
            cli.main([*names, "--help-all"] if len(names) == 1 else [*names, "--help"])
        assert ended.value.code == 0
        shown = capsys.readouterr().out
        assert all(word in shown for word in words if word.startswith("-"))


@pytest.mark.parametrize("block", blocks("python", "python.md"), ids=lambda block: f"{block.page}: {block.text[:30]!r}")
def test_python_of_the_pages_runs(block: Block, here: Path) -> None:
    """One after the other: the second block reads what the first has written."""
    exec(compile(block.text, block.page, "exec"), {})


def test_files_on_the_pages_are_read_as_they_stand(here: Path) -> None:
    node = blocks("toml", "node.md")
    whole = at_home(node[0].text, here)
    assert read_config(here / "node.toml").pacs.commitment
    for number, more in enumerate(node[1:]):
        file = here / f"node-{number}.toml"
        file.write_text(whole + more.text)
        for name in ("certificate.pem", "key.pem", "authority.pem"):
            (here / name).touch()
        read_config(file)
    (here / "filter.json").write_text(blocks("json", "bids.md")[0].text)
    read_filter(here / "filter.json")
    assert read_clinical(here / "clinical.json").data is not None
    assert json.loads(blocks("json", "clinical.md")[0].text)["gestation_weeks"] == "39+3"


def test_further_outcomes_on_the_page_of_clinical_variables_are_read(here: Path) -> None:
    whole = (here / "outcomes.toml").read_text() + blocks("toml", "clinical.md")[0].text
    (here / "further.toml").write_text(whole)
    found = read_mapping(here / "further.toml")
    assert set(found.others) == {"motor"}
