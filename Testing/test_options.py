"""The options: few that a reader sees, each said once; what ``--like`` brings; the pages that are made from them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from calling import run

from AGE2HIELib.cli import parser
from AGE2HIELib.commands.page import commands_page
from AGE2HIELib.commands.requests import request_of
from AGE2HIELib.errors import InputError, ModelError
from AGE2HIELib.pipeline.request import Request
from training.settings_page import RARE, every_setting, settings_page
from training.settings_reading import load_settings

ROOT = Path(__file__).resolve().parent.parent
OF_TRAINING = 5  # options of training/run.py


def options(command: argparse.ArgumentParser, *, rare: bool) -> Iterator[str]:
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from options(inner, rare=rare)
        elif action.option_strings and (rare or action.help != argparse.SUPPRESS):
            yield action.option_strings[-1 if action.option_strings[0] == "-h" else 0]


def test_a_reader_sees_at_most_sixty_options_and_settings() -> None:
    seen = set(options(parser(), rare=False)) - {"--help", "--help-all"}
    settings = {name for name, _ in every_setting()}
    assert settings >= RARE
    assert len(seen) + OF_TRAINING + len(settings - RARE) <= 60


def test_the_rare_options_are_shown_when_all_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    for asked, shown in (("--help", False), ("--help-all", True)):
        with pytest.raises(SystemExit) as ended:
            parser(rare=shown).parse_args(["predict", asked])
        assert ended.value.code == 0
        text = capsys.readouterr().out
        assert ("--align" in text, "--progress" in text) == (shown, shown)
        assert "reading the scan:" in text


@pytest.mark.parametrize(
    ("page", "made"), [("commands.md", commands_page), ("training.md", settings_page)], ids=["commands", "training"]
)
def test_the_reference_pages_are_up_to_date(page: str, made: object) -> None:
    assert callable(made)
    assert (ROOT / "docs/reference" / page).read_text(encoding="utf-8") == made(), "make docs"


@pytest.fixture(scope="module")
def earlier(infant_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scan that the gate refuses by its age has a whole record of what was asked, and needs no network."""
    out = tmp_path_factory.mktemp("like") / "earlier"
    from AGE2HIELib.cli import main

    asked = ["--age-days", "30", "--gestation-weeks", "39", "--align", "off", "--prevalence", "0.2"]
    assert main(["predict", str(infant_file), "--output", str(out), "--progress", "none", *asked]) == 3
    return out


def request(*arguments: object) -> Request:
    return request_of(parser().parse_args(list(map(str, arguments))))


def test_like_takes_the_settings_of_a_result_and_the_line_wins(
    earlier: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ("--output", "out", "--like", earlier)
    assert request("predict", "scan.mha", *out) == Request(Path("scan.mha"), align="off", prevalence=0.2)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "--align=off --prevalence=0.2. Not taken" in said
    assert "--age-days --gestation-weeks" in said  # the infant's own, and the age is kept nowhere
    other = request("predict", "scan.mha", *out, "--align", "auto", "--prevalence", "0.3", "--no-examine")
    assert other == Request(Path("scan.mha"), prevalence=0.3)
    assert request("explain", "scan.mha", *out) == Request(Path("scan.mha"), align="off", prevalence=0.2)
    assert request("batch", "scans", *out) == Request(Path("scans"), align="off", prevalence=0.2)
    assert request("check", "scan.mha", "--like", earlier / "result.json") == Request(Path("scan.mha"), align="off")


def changed(earlier: Path, folder: Path, **changes: object) -> Path:
    record = json.loads((earlier / "result.json").read_text())
    folder.mkdir()
    (folder / "result.json").write_text(json.dumps({**record, **changes}))
    return folder


def test_like_leaves_a_warning_that_was_set_aside_and_the_series_with_their_scan(
    earlier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = json.loads((earlier / "result.json").read_text())["settings"]
    settings |= {"overrides": ["postnatal age"], "series": "5", "gestation_weeks": None, "age_given": False}
    other = changed(earlier, tmp_path / "judged", settings=settings)
    asked = request("predict", "scan.mha", "--output", "out", "--like", other)
    assert asked == Request(Path("scan.mha"), align="off", prevalence=0.2)
    assert "Not taken, since it is the other infant's or kept nowhere: --override --series" in capsys.readouterr().err


def test_like_says_in_one_line_what_cannot_be_taken(
    earlier: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    like = ("check", "scan.mha", "--like")
    code, out, err = run(capfd, *like, tmp_path, "--progress", "none")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"--like names '{tmp_path.name}', which is no result of predict" in err
    with pytest.raises(InputError, match="keeps no settings"):
        request(*like, changed(earlier, tmp_path / "old", settings=None))
    atlas = {"name": "another", "provenance": "", "sha256": "ab" * 32}
    with pytest.raises(ModelError, match="Name its folder with --atlas"):
        request(*like, changed(earlier, tmp_path / "elsewhere", atlas=atlas))
    assert request(*like, tmp_path / "elsewhere", "--atlas", "own").atlas == Path("own")
    with pytest.raises(InputError, match="with --target age"):
        request("explain", "t1.mha", "--output", "out", "--like", earlier, "--target", "age")
    with pytest.raises(InputError, match="is a result"):
        request("explain", earlier, "--output", "out", "--like", earlier)


def test_how_a_trunk_is_released_follows_from_one_setting() -> None:
    """The presets' schedules: (frozen epochs, epochs between blocks, factor of the rate)."""
    released = {}
    for preset in ("full", "quick", "demo", "bundle"):
        options = load_settings(preset).finetune
        released[preset] = (options.frozen_epochs, options.unfreeze_every, options.layer_decay)
    assert released == {"full": (4, 2, 0.7), "quick": (1, 1, 0.7), "demo": (1, 0, 0.9), "bundle": (1, 0, 0.9)}
