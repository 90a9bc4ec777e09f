"""Folds of ``training/run.py`` on a real scheduler with workers in processes of their own, of which some are killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from clusters import ROOT, LocalCluster, local_cluster
from learning_samples import write_prepared_infants

from AGE2HIELib.batch.engine import NOBODY, EngineLostError, ItemEnd, Listener
from AGE2HIELib.batch.worker import Memory
from AGE2HIELib.errors import InputError
from training.cluster_fits import LOCK, make_fit_once, make_fits_by, run_anywhere, see_run
from training.finetuning import LOGITS, planned_fits
from training.learning.fitting import WEIGHTS
from training.preparing.store import load_prepared
from training.run import main
from training.run_folder import RunFolder, called_as
from training.settings_reading import load_settings

FITS = 6  # two folds with two inner ones each, two exported networks
SETTINGS = [
    "network.channels=[4, 8, 8]",
    "finetune.epochs=8",
    "evaluate.protocols=[pooled]",
    "evaluate.arms=[scratch]",
    "export.arm=scratch",
    "hardware.accelerator=cpu",
]
WORDS = ["finetune", "--preset", "quick", *(word for one in SETTINGS for word in ("--set", one))]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """One worker, since each takes seconds to load what training needs."""
    with local_cluster(tmp_path_factory.mktemp("cluster"), 1) as started:
        yield started


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the run makes without a cluster."""
    root = prepared(tmp_path_factory.mktemp("local") / "run")
    assert main([*WORDS, "--set", "run.jobs=1", "--output", str(root)]) == 0
    return made(root)


def prepared(root: Path) -> Path:
    write_prepared_infants(root / "prepared" / "hie")
    return root


def made(root: Path) -> dict[str, bytes]:
    """Logits and weights, to the bit; of a log a kill may take the last row."""
    found = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob(LOGITS)}
    for path in root.rglob(WEIGHTS):  # the file itself also holds the name that it was written under
        weights = torch.load(path, weights_only=True)
        found |= {f"{path.relative_to(root)} {name}": value.numpy().tobytes() for name, value in weights.items()}
    return found


def wait_until(what: Callable[[], bool], seconds: float = 900.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.slow
def test_killed_worker_killed_client_and_the_networks_are_the_local_ones_to_the_bit(
    cluster: LocalCluster, local: dict[str, bytes], tmp_path: Path
) -> None:
    root = prepared(tmp_path / "run")
    words = [*WORDS, "--engine", "dask", "--scheduler", cluster.address, "--output", str(root)]
    command = [sys.executable, str(ROOT / "training" / "run.py"), *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as client:
        wait_until(lambda: any(root.rglob("last.ckpt")))
        for worker in cluster.workers():
            worker.kill()
        wait_until(lambda: any(root.rglob(LOGITS)))
        client.kill()
    early = {path: path.stat().st_mtime_ns for path in root.rglob(LOGITS)}
    assert 0 < len(early) < FITS
    assert main(words) == 0
    assert made(root) == local
    assert sum(len(content) for name, content in local.items() if WEIGHTS in name) > 2 * 4 * 1000  # two networks
    assert {path: path.stat().st_mtime_ns for path in early} == early
    assert not [*root.rglob(LOCK), *root.rglob("last.ckpt")]


def test_a_fit_that_another_process_is_at_is_waited_for_and_not_made_again(tmp_path: Path) -> None:
    run = RunFolder(prepared(tmp_path / "run"), load_settings("quick", None, SETTINGS))
    one = planned_fits(run.settings, load_prepared(run.prepared_hie).table)[0]
    folder = run.fits / one.name
    folder.mkdir(parents=True)
    held = (
        "import sys, time; from pathlib import Path; from filelock import FileLock; folder = Path(sys.argv[1])\n"
        f"with FileLock(folder / {LOCK!r}):\n"
        "    (folder / 'held').touch(); time.sleep(1.5)\n"
        f"    (folder / {LOGITS!r}).write_text('of another')\n"
    )
    with subprocess.Popen([sys.executable, "-c", held, str(folder)]):
        wait_until((folder / "held").exists)
        make_fit_once(run, one)
    assert (folder / LOGITS).read_text() == "of another"


@dataclass(frozen=True)
class Failing:
    """An engine whose items end so."""

    failures: Sequence[str]
    lost: bool = False

    def run(self, items: Sequence[Any], listener: Listener = NOBODY) -> Generator[ItemEnd, None, None]:
        for number, failure in enumerate(self.failures):
            yield ItemEnd(number, None, failure, Memory())
        if self.lost:
            raise EngineLostError("The scheduler tcp://head is gone.")


def test_failed_fits_are_told_when_all_others_have_ended(tmp_path: Path) -> None:
    settings = load_settings("quick", None, SETTINGS)
    write_prepared_infants(tmp_path / "hie")
    fits = planned_fits(settings, load_prepared(tmp_path / "hie").table)
    assert len(fits) == FITS
    make_fits_by(Failing([""] * FITS), fits)
    words = r"^1 of 6 fits failed; the same call tries them again\. scratch/pooled_pooled/repeat0_fold0/1: MemoryError$"
    with pytest.raises(InputError, match=words):
        make_fits_by(Failing(["", "MemoryError", "", "", "", ""]), fits)
    with pytest.raises(EngineLostError, match=r"is gone\. 3 of 6 fits are kept; the same call goes on"):
        make_fits_by(Failing(["", "MemoryError", "", ""], lost=True), fits)


def test_a_worker_that_sees_no_run_or_other_infants_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("AGE2HIELib.system.shared_disk._PATIENCE_S", 0.0)
    run = RunFolder(tmp_path / "run", load_settings("quick"))
    with pytest.raises(InputError, match=r"does not see the prepared infants of the run 'run'\. Workers need"):
        see_run(run, "0" * 64)
    prepared(run.root)
    assert see_run(run, "0" * 64) == run
    with pytest.raises(InputError, match="sees other infants in the run 'run' than this call"):
        see_run(run, "1" * 64)


def test_what_workers_get_names_no_folder_from_where_the_call_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings("quick", None, ["input.atlas=mine"])
    found = run_anywhere(RunFolder(Path("run"), settings))
    assert found.prepared_hie == tmp_path / "run" / "prepared" / "hie"
    assert found.settings.input.atlas_folder == found.settings.network.atlas == tmp_path / "mine"
    plain = RunFolder(tmp_path, load_settings("quick"), shared=Path("shared"))
    assert run_anywhere(plain) == replace(plain, shared=tmp_path / "shared")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["finetune", "--engine", "dask"], "--engine dask needs --scheduler ADDRESS"),
        (["--scheduler", "tcp://head:8786"], "only --engine dask asks"),
        (["pretrain", "--engine", "dask", "--scheduler", "tcp://head:8786"], "'pretrain' runs here"),
    ],
)
def test_engine_scheduler_and_step_go_together(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--output", str(tmp_path / "run")]) == 2
    assert said in capsys.readouterr().err
    assert not os.listdir(tmp_path)


def test_the_record_of_a_run_names_no_computer() -> None:
    words = ["finetune", "--engine", "dask", "--scheduler", "tcp://10.0.0.5:8786", "--output", "/a/b/run"]
    assert called_as(words) == "python training/run.py finetune --engine dask --scheduler ADDRESS --output run"
