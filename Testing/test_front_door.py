"""``import AGE2HIELib as hie``: a dozen names, each with an example that runs, none of which costs an import."""

from __future__ import annotations

import doctest
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import AGE2HIELib as hie
from AGE2HIELib.cli import main
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.phantom.write import write_phantom

ROOT = Path(__file__).resolve().parent.parent
NAMES = [name for name in hie.__all__ if name != "__version__"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the two commands make that the package's docstring names."""
    made = tmp_path_factory.mktemp("front door")
    (made / "newborn").mkdir()
    write_phantom(made / "newborn", seed=7, file_format="mha", injury="bgt", acquisition="6mm")
    assert main(["predict", str(made / "newborn" / "adc.mha"), "--output", str(made / "result")]) == 0
    return made


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_every_name_runs(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (example,) = doctest.DocTestFinder(recurse=False).find(getattr(hie, name), name, globs={})
    assert example.examples
    said: list[str] = []
    options = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    doctest.DocTestRunner(optionflags=options).run(example, out=said.append)
    assert not said, "".join(said)


def test_the_placement_of_a_result_brings_the_regions_of_that_result(folder: Path) -> None:
    atlas = hie.load_atlas()
    placement = hie.read_placement(folder / "result", atlas)
    written = to_canonical(read_volume(folder / "result" / "regions.nii.gz"))
    labels = placement.to_native(atlas.labels, interpolation="nearest")
    assert labels.grid.same_as(written.grid)
    assert (written.array > 0).sum() > 10_000
    np.testing.assert_array_equal(labels.array, written.array)


def test_a_placement_of_another_atlas_or_of_before_is_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "result"
    shutil.copytree(folder / "result", other)
    with pytest.raises(hie.InputError, match="was made with the atlas"):
        hie.read_placement(other, replace(hie.load_atlas(), sha256="0" * 64))
    (other / "placement.h5").unlink()
    with pytest.raises(hie.InputError, match=r"holds no placement.h5"):
        hie.read_placement(other, hie.load_atlas())


def test_importing_the_package_imports_nothing_else() -> None:
    program = (
        "import sys; before = set(sys.modules); import AGE2HIELib as hie; dir(hie)\n"
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "['AGE2HIELib']\n"


def test_a_name_brings_no_more_than_it_needs() -> None:
    """torch takes a second: it is there for who explains, and not before."""
    program = (
        "import sys; import AGE2HIELib as hie\n"
        "hie.Request(); print({'numpy', 'torch'} & sys.modules.keys())\n"
        f"[getattr(hie, name) for name in {NAMES!r} if name != 'explain']; print('torch' in sys.modules)\n"
        "print(hie.explain.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["set()", "False", "AGE2HIELib.pipeline.explanation"]


def test_every_name_is_told_and_typed(tmp_path: Path) -> None:
    import_module("AGE2HIELib.pipeline.analysis")  # which makes submodules attributes of the package
    assert set(dir(hie)) == set(hie.__all__)
    asked = "".join(f"reveal_type(hie.{name})\n" for name in NAMES)
    (tmp_path / "asked.py").write_text(f"import AGE2HIELib as hie\n{asked}hie.predikt\n")
    command = [sys.executable, "-m", "mypy", str(tmp_path / "asked.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    told = [line for line in done.stdout.splitlines() if "Revealed type" in line]
    assert len(told) == len(NAMES), done.stdout + done.stderr
    assert not [line for line in told if '"Any"' in line or '"builtins.object"' in line]
    assert 'Module has no attribute "predikt"' in done.stdout
    with pytest.raises(AttributeError, match="predikt"):
        _ = hie.predikt
