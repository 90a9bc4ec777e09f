"""The module's child process: its output, and its end with everything that it has started; short calls of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from workers import stand_in_python

from AGE2HIEPlayed import PlayedProcess

ROOT = Path(__file__).resolve().parent.parent
pytestmark = [pytest.mark.host, pytest.mark.slow]


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def run_child(folder: Path, lines: str) -> Any:
    """A worker that is a shell script, with its process."""
    sys.path.insert(0, str(ROOT / "AGE2HIE"))
    from AGE2HIEUI.process import ChildProcess, Command

    script = folder / "worker.sh"
    script.write_text(lines, encoding="utf-8")
    process = ChildProcess()
    process.start(Command(("/bin/sh", str(script)), dict(os.environ)))
    return process


def until(condition: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


@pytest.mark.parametrize("stubborn", [False, True])
def test_cancel_ends_the_whole_tree(host: Any, tmp_path: Path, stubborn: bool) -> None:
    """A launcher with a grandchild; the stubborn one does not listen to SIGTERM."""
    trap = "trap '' TERM\n" if stubborn else ""
    inner = tmp_path / "inner.sh"
    inner.write_text(f'{trap}echo $$ > "{tmp_path}/grandchild"\nwhile :; do sleep 0.1; done\n', encoding="utf-8")
    process = run_child(tmp_path, f'{trap}echo $$ > "{tmp_path}/child"\nsh "{inner}" &\nwait\n')
    until(lambda: (tmp_path / "child").is_file() and (tmp_path / "grandchild").is_file())
    until(lambda: (tmp_path / "grandchild").read_text(encoding="ascii").strip().isdigit())
    process.cancel()
    until(lambda: process.ended() is not None)
    pids = [int((tmp_path / name).read_text(encoding="ascii")) for name in ("child", "grandchild")]
    assert pids[0] != pids[1]
    until(lambda: not any(alive(pid) for pid in pids))


def test_waiting_for_a_launcher_waits_for_its_worker(host: Any, tmp_path: Path) -> None:
    """The launcher dies of SIGTERM at once, the worker tidies up for half a second: only then may its folder go."""
    inner = tmp_path / "inner.sh"
    tidy = f"trap 'sleep 0.5; echo done > \"{tmp_path}/tidy\"; exit' TERM"
    inner.write_text(f'{tidy}\necho $$ > "{tmp_path}/grandchild"\nwhile :; do sleep 0.05; done\n', encoding="utf-8")
    process = run_child(tmp_path, f'sh "{inner}" &\nwait\n')
    until(lambda: (tmp_path / "grandchild").is_file())
    process.cancel()
    assert process.wait(10.0)
    assert (tmp_path / "tidy").is_file()


def test_output_is_complete_when_a_process_has_ended(host: Any, tmp_path: Path) -> None:
    """200 kB on stdout in the last moment, and only the tail of as much on stderr."""
    count = 20_000
    process = run_child(
        tmp_path, f"yes abcdefghi | head -n {count}\nyes 123456789 | head -n {count} >&2\necho end >&2\n"
    )
    heard = bytearray()

    def over() -> bool:
        heard.extend(process.read())
        return process.ended() is not None

    until(over)
    assert heard == b"abcdefghi\n" * count
    ended = process.ended()
    assert ended.code == 0
    assert ended.stderr.endswith("end\n")
    assert len(ended.stderr) <= 20_000


def test_a_stand_in_launcher_is_a_launcher(tmp_path: Path) -> None:
    """The interpreter is a child of PythonSlicer, as it is in Slicer, so that the tests above mean something."""
    folder = stand_in_python(tmp_path / "bin")
    program = "import os; print(os.getppid() != int(os.environ['MINE']))"
    call = [str(folder / "PythonSlicer"), "-c", program]
    done = subprocess.run(
        call, env={**os.environ, "MINE": str(os.getpid())}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True"


def test_a_model_cannot_be_installed_where_the_worker_cannot_be_started(
    host: Any, panel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    panel.widget.models.install(Path("model.zip"))
    ui = panel.widget.ui
    assert "PythonSlicer was not found" in ui.messageLabel.text
    assert "Install AGE2HIE again." in ui.messageLabel.text
    ui.doctorButton.click()
    assert "PythonSlicer was not found" in ui.doctorLabel.text


def test_a_new_question_ends_the_one_before_whose_answer_is_not_given(host: Any, panel: Any) -> None:
    from AGE2HIEUI.question import Answer, Question
    from AGE2HIEUI.worker import Worker

    processes = [
        PlayedProcess([b"one"], hangs=True),
        PlayedProcess([b"tw", b"o"], code=2, stderr="age2hie: error: No."),
    ]
    left = list(processes)
    answers: list[Answer] = []
    worker = Worker(lambda: left.pop(0))
    worker.start(Question(("doctor", "--output=x"), answers.append))
    worker.start(Question(("model", "list", "--output=x"), answers.append))
    host.wait(lambda: worker.job is None, 10)
    assert processes[0].cancelled
    assert answers == [Answer(2, "two", "No.")]
