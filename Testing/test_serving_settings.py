"""The file of a worker for other computers: what cannot be used is said, and the page's own file and commands do."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from calling import assert_refused_in_one_line, run
from pacs import needs_openssl
from serving_work import settings_file

from AGE2HIELib.elsewhere.address import PORT
from AGE2HIELib.serving.page import serve_page
from AGE2HIELib.serving.settings import read_settings, server_tls

ROOT = Path(__file__).resolve().parent.parent


@needs_openssl
@pytest.mark.skipif(os.name == "nt", reason="rights are told otherwise on Windows")
@pytest.mark.parametrize("name", ["token", "node.key"])
def test_a_secret_that_everybody_can_read_is_refused(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = settings_file(tmp_path)
    (tmp_path / name).chmod(0o644)
    code, out, err = run(capfd, "serve", "--config", config)
    assert_refused_in_one_line(code, out, f"{err.strip()}.\n")
    assert f"chmod 600 {name}" in err


@needs_openssl
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("certificate = 'stranger.pem'", "cannot be used"),
        ("key = 'nothing'", "names 'nothing', which cannot be read"),
        ("token_file = 'node.key'", "does not hold a token"),
        ("device = 'tpu'", "'device' is 'tpu'"),
        ("port = 70000", "'port' is 70000"),
        ("address = ''", "'address' is '', where an address"),
        ("address = '999.1.1.1'", "'address' is '999.1.1.1', where an address"),
        ("address = '10.1.2'", "'address' is '10.1.2', where an address"),
        ("address = 'fe80::x'", "'address' is 'fe80::x', where an address"),
        ("address = 'https://me'", "'address' is 'https://me', where an address"),
        ("token = 'x'", "There is no setting 'token'"),
    ],
)
def test_a_worker_that_cannot_start_says_why(
    line: str, expected: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = settings_file(tmp_path)
    key = line.partition(" ")[0]
    kept = [one for one in config.read_text().splitlines() if not one.startswith(f"{key} ")]
    config.write_text("\n".join([*kept, line]) + "\n")
    code, out, err = run(capfd, "serve", "--config", config)
    assert code == 2
    assert err.count("\n") == 1
    assert expected in err
    assert out == ""


@needs_openssl
def test_an_address_of_another_computer_is_told_before_torch_is_loaded(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """``mps`` is asked for as well, which most computers lack and which only torch can tell."""
    config = settings_file(tmp_path)
    kept = [one for one in config.read_text().splitlines() if not one.startswith(("address ", "device "))]
    config.write_text("\n".join([*kept, "address = '192.0.2.1'", "device = 'mps'"]) + "\n")
    code, out, err = run(capfd, "serve", "--config", config)
    assert_refused_in_one_line(code, out, err)
    assert "The worker cannot listen at 192.0.2.1" in err


@needs_openssl
def test_the_pages_own_commands_and_file_make_a_worker(tmp_path: Path) -> None:
    page = (ROOT / "docs/serve.md").read_text(encoding="utf-8")
    commands = page.split("```sh\n")[1].split("```")[0].replace("pip install .\n", "")
    subprocess.run(["sh", "-e", "-c", commands], cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "serve.toml").write_text(page.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    settings = read_settings(tmp_path / "serve.toml")
    assert server_tls(settings).cert_store_stats()["x509"] == 0  # callers need no certificate
    assert (settings.address, settings.port) == ("10.1.2.3", PORT)
    names = subprocess.run(
        ["openssl", "x509", "-in", "worker.pem", "-noout", "-ext", "subjectAltName"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert "DNS:gpu.hospital, IP Address:10.1.2.3" in names.stdout


def test_the_reference_page_is_that_of_the_sources() -> None:
    assert (ROOT / "docs/reference/serve.md").read_text(encoding="utf-8") == serve_page(), "make docs"
