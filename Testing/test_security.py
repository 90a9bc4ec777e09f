"""Nothing that a file says or is called is run, nothing is fetched, and nothing private is left behind."""

from __future__ import annotations

import ast
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from calling import run
from io_samples import write_dicom

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.source import read_source

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "AGE2HIELib"
RNG = np.random.default_rng(7)
B0, TRACE = RNG.integers(500, 900, (10, 12, 6)), RNG.integers(100, 300, (10, 12, 6))

_NAMES = ("$(touch pwned)", "`touch pwned`", "; touch pwned;", "-f", "--help", "a\nb", "'\"", "%s%n", "* ?[x]")


def diffusion(folder: Path, name: str = "a folder") -> Path:
    write_dicom(folder / name, B0, uid="1.2.3.50", DiffusionBValue=0.0)
    write_dicom(folder / name, TRACE, uid="1.2.3.50", DiffusionBValue=1000.0)
    return folder / name


def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("path", sorted(LIBRARY.rglob("*.py")), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_the_library_has_no_way_to_run_text(path: Path) -> None:
    """No shell, no eval, no pickle, and torch's own loader only where it is told to read weights."""
    for call in calls(path):
        name = ast.unparse(call.func)
        options = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert name not in {"eval", "exec", "os.system", "os.popen", "compile", "__import__"}, ast.unparse(call)
        if name == "pickle.loads" and path.name == "cluster_worker.py":
            continue  # dask itself unpickles and calls whatever its scheduler sends: who may send is the scheduler's
        assert not name.startswith(("pickle.load", "marshal.", "shelve.", "dill.", "joblib.load")), ast.unparse(call)
        assert options.get("shell", "False") == "False", ast.unparse(call)
        assert options.get("allow_pickle", "False") == "False", ast.unparse(call)
        if name == "torch.load":
            assert options.get("weights_only") == "True", ast.unparse(call)


@pytest.mark.skipif(os.name == "nt", reason="Windows allows no such names")
@pytest.mark.parametrize("name", _NAMES)
def test_names_of_dicom_folders_and_files_never_reach_a_shell(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = diffusion(tmp_path, name)
    for number, path in enumerate(sorted(folder.iterdir())):
        path.rename(folder / f"{name}{number}")
    np.testing.assert_array_equal(read_source(folder).dwi.b_values, [0, 1000])
    np.testing.assert_array_equal(read_source(Path(name)).dwi.b_values, [0, 1000])  # as it is typed, '-f' included
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_a_dicom_header_says_never_reaches_a_shell_or_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    odd = {"SeriesDescription": "$(touch pwned)", "PatientName": "../../`touch pwned`", "ProtocolName": "-o /tmp"}
    write_dicom(tmp_path / "d", B0, uid="1.2.3.50", DiffusionBValue=0.0, **odd)
    write_dicom(tmp_path / "d", TRACE, uid="1.2.3.50", DiffusionBValue=1000.0, **odd)
    assert read_source(tmp_path / "d").kind == "dwi-dicom"
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


@pytest.mark.skipif(os.name == "nt", reason="rights are told otherwise on Windows")
@pytest.mark.parametrize("works", [True, False])
def test_temporary_folders_are_private_and_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    import tempfile

    from AGE2HIELib.io.dicom import dcm2niix as converter

    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    seen: list[tuple[int, list[str]]] = []
    real = subprocess.run

    def spy(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        assert isinstance(command, list)
        (folder,) = scratch.iterdir()
        seen.append((folder.stat().st_mode & 0o777, sorted(path.name for path in folder.iterdir())))
        return real(command if works else [sys.executable, "-c", ""], **options)

    monkeypatch.setattr(converter.subprocess, "run", spy)
    folder = diffusion(tmp_path)
    if works:
        read_source(folder)
    else:
        with pytest.raises(InputError, match="dcm2niix made no image"):
            read_source(folder)
    assert seen == [(0o700, ["in", "out"])]
    assert list(scratch.iterdir()) == []


def test_predicting_asks_nobody(
    infant_file: Path,
    untrained_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    asked: list[str] = []

    def no(what: str) -> Any:
        def refuse(*_: object, **__: object) -> NoReturn:
            asked.append(what)
            raise OSError("no network")

        return refuse

    for name in ("connect", "connect_ex", "sendto", "bind"):
        monkeypatch.setattr(socket.socket, name, no(name))
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, no(name))
    code, _, err = run(capfd, "predict", infant_file, "--model", untrained_model, "--output", tmp_path / "out")
    assert (code in (0, 3), asked) == (True, []), err


def without_network() -> list[str]:
    """The beginning of a command that is cut off from every network; empty where that is not allowed."""
    unshare = shutil.which("unshare")
    for options in (["-n"], ["-r", "-n"]):
        if unshare and subprocess.run([unshare, *options, "true"], capture_output=True, check=False).returncode == 0:
            return [unshare, *options]
    return []


@pytest.mark.skipif(not without_network(), reason="no network namespaces here")
def test_a_machine_without_a_network_predicts(infant_file: Path, untrained_model: Path, tmp_path: Path) -> None:
    arguments = ["predict", infant_file, "--model", untrained_model, "--output", tmp_path / "out", "--progress", "none"]
    command = [*without_network(), sys.executable, "-m", "AGE2HIELib.cli", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)
    assert result.returncode in (0, 3), result.stderr
    assert (tmp_path / "out" / "result.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows allows no such names")
def test_a_name_is_no_markup_on_the_page(infant_file: Path, untrained_model: Path, tmp_path: Path) -> None:
    from AGE2HIELib import cli

    name = "<img src=x onerror=alert(1)>"
    scan = shutil.copy(infant_file, tmp_path / f"{name}.mha")
    out = tmp_path / name
    arguments = ["predict", scan, "--model", untrained_model, "--output", out, "--progress", "none"]
    assert cli.main([str(argument) for argument in arguments]) in (0, 3)
    for page in out.glob("*.html"):
        assert "onerror" not in page.read_text(encoding="utf-8")
