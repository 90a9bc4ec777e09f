"""A run that is killed (SIGKILL) while it writes the lesion: no half file, and an earlier result as it was."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from AGE2HIELib.system.outputs import output_folder

ROOT = Path(__file__).resolve().parent.parent
# predict, which writes half of the lesion's file, says so and waits
HALF = """
import sys, time
from AGE2HIELib.report import folder
whole = folder.write_volume
def half(volume, path):
    whole(volume, path)
    if path.name == "lesion.nii.gz":
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        print("half", flush=True)
        time.sleep(600)
folder.write_volume = half
from AGE2HIELib.cli import main
sys.exit(main(sys.argv[1:]))
"""


def sums(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("earlier", [False, True])
def test_nothing_half_written_stays(earlier: bool, infant_file: Path, untrained_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    if earlier:
        out.mkdir()
        (out / "result.json").write_text("{}", encoding="utf-8")
        (out / "lesion.nii.gz").write_bytes(b"of the run before")
    before = sums(out) if earlier else {}
    arguments = ["predict", infant_file, f"--output={out}", f"--model={untrained_model}", "--progress=none"]
    command = [sys.executable, "-c", HALF, *arguments, *(["--overwrite"] if earlier else [])]
    with subprocess.Popen(list(map(str, command)), cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "half\n"
        run.kill()
    assert out.exists() == earlier
    assert (sums(out) if earlier else {}) == before
    halves = [path for path in tmp_path.rglob("lesion.nii.gz") if out not in path.parents]
    assert len(halves) == 1  # under a name of its own, which the next run beside it knows as nobody's
    with output_folder(tmp_path / "next", overwrite=False) as folder:
        (folder / "result.json").write_text("{}", encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["next", *(["out"] if earlier else [])])
