"""A bundle is read back as it was written, and nothing that was tampered with gets as far as a network."""

import hashlib
import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import pytest
import torch
from bundles import untrained_bundle, untrained_facts, untrained_members

from AGE2HIELib.bundle.reading import read_bundle, write_manifest
from AGE2HIELib.bundle.weights import load_members
from AGE2HIELib.bundle.writing import write_bundle
from AGE2HIELib.errors import ModelError
from AGE2HIELib.networks.sfcn import SFCN

_MEMBER = "models/member_0.pt"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return untrained_bundle(tmp_path_factory.mktemp("models") / "untrained", count=2)


@pytest.fixture
def folder(original, tmp_path) -> Path:
    """A copy that may be spoilt."""
    return Path(shutil.copytree(original.folder, tmp_path / "model"))


class Code:
    """Unpickling this makes the file ``marker``."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return (Path.touch, (self.marker,))


def plant(folder: Path, name: str, content: bytes) -> None:
    """Replace a file and make the manifest agree, as somebody who means harm would."""
    (folder / name).write_bytes(content)
    write_manifest(folder)


def saved(thing: object, **options: bool) -> bytes:
    file = io.BytesIO()
    torch.save(thing, file, **options)
    return file.getvalue()


def change_metadata(folder: Path, change) -> None:
    path = folder / "configs/metadata.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    plant(folder, "configs/metadata.json", json.dumps(content).encode())


def reading(metadata):
    return metadata["age2hie"]["readings"]["released"]


def test_a_bundle_comes_back_as_it_was_written(original):
    facts, bundle = untrained_facts(), read_bundle(original.folder)
    for key in ("name", "trained_on", "demonstration", "z_origins", "calibration", "threshold", "network_arguments"):
        assert getattr(bundle, key) == getattr(facts, key)
    assert bundle.spec.grid.same_as(facts.spec.grid, 1e-9)
    assert bundle.spec.channels == facts.spec.channels
    for member, state in zip(load_members(bundle), untrained_members(facts, 2), strict=True):
        for key, value in member.state_dict().items():
            assert value.dtype == torch.float32
            assert torch.equal(value, state[key].half().float())


def test_identity_is_the_hash_of_names_and_hashes_and_survives_copying(original, folder):
    lines = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "manifest.json"):
        lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n")
    lines.sort(key=lambda line: line.split("  ")[1])
    assert read_bundle(folder).sha256 == original.sha256 == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_the_card_of_a_demonstration_model_says_so(original):
    card = (original.folder / "docs/README.md").read_text(encoding="utf-8")
    assert "Synthetic: not for clinical use" in card


def test_looking_at_a_bundle_does_not_import_torch(original):
    code = (
        "import sys; from pathlib import Path; from AGE2HIELib.bundle.reading import read_bundle\n"
        "read_bundle(Path(sys.argv[1])); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(original.folder)], check=True)


@pytest.mark.parametrize(
    "name", ["configs/metadata.json", "configs/inference.json", _MEMBER, "docs/README.md", "LICENSE"]
)
def test_a_changed_byte_a_missing_file_and_an_added_one_are_named(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    original = (folder / name).read_bytes()
    (folder / name).write_bytes(bytes(content))
    with pytest.raises(ModelError, match=f"{name}.*was changed"):
        read_bundle(folder)
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"lacks {name}"):
        read_bundle(folder)
    (folder / name).write_bytes(original)
    (folder / "models/extra.py").write_text("")
    with pytest.raises(ModelError, match=r"beyond its manifest, models/extra\.py"):
        read_bundle(folder)


def test_weights_changed_after_the_bundle_was_read_are_not_loaded(folder):
    bundle = read_bundle(folder)
    content = (folder / _MEMBER).read_bytes()
    (folder / _MEMBER).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelError, match="was changed"):
        load_members(bundle)


@pytest.mark.parametrize("kind", ["torch", "legacy", "plain pickle", "hidden in weights", "torchscript"])
def test_code_among_the_weights_is_refused_and_never_runs(folder, tmp_path, kind):
    marker = tmp_path / "ran"
    weights = torch.load(folder / _MEMBER, weights_only=True)
    contents = {
        "torch": lambda: saved(Code(marker)),
        "legacy": lambda: saved(Code(marker), _use_new_zipfile_serialization=False),
        "plain pickle": lambda: pickle.dumps(Code(marker)),
        "hidden in weights": lambda: saved({**weights, "extra": Code(marker)}),
        "torchscript": lambda: _torchscript(),
    }
    plant(folder, _MEMBER, contents[kind]())
    with pytest.raises(ModelError, match="Export the model again"):
        load_members(read_bundle(folder))
    assert not marker.exists()


def _torchscript() -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch advises against torch.jit; others still send such files
        torch.jit.save(torch.jit.trace(SFCN(2, (4, 4)).eval(), torch.zeros(1, 2, 8, 8, 8)), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("head.linear.bias"), "head.linear.bias"),
        (lambda w: w.update(extra=torch.zeros(1)), "extra"),
        (lambda w: w.update({"head.linear.bias": torch.zeros(7)}), r"\(7,\) instead of \(1,\)"),
        (lambda w: w.update({"head.linear.bias": torch.full((1,), torch.nan)}), "not finite"),
    ],
)
def test_weights_of_another_network_are_refused(folder, change, message):
    weights = torch.load(folder / _MEMBER, weights_only=True)
    change(weights)
    plant(folder, _MEMBER, saved(weights))
    with pytest.raises(ModelError, match=message):
        load_members(read_bundle(folder))


def test_weights_that_unpack_to_more_than_their_file_are_refused(folder):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(10**7))
    plant(folder, _MEMBER, packed.getvalue())
    with pytest.raises(ModelError, match="would unpack to 10000000 bytes"):
        load_members(read_bundle(folder))


def test_one_stored_number_is_not_repeated_without_end(folder):
    weights = torch.load(folder / _MEMBER, weights_only=True)
    weights["extra"] = torch.zeros(1, dtype=torch.float16).expand(10**10)
    plant(folder, _MEMBER, saved(weights))
    with pytest.raises(ModelError, match="would unpack to 2000"):
        load_members(read_bundle(folder))


@pytest.mark.parametrize("name", ["../secret", "/etc/hosts", "a/../b", "C:/x", "models\\x.pt", "", ".", "a//b"])
def test_a_manifest_that_points_outside_is_refused(folder, name):
    content = json.loads((folder / "manifest.json").read_text())
    content["files"][name] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(ModelError, match="no path inside the bundle"):
        read_bundle(folder)


@pytest.mark.skipif(os.name == "nt", reason="links need rights that a Windows user does not have")
@pytest.mark.parametrize("name", [_MEMBER, "models", "manifest.json"])
def test_links_are_refused_even_to_the_right_content(folder, tmp_path, name):
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match=r"is a link|holds no manifest\.json"):
        read_bundle(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.pop("version"), "'version' is missing"),
        (lambda m: m.pop("age2hie"), "'age2hie' is missing"),
        (lambda m: reading(m).pop("threshold"), "'threshold' is missing"),
        (lambda m: reading(m).update(threshold="half"), "'threshold' is 'half'"),
        (lambda m: reading(m).update(threshold=True), "'threshold' is True"),
        (lambda m: reading(m).update(threshold=1.5), r"'threshold' is 1\.5; it must be between"),
        (lambda m: reading(m).update(threshold=float("nan")), "NaN is no number"),
        (lambda m: m["age2hie"]["readings"].pop("none"), r"'readings' is \['released'\]; it must be for z-maps"),
        (lambda m: m["age2hie"]["readings"].update(other=reading(m)), "it must be for z-maps released, none"),
        (lambda m: m["age2hie"]["readings"].update(none=0.5), "reading of input none is 0.5; it must be a table"),
        (lambda m: m["age2hie"].update(colour="red"), "unknown key colour"),
        (lambda m: m["age2hie"].update(format=4), "format 4"),
        (lambda m: m["age2hie"].update(format=1), "'calibration' is missing"),
        (lambda m: reading(m)["calibration"].update(slope=-1.0), "'slope' is -1.0"),
        (lambda m: reading(m)["calibration"].pop("prevalence"), "'prevalence' is missing"),
        (lambda m: m["age2hie"]["network"].update(name="os.system"), "'os.system'"),
        (lambda m: m["age2hie"]["network"]["arguments"].update(in_channels=1), "'in_channels' is 1; it must be 2"),
        (lambda m: m["age2hie"]["network_input"].update(shape=[10**6] * 3), "at most"),
        (lambda m: m["age2hie"]["network_input"]["channels"][0].update(scale=0.0), "'scale' of channel adc is 0.0"),
        (lambda m: m["age2hie"]["network_input"]["channels"][0].update(scale="1"), "finite"),
        (lambda m: m["age2hie"].update(z_origins=["somewhere"]), "'somewhere'"),
        (lambda m: m["age2hie"].update(members=["models/member_9.pt"]), "member_9"),
        (lambda m: m["age2hie"].update(members=["../../other.pt"]), "other.pt"),
        (lambda m: m["age2hie"].update(saliency_layer="block77"), "'block77'"),
    ],
)
def test_metadata_that_cannot_be_right_is_refused_by_name(folder, change, message):
    change_metadata(folder, change)
    with pytest.raises(ModelError, match=message):
        load_members(read_bundle(folder))


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"format": 1, "files": []}', b"[" * 100_000])
def test_a_broken_manifest_is_refused(folder, content):
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(ModelError):
        read_bundle(folder)


def test_a_failed_export_leaves_the_earlier_bundle_and_nothing_else(original, folder):
    broken = [{**state, "head.linear.bias": torch.full((1,), 1e6)} for state in untrained_members(original, 1)]
    with pytest.raises(ModelError, match="beyond float16"):
        write_bundle(folder, facts=untrained_facts(), members=broken, results="", licence="", overwrite=True)
    assert read_bundle(folder).sha256 == original.sha256
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    with pytest.raises(ModelError, match="already there"):
        write_bundle(folder, facts=untrained_facts(), members=broken, results="", licence="")
