"""What MONAI would run is refused before anybody runs it, by verify and by install; what the export writes is not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bundles import untrained_bundle

from AGE2HIELib.bundle.archive import install_archive
from AGE2HIELib.bundle.metadata import INFERENCE, METADATA
from AGE2HIELib.bundle.reading import Bundle, read_bundle, write_manifest
from AGE2HIELib.bundle.weights import check_weights
from AGE2HIELib.errors import ModelError
from AGE2HIELib.system.places import resource_path

Change = Callable[[dict[str, Any]], Any]
RUNS = "$__import__('os').system('true')"
CALLS = {"_target_": "os.system", "command": "true"}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return untrained_bundle(tmp_path_factory.mktemp("models") / "untrained", count=2)


@pytest.fixture
def folder(original: Bundle, tmp_path: Path) -> Path:
    """A copy that may be spoilt."""
    return Path(shutil.copytree(original.folder, tmp_path / "model"))


def seal(folder: Path, name: str, content: bytes) -> None:
    """Write a file and make the manifest agree, as somebody who means harm would."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    write_manifest(folder)


def change(folder: Path, name: str, edit: Change) -> None:
    content = json.loads((folder / name).read_text(encoding="utf-8"))
    edit(content)
    seal(folder, name, json.dumps(content).encode())


def assert_refused(folder: Path, message: str) -> None:
    """By ``read_bundle``, with which every command begins, and by an installation, which leaves nothing behind."""
    with pytest.raises(ModelError, match=message):
        read_bundle(folder)
    archive = shutil.make_archive(str(folder.parent / "model"), "zip", folder.parent, folder.name)
    home = folder.parent / "home"
    with pytest.raises(ModelError, match=message):
        install_archive(Path(archive), home)
    assert list(home.iterdir()) == []


def test_the_bundled_model_and_a_fresh_one_are_read_and_installed(folder: Path, tmp_path: Path) -> None:
    assert check_weights(read_bundle(resource_path("models", "demo"))) == 5
    archive = shutil.make_archive(str(tmp_path / "whole"), "gztar", tmp_path, "model")
    assert check_weights(install_archive(Path(archive), tmp_path / "home")) == 2


def test_spaces_and_the_order_of_keys_do_not_matter(folder: Path) -> None:
    content = json.loads((folder / INFERENCE).read_text(encoding="utf-8"))
    seal(folder, INFERENCE, json.dumps(dict(reversed(content.items())), indent=7).encode())
    assert len(read_bundle(folder).members) == 2


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        (lambda c: c.update(network_def=RUNS), "'network_def'"),
        (lambda c: c.update(extra=RUNS), "'extra': it says .*, where the export writes 'nothing'"),
        (lambda c: c.update(imports=["$import os"]), "'imports'"),
        (lambda c: c.update(initialize=[RUNS], run=["@network_def"]), "'(initialize|run)'"),
        (lambda c: c.update(bundle_root=RUNS), "'bundle_root'"),
        (lambda c: c["members"].__setitem__(1, "$print(1)"), "'members', 1"),
        (lambda c: c["members"].append("@bundle_root"), "'members'"),
        (lambda c: c["members"].pop(), "'members'"),
        (lambda c: c.update(device="@other"), "'device'"),
        (lambda c: c.update(device="%configs/metadata.json::version"), "'device'"),
        (lambda c: c["network_def"].update(_target_="os.system"), "'network_def', '_target_'"),
        (lambda c: c["network_def"].update(name="densenet121"), "'network_def', 'name'"),
        (lambda c: c["network_def"].update(_requires_=RUNS), "'network_def', '_requires_'"),
        (lambda c: c["network_def"].pop("_target_"), "'network_def', '_target_': it says 'nothing'"),
        (lambda c: c["network_def"]["arguments"].update(norm=CALLS), "'network_def', 'arguments', 'norm'"),
        (lambda c: c["network_def"]["arguments"]["channels"].__setitem__(2, RUNS), "'arguments', 'channels', 2"),
        (lambda c: c["network_def"]["arguments"].update(outputs=True), "'arguments', 'outputs'"),
        (lambda c: c["inferer"].update(_target_="subprocess.run"), "'inferer', '_target_'"),
        (lambda c: c["inferer"].update(roi=RUNS), "'inferer', 'roi'"),
        (lambda c: c["inferer"].update(_mode_="debug"), "'inferer', '_mode_'"),
    ],
)
def test_anything_but_what_the_export_writes_is_refused_by_its_place(folder: Path, edit: Change, place: str) -> None:
    change(folder, INFERENCE, edit)
    assert_refused(folder, place)


@pytest.mark.parametrize("content", [b"[]", b"{", b'"$print(1)"', b"[" * 100_000, b'{"a": NaN}', b""])
def test_an_inference_json_that_is_no_table_is_refused(folder: Path, content: bytes) -> None:
    seal(folder, INFERENCE, content)
    assert_refused(folder, INFERENCE)


def test_signs_beyond_ascii_are_refused(folder: Path) -> None:
    """In Shift-JIS, say, the second of these bytes would take the quotation mark behind it."""
    text = (folder / INFERENCE).read_text(encoding="utf-8")
    seal(folder, INFERENCE, text.replace('"cpu"', '"cpu\u3042"').encode())
    assert_refused(folder, "beyond ASCII")


@pytest.mark.parametrize(
    "edit",
    [
        lambda network: network["arguments"].update(norm=RUNS),
        lambda network: network["arguments"].update(norm=f" {RUNS}"),
        lambda network: network["arguments"].update(norm=CALLS),
        lambda network: network["arguments"]["channels"].__setitem__(0, "@bundle_root"),
        lambda network: network["arguments"].update(norm={"deep": [[{"deeper": "%configs/age.json"}]]}),
    ],
)
def test_a_program_that_metadata_and_inference_json_agree_on_is_refused(folder: Path, edit: Change) -> None:
    change(folder, METADATA, lambda content: edit(content["age2hie"]["network"]))
    change(folder, INFERENCE, lambda content: edit(content["network_def"]))
    assert_refused(folder, f"{METADATA}: .*(evaluates|acts on)")


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content.update(description=RUNS),
        lambda content: content.update(changelog={"1": "$import os"}),
        lambda content: content["network_data_format"].update(CALLS),
        lambda content: content["age2hie"]["members"].__setitem__(0, RUNS),
    ],
)
def test_a_program_in_the_metadata_alone_is_refused(folder: Path, edit: Change) -> None:
    change(folder, METADATA, edit)
    assert_refused(folder, f"{METADATA}: .*(evaluates|acts on)")


def test_metadata_of_ordinary_words_with_those_signs_inside_are_accepted(folder: Path) -> None:
    words = "Costs 5 $, 90 % of infants; write to somebody@example.org, or see snake_case_."
    change(folder, METADATA, lambda content: content.update(description=words))
    assert read_bundle(folder).description == words


def test_deep_metadata_is_refused_or_read_but_never_ends_in_a_traceback(folder: Path) -> None:
    deep: Any = RUNS
    for _ in range(400):
        deep = [deep]
    change(folder, METADATA, lambda content: content.update(changelog={"1": deep}))
    assert_refused(folder, "MONAI evaluates")


@pytest.mark.parametrize(
    "name", ["configs/logging.conf", "configs/train.json", "scripts/__init__.py", "torch.py", "models/model.ts"]
)
def test_a_file_that_monai_or_python_would_run_is_refused(folder: Path, name: str) -> None:
    seal(folder, name, b"[loggers]")
    assert_refused(folder, f"holds {name}, which no export writes")


def test_a_member_that_python_would_import_is_refused(folder: Path) -> None:
    (folder / "models/member_1.pt").rename(folder / "torch.py")
    change(folder, METADATA, lambda content: content["age2hie"]["members"].__setitem__(1, "torch.py"))
    change(folder, INFERENCE, lambda content: content["members"].__setitem__(1, "torch.py"))
    assert_refused(folder, r"holds torch\.py, which no export writes")


def test_documents_may_be_added(folder: Path) -> None:
    seal(folder, "docs/figure.png", b"\x89PNG")
    assert "docs/figure.png" in read_bundle(folder).files


def test_monai_would_have_run_it(folder: Path, tmp_path: Path) -> None:
    """The reason for all of this."""
    bundles = pytest.importorskip("monai.bundle")
    mark = tmp_path / "evaluated"
    change(folder, INFERENCE, lambda content: content["inferer"].update(roi=f"$__import__('os').mkdir({str(mark)!r})"))
    parser = bundles.ConfigParser()
    parser.read_config(str(folder / INFERENCE))
    with pytest.raises(RuntimeError):
        parser.get_parsed_content("inferer")
    assert mark.exists()
