"""Where the real scans are, and the line that says how many tests were left out without them."""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from browsing import browser_lacks

if "PYTEST_XDIST_WORKER" in os.environ:  # one process a core: threads of theirs would only wait for each other
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
        os.environ.setdefault(variable, "1")

REAL_DATA = os.environ.get("AGE2HIE_TEST_DATA", "")


ROOT = Path(__file__).resolve().parent.parent
HOST_LIBRARIES = {"EGL": "libegl1", "GL": "libgl1", "xkbcommon": "libxkbcommon0"}
HOST_PACKAGES = {"slicer": "slicer-core", "PySide6": "PySide6-Essentials"}


def host_lacks() -> str:
    """What keeps the headless Slicer from starting here, and how to get it; empty where nothing does."""
    libraries = [debian for name, debian in HOST_LIBRARIES.items() if ctypes.util.find_library(name) is None]
    packages = [pip for name, pip in HOST_PACKAGES.items() if importlib.util.find_spec(name) is None]
    ways = ([f"apt install {' '.join(libraries)}"] if libraries else []) + (
        [f"pip install {' '.join(packages)}"] if packages else []
    )
    return "; ".join(ways)


def pytest_report_header() -> str | None:
    folder = os.environ.get("SLICER_HOST_SOURCES")
    return f"Slicer's own Python modules: {folder}" if folder else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    # two processes share the files in this order: the shortest end last, so that none waits minutes for the other
    items.sort(key=lambda item: -slow[item.path])
    lacking = host_lacks()
    if lacking:
        for item in items:
            if item.get_closest_marker("host"):
                item.add_marker(pytest.mark.skip(reason=f"headless Slicer: {lacking}"))
    if browser_lacks():
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason=f"headless browser: {browser_lacks()}"))
    if REAL_DATA and Path(REAL_DATA).is_dir():
        return
    skip = pytest.mark.skip(reason="AGE2HIE_TEST_DATA does not name the folder of real scans")
    for item in items:
        if item.get_closest_marker("real"):
            item.add_marker(skip)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left_out = [
        report for report in terminalreporter.stats.get("skipped", []) if "AGE2HIE_TEST_DATA" in str(report.longrepr)
    ]
    without_host = [r for r in terminalreporter.stats.get("skipped", []) if "headless Slicer" in str(r.longrepr)]
    if without_host:
        terminalreporter.write_line(f"{len(without_host)} tests of the Slicer module were left out: {host_lacks()}")
    without_browser = [r for r in terminalreporter.stats.get("skipped", []) if "headless browser" in str(r.longrepr)]
    if without_browser:
        terminalreporter.write_line(f"{len(without_browser)} tests of the pages were left out: {browser_lacks()}")
    without_validator = [r for r in terminalreporter.stats.get("skipped", []) if "dciodvfy" in str(r.longrepr)]
    if without_validator:
        terminalreporter.write_line(
            f"{len(without_validator)} validations of DICOM were left out: apt install dicom3tools (dciodvfy)"
        )
    without_dcmtk = [r for r in terminalreporter.stats.get("skipped", []) if "dsrdump" in str(r.longrepr)]
    if without_dcmtk:
        terminalreporter.write_line(
            f"{len(without_dcmtk)} openings of DICOM were left out: apt install dcmtk (dsrdump)"
        )
    without_pacs = [r for r in terminalreporter.stats.get("skipped", []) if "a PACS:" in str(r.longrepr)]
    if without_pacs:
        terminalreporter.write_line(f"{len(without_pacs)} tests of the node were left out: apt install orthanc dcmtk")
    if left_out:
        terminalreporter.write_line(
            f"{len(left_out)} tests that read real scans were left out: set AGE2HIE_TEST_DATA to their folder"
        )


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real scans; tests that use it carry the marker ``real``."""
    return Path(REAL_DATA)


@pytest.fixture(scope="session")
def untrained_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of two members with random weights that takes released z-maps and those of the bundled atlas."""
    from bundles import untrained_bundle  # imports torch, which most tests do without

    from AGE2HIELib.preprocess.atlas import load_atlas
    from AGE2HIELib.system.places import resource_path

    folder = tmp_path_factory.mktemp("models") / "untrained"
    untrained_bundle(folder, count=2, z_origins=("released", load_atlas(resource_path("atlas")).sha256))
    return folder


@pytest.fixture(scope="session")
def infant_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic newborn's stripped ADC map, 6 mm slices."""
    from AGE2HIELib.phantom.write import write_phantom

    folder = tmp_path_factory.mktemp("infant")
    scan = write_phantom(folder, seed=5, file_format="mha", injury="none", acquisition="6mm")
    return scan.rename(folder / "name-that-nobody-may-see.mha")


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DICOM folder of a known patient."""
    from hospital import named_study

    return named_study(tmp_path_factory.mktemp("s"))


@pytest.fixture(scope="session")
def predicted(study: Path, untrained_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A ``hospital.Run`` with DICOM objects."""
    from hospital import predict

    return predict(study, untrained_model, tmp_path_factory.mktemp("p") / "out", "--dicom")


@pytest.fixture(scope="session")
def refused(study: Path, untrained_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same of a scan that the gate refuses."""
    from hospital import half_study, predict

    half = half_study(study, tmp_path_factory.mktemp("h"))
    return predict(half, untrained_model, half.parent / "out", "--dicom")


@pytest.fixture(scope="session")
def python_slicer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a stand-in PythonSlicer, in a place with a space and letters beyond ASCII."""
    from workers import stand_in_python

    return stand_in_python(tmp_path_factory.mktemp("host") / "Programme für Zoë" / "bin")


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, python_slicer: Path, tmp_path: Path) -> Any:
    """The headless Slicer with an empty scene; tests that use it carry the marker ``host``."""
    from slicer_host import Host

    monkeypatch.setenv("PATH", f"{python_slicer}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("AGE2HIE_MODELS", str(tmp_path / "models"))
    started = Host.start()
    started.slicer.app.userSettings().clear()  # each test is a new user's first start
    return started


@pytest.fixture
def panel(host: Any) -> Any:
    """The module, entered; it is closed afterwards."""
    module = host.load(ROOT / "AGE2HIE" / "AGE2HIE.py")
    yield module
    module.close()


@pytest.fixture
def ready(host: Any, panel: Any) -> Any:
    """A scan whose result is on the screen."""
    from comparison_workers import MATRIX
    from panel_actions import add_volume, good, predict

    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    predict(host, panel, good(MATRIX))
    return panel


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where models are installed, not there yet."""
    folder = tmp_path / "models für Zoë"
    monkeypatch.setenv("AGE2HIE_MODELS", str(folder))
    return folder
