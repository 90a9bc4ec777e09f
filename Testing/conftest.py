"""Where the real scans are, and the line that says how many tests were left out without them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REAL_DATA = os.environ.get("AGE2HIE_TEST_DATA", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
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
    """A bundle of random weights that takes released z-maps and those of the bundled atlas."""
    from bundles import untrained_bundle  # imports torch, which most tests do without

    from AGE2HIELib.preprocess.atlas import load_atlas
    from AGE2HIELib.resources import resource_path

    folder = tmp_path_factory.mktemp("models") / "untrained"
    untrained_bundle(folder, z_origins=("released", load_atlas(resource_path("atlas")).sha256))
    return folder


@pytest.fixture(scope="session")
def infant_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic newborn's stripped ADC map, 6 mm slices."""
    from AGE2HIELib.phantom.write import write_phantom

    folder = tmp_path_factory.mktemp("infant")
    scan = write_phantom(folder, seed=5, file_format="mha", injury="none", acquisition="6mm")
    return scan.rename(folder / "name-that-nobody-may-see.mha")
