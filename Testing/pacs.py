"""A PACS for tests: Orthanc on loopback with a folder of its own, DCMTK's tools beside it, and studies to send."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.uid import generate_uid

ROOT = Path(__file__).resolve().parent.parent
ORTHANC = shutil.which("Orthanc", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
# DCMTK's: pynetdicom brings programs of these names, with other options, into the environment
_PATH = os.pathsep.join(
    folder for folder in os.environ.get("PATH", "").split(os.pathsep) if Path(folder) != Path(sys.executable).parent
)
TOOLS = {name: shutil.which(name, path=_PATH) or "" for name in ("storescu", "echoscu", "findscu")}
NODE, PACS, SENDER = "AGE2HIE", "ORTHANC", "SCANNER"
_PLUGINS = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def pacs_lacks() -> str:
    """What is missing for a PACS here; empty where nothing is."""
    missing = ([] if ORTHANC else ["orthanc"]) + ([] if all(TOOLS.values()) else ["dcmtk"])
    return f"a PACS: apt install {' '.join(missing)}" if missing else ""


needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="certificates: apt install openssl")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_until(true: Callable[[], bool], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
        time.sleep(0.05)


@dataclass(frozen=True)
class Orthanc:
    """``port`` of DICOM; ``node_port`` is where it sends to, and where its commitments go."""

    port: int
    http: int
    node_port: int

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/{path}", timeout=30) as answer:
            return json.loads(answer.read())

    def post(self, path: str, body: object) -> Any:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}/{path}", data=data, method="POST")
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read())

    def count(self) -> int:
        return int(self.get("statistics")["CountInstances"])

    def objects(self, study: str) -> list[pydicom.Dataset]:
        """Every object of a study, opened."""
        from io import BytesIO

        (found,) = self.post("tools/find", {"Level": "Study", "Query": {"StudyInstanceUID": study}})
        datasets: list[pydicom.Dataset] = []
        for instance in self.get(f"studies/{found}/instances"):
            url = f"http://127.0.0.1:{self.http}/instances/{instance['ID']}/file"
            with urllib.request.urlopen(url, timeout=30) as answer:
                datasets.append(pydicom.dcmread(BytesIO(answer.read())))
        return datasets

    def found_by_query(self, study: str) -> int:
        """How many objects ``findscu`` lists for a study."""
        keys = ("QueryRetrieveLevel=IMAGE", f"StudyInstanceUID={study}", "SOPInstanceUID=", "SeriesInstanceUID=")
        command = [TOOLS["findscu"], "-S", "-aet", SENDER, "-aec", PACS, "127.0.0.1", str(self.port)]
        said = subprocess.run(
            [*command, *(part for key in keys for part in ("-k", key))], capture_output=True, text=True, check=True
        )
        return (said.stdout + said.stderr).count("(Pending)")


@contextmanager
def orthanc(folder: Path, **options: object) -> Iterator[Orthanc]:
    """On loopback, with an empty database; ended on leaving."""
    assert ORTHANC is not None
    pacs = Orthanc(free_port(), free_port(), free_port())
    folder.mkdir(parents=True)
    settings: dict[str, object] = {
        "Name": "test",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "HttpPort": pacs.http,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomPort": pacs.port,
        "DicomAet": PACS,
        "DicomCheckCalledAet": True,
        "DicomAlwaysAllowEcho": True,
        "DicomModalities": {
            "node": [NODE, "127.0.0.1", pacs.node_port],
            "sender": [SENDER, "127.0.0.1", free_port()],
        },
        "Plugins": [str(_PLUGINS)] if _PLUGINS.exists() else [],
        "DicomWeb": {"Enable": True},
        "StableAge": 1,
    }
    (folder / "orthanc.json").write_text(json.dumps(settings | options))
    with (folder / "orthanc.log").open("w") as log:
        process = subprocess.Popen([ORTHANC, str(folder / "orthanc.json")], stdout=log, stderr=log)
    try:
        wait_until(lambda: _listens(pacs.http) and _listens(pacs.port), 30, "Orthanc starts")
        yield pacs
    finally:
        process.kill()  # its database is thrown away
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        tried.settimeout(1)
        return tried.connect_ex(("127.0.0.1", port)) == 0


def store(
    folder: Path, port: int, *options: str, title: str = SENDER, called: str = NODE
) -> subprocess.CompletedProcess[str]:
    """DCMTK's storescu over every file of a folder."""
    call = [TOOLS["storescu"], "-aet", title, "-aec", called, *options, "127.0.0.1", str(port), "+sd", "+r"]
    return subprocess.run([*call, str(folder)], capture_output=True, text=True, check=False, timeout=300)


def echo(port: int, *options: str, title: str = SENDER, called: str = NODE) -> int:
    command = [TOOLS["echoscu"], "-aet", title, "-aec", called, "-to", "5", *options, "127.0.0.1", str(port)]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode


def patient(number: int) -> dict[str, str]:
    """Whose names are found nowhere else."""
    return {
        "PatientName": f"Quellenthal{number:03d}^Zenobia",
        "PatientID": f"MRN-77319{number:03d}",
        "PatientBirthDate": "20200101",
        "AccessionNumber": f"ACC-5582{number:03d}",
        "InstitutionName": "Kinderspital Wyttenbach",
        "ReferringPhysicianName": "Obermoser^Tiberius",
    }


def study_of(number: int, source: Path, folder: Path, *, pattern: str = "*.dcm", **elements: str) -> str:
    """A copy of a study's files under UIDs and a patient of its own, which are the same whenever it is made.

    Returns:
        Its StudyInstanceUID.
    """
    folder.mkdir(parents=True)
    for place, path in enumerate(sorted(source.glob(pattern))):
        image = pydicom.dcmread(path)
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"):
            setattr(image, keyword, generate_uid(entropy_srcs=[f"{number}|{image[keyword].value}"]))
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        for keyword, value in {**patient(number), **elements}.items():
            setattr(image, keyword, value)
        image.save_as(folder / f"{place:05d}.dcm")
    return str(image.StudyInstanceUID)


def identifiers(numbers: range, studies: list[str]) -> list[bytes]:
    """What no log, page or queue may hold."""
    words = {value for number in numbers for value in patient(number).values()} | set(studies)
    words |= {part for number in numbers for part in patient(number)["PatientName"].split("^")}
    return [word.encode() for word in sorted(words)]


def node_file(
    folder: Path, *, pacs: Orthanc | None = None, top: str = "", more: str = "", tables: dict[str, str] | None = None
) -> Path:
    """A node's settings, quick ones; ``tables`` are the lines of tables by name."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port() if pacs is None else pacs.node_port
    default = {
        "listen": f"port = {port}\nidle_s = 20",
        "pacs": f'ae_title = "{PACS}"\nport = {free_port() if pacs is None else pacs.port}\ntimeout_s = 10',
        "monitor": f"port = {free_port()}",
        "retry": "first_s = 0.2\nmost_s = 1.0",
        "limits": "free_gb = 0.1",
    }
    lines = [f"folder = 'queue'\nlog = 'node.jsonl'\nquiet_s = 0.6\n{top}"]
    for name in {**default, **(tables or {})}:
        lines.append(f"[{name}]\n{default.get(name, '')}\n{(tables or {}).get(name, '')}")
    lines += [f'[[callers]]\nae_title = "{title}"' for title in (SENDER, PACS)]
    path = folder / "node.toml"
    path.write_text("\n".join([*lines, more]), encoding="utf-8")
    return path


@contextmanager
def running_node(config: Path, *, stub: bool = False) -> Iterator[subprocess.Popen[str]]:
    """``age2hie node`` in a process; killed on leaving where it still lives. ``stub``: with ``node_work`` in place of a
    prediction.
    """
    program = [str(ROOT / "Testing" / "node_work.py")] if stub else ["-m", "AGE2HIELib.cli", "node", "--config"]
    process = subprocess.Popen(
        [sys.executable, *program, str(config)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def make_certificates(folder: Path) -> Path:
    """An authority, certificates of it for 127.0.0.1 (``node``, ``sender``), and a stranger's own."""

    def make(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    def key(name: str) -> list[str]:
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key"]

    for name in ("authority", "stranger"):
        make("req", "-x509", *key(name), "-out", f"{name}.pem", "-subj", f"/CN={name}", "-days", "2")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("node", "sender"):
        make("req", *key(name), "-out", f"{name}.csr", "-subj", f"/CN={name}")
        signing = ["-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial", "-extfile", "names"]
        make("x509", "-req", "-in", f"{name}.csr", *signing, "-out", f"{name}.pem", "-days", "2")
    return folder
