"""What a run says while it works: the events are a contract with the Slicer module."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from AGE2HIELib.system.progress import Bar, JsonLines, Stages, make_progress, split_remedy


def test_json_lines_have_the_agreed_fields() -> None:
    out = io.StringIO()
    progress = make_progress("jsonl", out=out, err=io.StringIO())
    stages = Stages(("read", "adc", "mask", "place"), progress)
    for name in ("read", "mask"):
        with stages(name):
            pass
    progress.error(2, "The image has 2 axes. Give one with 3.")
    progress.result(Path("out"))
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {"event": "stage", "name": "read", "index": 1, "of": 4, "fraction": 0.0},
        {"event": "stage", "name": "mask", "index": 3, "of": 4, "fraction": 0.5},
        {"event": "error", "code": 2, "message": "The image has 2 axes.", "remedy": "Give one with 3."},
        {"event": "result", "output": "out"},
    ]


def test_a_stage_in_two_pieces_is_announced_once_and_its_seconds_are_added() -> None:
    out = io.StringIO()
    stages = Stages(("predict",), JsonLines(out))
    for seconds in (0.02, 0.03):
        with stages("predict"):
            time.sleep(seconds)
    assert len(out.getvalue().splitlines()) == 1
    assert stages.seconds["predict"] >= 0.05


def test_a_stage_hands_on_what_its_work_raises_and_is_timed_all_the_same() -> None:
    stages = Stages(("read",))

    def work() -> None:
        with stages("read"):
            time.sleep(0.02)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert stages.seconds["read"] >= 0.02


def test_what_takes_minutes_is_shown_on_a_terminal_and_hidden_from_programs(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = io.StringIO(), io.StringIO()
    for kind in ("jsonl", "none"):
        progress = make_progress(kind, out=out, err=err)
        assert list(progress.each(("hirescam", "layercam"), "maps")) == ["hirescam", "layercam"]
        progress.say("kept all 7 figures")
    assert (out.getvalue(), err.getvalue(), capsys.readouterr().out) == ("", "", "")
    progress = make_progress("text", out=out, err=err)
    assert list(progress.each(("hirescam", "layercam"), "maps")) == ["hirescam", "layercam"]
    assert "maps" in err.getvalue()
    progress.say("kept all 7 figures")
    assert capsys.readouterr().out == "kept all 7 figures\n"


@pytest.mark.parametrize("kind", ["text", "none"])
def test_a_log_file_gets_no_bar(kind: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    progress = make_progress(kind, out=out, err=err)
    with Stages(("read",), progress)("read"):
        pass
    progress.close()
    assert out.getvalue() == err.getvalue() == ""


def test_a_terminal_gets_a_bar_that_names_the_stage() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    err = Terminal()
    progress = Bar(err)
    progress.stage("place", 2, 5)
    progress.close()
    assert "place" in err.getvalue()
    assert "1/5" in err.getvalue()


@pytest.mark.parametrize(
    ("message", "what", "remedy"),
    [
        ("The median is 0.05 mm2/s. Scale the map.", "The median is 0.05 mm2/s.", "Scale the map."),
        ("No b-values. 'a.bval' is missing. Put it there.", "No b-values. 'a.bval' is missing.", "Put it there."),
        ("It is so", "It is so", ""),
    ],
)
def test_the_remedy_is_the_last_sentence(message: str, what: str, remedy: str) -> None:
    assert split_remedy(message) == (what, remedy)


def test_nothing_but_events_reaches_stdout() -> None:
    """Whatever a library prints, or a program that it starts, goes to stderr while a caller reads JSON lines."""
    program = (
        "import os, subprocess, sys\n"
        "import AGE2HIELib.commands.predict as predict\n"
        "from AGE2HIELib.cli import main\n"
        "def noisy(arguments, progress):\n"
        "    print('a library'); os.write(1, b'its C code\\n'); subprocess.run(['echo', 'its child'])\n"
        "    progress.stage('read', 1, 5)\n"
        "    return 0\n"
        "predict.run_check = noisy\n"
        "code = main(['check', 'scan', '--progress', 'jsonl'])\n"
        "print('after'); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    event, after = done.stdout.splitlines()
    assert json.loads(event)["name"] == "read"
    assert after == "after"
    assert {"a library", "its C code", "its child"} <= set(done.stderr.splitlines())
