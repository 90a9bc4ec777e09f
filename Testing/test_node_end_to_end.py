"""The node beside a real PACS (Orthanc): studies in by C-STORE, killed on the way, and every object out once."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from node_work import OBJECTS
from pacs import (
    PACS,
    Orthanc,
    echo,
    identifiers,
    node_file,
    orthanc,
    pacs_lacks,
    running_node,
    store,
    study_of,
    wait_until,
)

from AGE2HIELib.node.config import read_config
from AGE2HIELib.node.files import digest_of
from AGE2HIELib.phantom.write import write_phantom

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(pacs_lacks()), reason=pacs_lacks())]
STUDIES = 3
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    return write_phantom(folder, seed=3, file_format="dicom", injury="none", acquisition="6mm")


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """It routes MR series to the node, as the docs say."""
    folder = tmp_path_factory.mktemp("pacs")
    script = (ROOT / "docs/node.md").read_text(encoding="utf-8").split("```lua\n")[1].split("```")[0]
    (folder / "route.lua").write_text(script.replace("/age2hie/", "/node/"))
    with orthanc(folder / "orthanc", LuaScripts=[str(folder / "route.lua")]) as started:
        yield started


def states(queue: Path) -> dict[str, str]:
    try:
        with sqlite3.connect(queue / "queue.sqlite") as database:
            return dict(database.execute("SELECT key, state FROM studies").fetchall())
    except sqlite3.OperationalError:
        return {}


def kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_studies_go_in_and_their_objects_come_out_once_though_the_node_is_killed(
    images: Path, pacs: Orthanc, tmp_path: Path
) -> None:
    config = node_file(tmp_path / "node", pacs=pacs, tables={"pacs": "commitment = true"})
    settings = read_config(config)
    port, queue = settings.listen.port, settings.folder
    studies = [
        study_of(number, images, tmp_path / "in" / str(number), pattern="006-*", ImageComments="0.5")
        for number in range(STUDIES)
    ]
    keys = {digest_of(study): study for study in studies}
    with running_node(config, stub=True) as node:
        wait_until(lambda: echo(port) == 0, 30, "the node listens")
        assert store(tmp_path / "in" / "0", port).returncode == 0
        wait_until(lambda: "complete" in states(queue).values(), 20, "a study is complete")
        kill(node)  # while it predicts
    with running_node(config, stub=True) as node:
        wait_until(lambda: echo(port) == 0, 30, "the node listens again")
        for number in range(1, STUDIES):
            assert store(tmp_path / "in" / str(number), port).returncode == 0
        wait_until(lambda: pacs.count() > 0, 30, "a first object is out")
        kill(node)  # while it sends, or has begun the next
    with running_node(config, stub=True) as node:
        wait_until(lambda: list(states(queue).values()) == ["sent"] * STUDIES, 60, "all are sent")
        page = urllib.request.urlopen(f"http://127.0.0.1:{settings.monitor.port}/", timeout=10).read()
        figures = urllib.request.urlopen(f"http://127.0.0.1:{settings.monitor.port}/metrics", timeout=10).read()
        assert store(tmp_path / "in" / "0", port).returncode == 0  # the whole study again
        wait_until(lambda: list(states(queue).values()) == ["sent"] * STUDIES, 30, "it is known")
        wait_until(lambda: not any((queue / "received").iterdir()), 30, "received images are deleted")
        node.terminate()
        said, _ = node.communicate(timeout=20)
        assert (node.returncode, said) == (0, "")
    assert pacs.count() == OBJECTS * STUDIES
    for number, study in enumerate(studies):
        objects = pacs.objects(study)
        assert {str(one.PatientID) for one in objects} == {f"MRN-77319{number:03d}"}
        assert len(objects) == pacs.found_by_query(study) == OBJECTS
    assert states(queue).keys() == keys.keys()
    assert b'age2hie_studies{state="sent"} 3' in figures
    log = (tmp_path / "node" / "node.jsonl").read_bytes()
    database = b"".join(path.read_bytes() for path in queue.glob("queue.sqlite*"))
    names = b"".join(os.fsencode(path) for path in queue.rglob("*"))
    told = {"log": log, "page": page, "figures": figures, "queue": database, "names": names}
    for word in identifiers(range(STUDIES), studies):
        assert [what for what, text in told.items() if word in text] == [], word
    assert all(key.encode() in log for key in keys)


def test_orthanc_sends_on_what_comes_and_nothing_goes_round_in_a_circle(
    images: Path, pacs: Orthanc, tmp_path: Path
) -> None:
    config = node_file(tmp_path / "node", pacs=pacs)
    queue, port = read_config(config).folder, read_config(config).listen.port
    study = study_of(7, images, tmp_path / "in", pattern="006-*")
    with running_node(config, stub=True):
        wait_until(lambda: echo(port) == 0, 30, "the node listens")
        assert store(tmp_path / "in", pacs.port, called=PACS).returncode == 0
        wait_until(lambda: states(queue) == {digest_of(study): "sent"}, 60, "it is sent")
        time.sleep(4)  # Orthanc calls the study stable again after 1 s
        assert len(pacs.objects(study)) == 18 + OBJECTS
        assert states(queue) == {digest_of(study): "sent"}
        assert (tmp_path / "node" / "attempts").read_text() == "1\n"
