"""What ``engine.py`` and ``engine_faults.py`` share: cases of known kinds, and a cluster on this computer."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from batch import program
from batch_cases import PREDICTED, REFUSED, link_cases, mixed
from clusters import LocalCluster, local_cluster


@dataclass(frozen=True)
class Scene:
    """``kinds/`` in ``folder`` holds a case of each kind.

    Attributes:
        codes: how a case of each kind ends.
        more: words for ``age2hie batch``.
        seed: of the order of the cases.
    """

    folder: Path
    codes: dict[str, int]
    more: list[str]
    seed: int

    def only(self, kinds: Sequence[str], folder: Path) -> Scene:
        """The same with some of the kinds, in a folder of its own."""
        (folder / "kinds").mkdir(parents=True)
        for kind in kinds:
            (folder / "kinds" / kind).symlink_to(self.folder / "kinds" / kind, target_is_directory=True)
        return replace(self, folder=folder, codes={kind: self.codes[kind] for kind in kinds})

    def link(self, name: str, count: int, *, predicted: int, refused: int = 0) -> dict[str, str]:
        """Cases in the folder of that name; the kind of each."""
        shares = {PREDICTED: predicted / count, REFUSED: refused / count}
        return link_cases(self.folder / "kinds", self.folder / name, mixed(self.codes, count, shares, self.seed))

    def batch(self, cases: str, output: str, *more: str) -> list[str]:
        """The command."""
        folders = (str(self.folder / cases), "--output", str(self.folder / output))
        return program("batch", *folders, *self.more, *more)


@contextmanager
def cluster_of(scene: Scene, workers: int) -> Iterator[LocalCluster]:
    """Once all of them have joined."""
    from distributed import Client

    with tempfile.TemporaryDirectory(dir=scene.folder) as folder, local_cluster(Path(folder), workers) as cluster:
        with Client(cluster.address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=300)
        yield cluster


def on(cluster: LocalCluster) -> tuple[str, ...]:
    return ("--engine", "dask", "--scheduler", cluster.address)
