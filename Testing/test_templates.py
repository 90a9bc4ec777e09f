"""Templates are compiled once for many processes, and nothing that lies in the cache can spoil a page."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest

from AGE2HIELib.report.templates import template_environment

NAME = "gauge.html.j2"


def _compiled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many templates a new process would compile; the bars of bytecode stay off in tests, so they are let on."""
    count = 0
    compile_source = jinja2.Environment.compile

    def counted(*arguments: object, **options: object) -> object:
        nonlocal count
        count += 1
        return compile_source(*arguments, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr("sys.dont_write_bytecode", False)
        patch.setattr(jinja2.Environment, "compile", counted)
        template_environment({"share": str, "figure": str}, folder).get_template(NAME)
    return count


def test_a_second_process_compiles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _compiled(tmp_path, monkeypatch) == 1
    assert _compiled(tmp_path, monkeypatch) == 0


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"j2\x05"])
def test_a_damaged_file_is_compiled_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes) -> None:
    _compiled(tmp_path, monkeypatch)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if damage == b"j2\x05" else damage)
    assert _compiled(tmp_path, monkeypatch) == 1
    assert _compiled(tmp_path, monkeypatch) == 0


def test_a_folder_that_cannot_be_written_stops_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = tmp_path / "missing"
    assert _compiled(missing, monkeypatch) == 1
    assert not missing.exists()
