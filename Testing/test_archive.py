"""Models from archives: what is whole gets in, what is anything else leaves nothing behind."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest
from calling import run
from ended import ended_mark

from AGE2HIELib.bundle import archive as archives
from AGE2HIELib.bundle.archive import install_archive
from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.errors import ModelError
from AGE2HIELib.system.places import find_model, installed_models, model_label


@pytest.mark.parametrize("kind", ["zip", "gztar"])
@pytest.mark.parametrize("nested", [False, True])
def test_a_whole_bundle_is_installed(
    untrained_model: Path, tmp_path: Path, home: Path, kind: str, nested: bool
) -> None:
    root, base = (untrained_model.parent, untrained_model.name) if nested else (untrained_model, ".")
    path = shutil.make_archive(str(tmp_path / "a b"), kind, root, base)
    bundle = install_archive(Path(path), home)
    assert bundle.folder.parent == home
    assert [folder.name for folder in home.iterdir()] == [bundle.folder.name]
    assert find_model(Path(bundle.folder.name)) == bundle.folder
    assert installed_models()[1:] == (bundle.folder,)
    assert model_label(bundle.folder).title == f"{bundle.name} {bundle.version}"
    with pytest.raises(ModelError, match="installed already"):
        install_archive(Path(path), home)
    assert install_archive(Path(path), home, overwrite=True).sha256 == bundle.sha256


def zip_with(*entries: tuple[str, bytes], link: str | None = None) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        with zipfile.ZipFile(path, "w") as made:
            for name, content in entries:
                with warnings.catch_warnings():
                    warnings.filterwarnings("ignore", "Duplicate name")  # one of the cases
                    made.writestr(name, content)
            if link is not None:
                item = zipfile.ZipInfo("link")
                item.external_attr = 0o120777 << 16
                made.writestr(item, link)
        return path

    return make


def tar_with(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        with tarfile.open(path, "w:gz") as made:
            item = tarfile.TarInfo(name)
            item.type, item.linkname, item.size = kind, link, 1 if kind == tarfile.REGTYPE else 0
            made.addfile(item, io.BytesIO(b"x"))
        return path

    return make


def plain(content: bytes) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return make


BAD = {
    "no archive": (plain(b"hello"), "neither a .zip nor a .tar"),
    "empty": (plain(b""), "neither"),
    "no bundle": (zip_with(("a.txt", b"1")), "holds 0 files named manifest.json"),
    "two bundles": (zip_with(("a/manifest.json", b"{}"), ("b/manifest.json", b"{}")), "holds 2 files"),
    "a manifest of nothing": (zip_with(("manifest.json", b"{}")), "format"),
    "climbs out": (zip_with(("../evil.txt", b"1")), "leads elsewhere"),
    "climbs out inside": (zip_with(("a/../../evil.txt", b"1")), "leads elsewhere"),
    "absolute": (zip_with(("/tmp/evil.txt", b"1")), "leads elsewhere"),
    "another drive": (zip_with(("C:/evil.txt", b"1")), "leads elsewhere"),
    "backslashes": (tar_with("..\\evil.txt"), "leads elsewhere"),
    "a link in a zip": (zip_with(link="/etc/passwd"), "link or no plain file"),
    "a link in a tar": (tar_with("link", tarfile.SYMTYPE, "/etc/passwd"), "link or no plain file"),
    "a hard link": (tar_with("link", tarfile.LNKTYPE, "/etc/passwd"), "link or no plain file"),
    "a device": (tar_with("tty", tarfile.CHRTYPE), "link or no plain file"),
    "a tar that climbs": (tar_with("../../evil.txt"), "leads elsewhere"),
    "a pipe": (tar_with("pipe", tarfile.FIFOTYPE), "link or no plain file"),
    "a line break": (zip_with(("a\nb", b"1")), "leads elsewhere"),
    "one name twice": (zip_with(("a.txt", b"1"), ("a.txt", b"2")), r"holds 'a\.txt' twice.* ask its maker"),
    "one name with either slash": (zip_with(("a/b", b"1"), ("a\\b", b"2")), "holds 'a/b' twice"),
    "a file for a folder": (zip_with(("a", b"1"), ("a/b", b"2")), "holds 'a/b' twice, or as a file and a folder"),
    "a name that is too long": (zip_with(("a" * 300, b"1")), "holds a name of 300 characters"),
    "climbs out of Windows": (zip_with(("a\\..\\..\\evil.txt", b"1")), "leads elsewhere"),
    "another computer": (zip_with(("\\\\server\\evil.txt", b"1")), "leads elsewhere"),
    "too many files": (zip_with(*((f"{number}.txt", b"1") for number in range(1001))), "more than 1000 files"),
}


@pytest.mark.parametrize("case", BAD)
def test_anything_else_is_refused_and_leaves_nothing(tmp_path: Path, home: Path, case: str) -> None:
    make, message = BAD[case]
    path = make(tmp_path / "archive.bin")
    with pytest.raises(ModelError, match=message):
        install_archive(path, home)
    assert not list(home.iterdir())
    assert sorted(item.name for item in tmp_path.iterdir()) == sorted(["archive.bin", home.name])


@pytest.mark.parametrize("top", ["", "A model\\"])
def test_a_zip_of_windows_and_what_systems_leave_in_one(
    untrained_model: Path, tmp_path: Path, home: Path, top: str
) -> None:
    """Backslashes, folders as entries of their own, no Unix modes; notes of Finder, Explorer and a file server."""
    left = [".DS_Store", "Thumbs.db", "docs\\desktop.ini", "docs\\._README.md", "models\\@eaDir\\member_0.pt"]
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as made:
        for entry in (top, f"{top}models\\", f"{top}configs\\"):
            if entry:
                made.writestr(of_windows(entry), b"")
        for file in sorted(file for file in untrained_model.rglob("*") if file.is_file()):
            name = str(file.relative_to(untrained_model)).replace("/", "\\")
            made.writestr(of_windows(f"{top}{name}"), file.read_bytes())
        for name in left:
            made.writestr(of_windows(f"{top}{name}"), b"x")
        made.writestr("__MACOSX/._manifest.json", b"x")
        made.writestr("__MACOSX/manifest.json", b"{}")
    bundle = install_archive(path, home)
    assert bundle.sha256 == read_bundle(untrained_model).sha256
    files = {file.relative_to(untrained_model) for file in untrained_model.rglob("*")}
    assert {file.relative_to(bundle.folder) for file in bundle.folder.rglob("*")} == files


def of_windows(name: str) -> zipfile.ZipInfo:
    item = zipfile.ZipInfo("x")
    item.filename, item.create_system, item.external_attr = name, 0, 0x10 if name.endswith("\\") else 0x20
    return item


def test_a_folder_that_a_file_browser_has_opened_is_the_same_model(untrained_model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(untrained_model, copy)
    for name in (".DS_Store", "models/Thumbs.db", "docs/._README.md"):
        (copy / name).write_bytes(b"x")
    assert read_bundle(copy).sha256 == read_bundle(untrained_model).sha256
    (copy / "models" / "member_9.pt").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"beyond its manifest, models/member_9\.pt\."):
        read_bundle(copy)


def test_a_full_disk_and_a_closed_folder_have_their_own_remedies(
    untrained_model: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(shutil.make_archive(str(tmp_path / "model"), "zip", untrained_model))
    for number, remedy in ((errno.ENOSPC, "Free some space, or name another"), (errno.EACCES, r"\. Name another")):
        failing = OSError(number, os.strerror(number))
        monkeypatch.setattr(archives, "_copy", Mock(side_effect=failing))
        with pytest.raises(ModelError, match=f"{os.strerror(number)}.*{remedy} folder with AGE2HIE_MODELS"):
            install_archive(path, home)
        assert not list(home.iterdir())


def test_no_archive_makes_no_folder(tmp_path: Path, home: Path) -> None:
    with pytest.raises(ModelError, match=r"There is no archive 'none\.zip'"):
        install_archive(tmp_path / "none.zip", home)
    assert not home.exists()


def test_what_a_killed_installation_left_goes_and_the_earlier_model_stays(
    untrained_model: Path, tmp_path: Path, home: Path
) -> None:
    path = Path(shutil.make_archive(str(tmp_path / "model"), "zip", untrained_model))
    folder = install_archive(path, home).folder
    folder.rename(folder.with_name(f".{folder.name}.age2hie-aside"))  # killed between two renames
    (home / f".install-{ended_mark()}-x").mkdir()
    with pytest.raises(ModelError, match="installed already"):
        install_archive(path, home)
    assert read_bundle(folder).sha256 == read_bundle(untrained_model).sha256
    install_archive(path, home, overwrite=True)
    assert [item.name for item in home.iterdir()] == [folder.name]


def test_the_commands(untrained_model: Path, tmp_path: Path, home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = shutil.make_archive(str(tmp_path / "a"), "zip", untrained_model)
    code, out, _ = run(capfd, "model", "install", path)
    assert code == 0
    assert "is installed" in out
    code, out, _ = run(capfd, "model", "list", "--json")
    listed = json.loads(out)
    assert (code, listed[0]["id"]) == (0, "demo")
    assert run(capfd, "model", "verify", listed[1]["id"])[0] == 0
    code, _, err = run(capfd, "model", "info", "no-such-model")
    assert code == 2
    assert listed[1]["id"] in err
    assert run(capfd, "model", "install", path)[0] == 2
