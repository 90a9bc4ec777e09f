"""What a run says while it works: the events are a contract with the Slicer module."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from AGE2HIELib.progress import Bar, JsonLines, Silent, Stages, make_progress, split_remedy


def test_json_lines_have_the_agreed_fields() -> None:
    out = io.StringIO()
    progress = make_progress("jsonl", out=out, err=io.StringIO())
    stages = Stages(("read", "adc", "mask", "place"), progress)
    stages.run("read", int)
    stages.run("mask", int)
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
    stages.run("predict", time.sleep, 0.02)
    stages.run("predict", time.sleep, 0.03)
    assert len(out.getvalue().splitlines()) == 1
    assert stages.seconds["predict"] >= 0.05


def test_a_stage_hands_on_what_its_work_returns_and_raises() -> None:
    stages = Stages(("read",), Silent())
    assert stages.run("read", sorted, [3, 1, 2], reverse=True) == [3, 2, 1]
    with pytest.raises(ZeroDivisionError):
        stages.run("read", divmod, 1, 0)


@pytest.mark.parametrize("kind", ["text", "none"])
def test_a_log_file_gets_no_bar(kind: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    progress = make_progress(kind, out=out, err=err)
    Stages(("read",), progress).run("read", int)
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
        "import AGE2HIELib.commands.check as check\n"
        "from AGE2HIELib.cli import main\n"
        "def noisy(arguments, progress):\n"
        "    print('a library'); os.write(1, b'its C code\\n'); subprocess.run(['echo', 'its child'])\n"
        "    progress.stage('read', 1, 5)\n"
        "    return 0\n"
        "check.run = noisy\n"
        "code = main(['check', 'scan', '--progress', 'jsonl'])\n"
        "print('after'); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    event, after = done.stdout.splitlines()
    assert json.loads(event)["name"] == "read"
    assert after == "after"
    assert {"a library", "its C code", "its child"} <= set(done.stderr.splitlines())
