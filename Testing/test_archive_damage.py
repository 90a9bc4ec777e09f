"""Archives of models that are damaged, or swell when they are unpacked: refused, and nothing is left behind."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from AGE2HIELib.bundle import archive as archives
from AGE2HIELib.bundle.archive import install_archive
from AGE2HIELib.errors import ModelError


def test_a_changed_byte_is_found(untrained_model: Path, tmp_path: Path, home: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(untrained_model, copy)
    weights = copy / "models" / "member_0.pt"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    path = shutil.make_archive(str(tmp_path / "changed"), "zip", copy)
    with pytest.raises(ModelError, match="was changed"):
        install_archive(Path(path), home)
    assert not list(home.iterdir())


def test_an_archive_that_swells_is_stopped(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "LARGEST_BYTES", 1_000_000)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("zeros", bytes(50_000_000))
    assert path.stat().st_size < 100_000
    with pytest.raises(ModelError, match="unpacks to more than"):
        install_archive(path, home)
    assert not list(home.iterdir())


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_a_packed_tar_that_swells_is_stopped(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(archives, "LARGEST_BYTES", 1_000_000)
    path = tmp_path / f"bomb.tar.{kind}"
    with tarfile.open(path, f"w:{kind}") as made:  # type: ignore[call-overload]
        item = tarfile.TarInfo("zeros")
        item.size = 50_000_000
        made.addfile(item, io.BytesIO(bytes(item.size)))
    assert path.stat().st_size < 100_000
    with pytest.raises(ModelError, match="unpacks to more than"):
        install_archive(path, home)
    assert not list(home.iterdir())


def test_a_tar_whose_headers_swell_is_stopped(tmp_path: Path, home: Path) -> None:
    """tarfile reads a long name's header whole, and keeps every folder: neither may take the memory."""
    long_name = tmp_path / "name.tar.gz"
    with gzip.open(long_name, "wb", compresslevel=1) as file:
        item = tarfile.TarInfo("././@LongLink")
        item.type, item.size = tarfile.GNUTYPE_LONGNAME, 300_000_000
        file.write(item.tobuf(tarfile.GNU_FORMAT))
        for _ in range(300):
            file.write(bytes(1_000_000))
    tracemalloc.start()
    with pytest.raises(ModelError, match="states a header of 300000"):
        install_archive(long_name, home)
    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()
    folders = tmp_path / "folders.tar.gz"
    with tarfile.open(folders, "w:gz") as made:
        for number in range(2001):
            item = tarfile.TarInfo(f"f{number}")
            item.type = tarfile.DIRTYPE
            made.addfile(item)
    with pytest.raises(ModelError, match="more than 2000 files and folders"):
        install_archive(folders, home)
    assert not list(home.iterdir())


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "lzma zip", "bzip2 zip"])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
def test_a_changed_bit_of_a_packed_archive_is_damage(
    untrained_model: Path, tmp_path: Path, home: Path, kind: str, part: float
) -> None:
    path = tmp_path / "changed"
    weights = untrained_model / "models" / "member_0.pt"
    if kind.endswith("zip"):
        method = zipfile.ZIP_LZMA if kind == "lzma zip" else zipfile.ZIP_BZIP2
        with zipfile.ZipFile(path, "w", method) as made:
            made.write(weights, "models/member_0.pt")
    else:
        with tarfile.open(path, f"w:{kind}") as made_tar:  # type: ignore[call-overload]
            made_tar.add(weights, "models/member_0.pt")
    content = bytearray(path.read_bytes())
    content[int(part * len(content))] ^= 8
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"damaged|neither a|holds 0 files"):
        install_archive(path, home)
    assert not list(home.iterdir())


def test_a_cut_archive_is_damaged(untrained_model: Path, tmp_path: Path, home: Path) -> None:
    path = Path(shutil.make_archive(str(tmp_path / "cut"), "gztar", untrained_model))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ModelError, match="is damaged"):
        install_archive(path, home)
    assert not list(home.iterdir())
