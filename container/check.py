"""Runs the steps of the Containerfile without a container runtime, calls every entry point as a container would be
called, and prints what came of it. Linux, as root: ``python container/check.py [--work DIR] [TARGET ...]``.

Each call runs as the image's user, over a read-only root, with ``/tmp`` in memory and without any network.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "benchmark"))

from figures import Figures
from stages import Built, Isolation, build, read_containerfile, run

ROOT = Path(__file__).resolve().parent.parent
TARGETS = ("cli", "bids", "grand-challenge", "monai-deploy")
_USER = 65532
_TO_MHA = (
    "import SimpleITK as s; s.WriteImage(s.Cast(s.ReadImage('/data/predicted/z_adc.nii.gz'), s.sitkFloat32), "
    "'/data/z.mha')"
)
_SHUT_IN = """
import os, socket
def refused(call):
    try:
        call()
    except OSError:
        return True
    return False
held = {
    "not root": os.getuid() != 0,
    "root is read-only": refused(lambda: open("/opt/age2hie/x", "w")) and refused(lambda: open("/x", "w")),
    "no network": refused(lambda: socket.create_connection(("1.1.1.1", 443), 2)),
}
print(held)
raise SystemExit(not all(held.values()))
"""


@dataclass(frozen=True)
class Called:
    """One call of an entry point; ``missing``: files that it should have written; ``figure``: its name in results."""

    target: str
    call: str
    code: int
    expected: int
    seconds: float
    missing: tuple[str, ...]
    said: str
    figure: str = ""

    @property
    def good(self) -> bool:
        return self.code == self.expected and not self.missing


@dataclass
class Bench:
    """Where the samples lie and what was called so far."""

    samples: Path
    images: Mapping[str, Built]
    done: list[Called]

    def call(
        self,
        target: str,
        arguments: Sequence[str],
        writes: Sequence[str] = (),
        *,
        mounts: Mapping[str, Path] | None = None,
        readable: Mapping[str, Path] | None = None,
        expected: int = 0,
        python: bool = False,
        variables: Mapping[str, str] | None = None,
        figure: str = "",
    ) -> Called:
        """``python``: another program than the entry point, as ``--entrypoint python`` would run it."""
        image = self.images[target]
        image = replace(image, environment={**image.environment, **(variables or {})})
        command = ("python", *arguments) if python else (*image.entry, *arguments)
        inside = Isolation(mounts=mounts or {"/data": self.samples}, readable=readable or {})
        start = time.perf_counter()
        ended = run(image, command, inside, quiet=True)
        seconds = time.perf_counter() - start
        missing = tuple(name for name in writes if not (self.samples / name).is_file())
        said = (ended.stderr or ended.stdout).strip().splitlines()
        shown = " ".join(
            [Path(image.entry[0]).name if not python else "python", *(" ".join(one.split())[:40] for one in arguments)]
        )
        last = said[-1] if said else ""
        made = Called(target, shown[:70], ended.returncode, expected, seconds, missing, last, figure)
        self.done.append(made)
        print(f"[{target}] {'ok' if made.good else 'FAILED'}: {made.call}", flush=True)
        if not made.good:
            print("\n".join(said[-15:]), flush=True)
        return made


def call_cli(bench: Bench) -> None:
    bench.call("cli", ["--version"])
    bench.call("cli", ["-c", _SHUT_IN], python=True)
    bench.call("cli", ["phantom", "--format", "mha", "--acquisition", "6mm", "--output", "/data/mha"], ["mha/adc.mha"])
    made = ["predicted/result.json", "predicted/report.html", "predicted/saliency.nii.gz"]
    bench.call("cli", ["predict", "/data/mha/adc.mha", "--output", "/data/predicted"], made, figure="cli/predict")
    bench.call("cli", ["predict", "/data/nothing.mha", "--output", "/data/none"], expected=2, figure="cli/missing")


def call_bids(bench: Bench) -> None:
    """The dataset is readable and the output writable, as ``-v DATA:/data:ro -v OUT:/out`` mounts them."""
    bench.call(
        "cli", ["phantom", "--injury", "bgt", "--acquisition", "6mm", "--output", "/data/raw"], ["raw/dwi.nii.gz"]
    )
    dataset = bench.samples / "dataset"
    folder = dataset / "sub-01" / "dwi"
    folder.mkdir(parents=True)
    for end in (".nii.gz", ".bval", ".bvec"):
        shutil.copy(bench.samples / f"raw/dwi{end}", folder / f"sub-01_dwi{end}")
    description = {"Name": "a synthetic newborn", "BIDSVersion": "1.10.0", "DatasetType": "raw"}
    (dataset / "dataset_description.json").write_text(json.dumps(description), encoding="utf-8")
    out = _writable(bench.samples / "derivative")
    places = {"mounts": {"/output": out}, "readable": {"/input": dataset}}
    made = ["derivative/sub-01/dwi/sub-01_desc-age2hie_ADC.nii.gz", "derivative/sub-01.html"]
    asked = ["/input", "/output", "participant", "--participant-label", "01"]
    bench.call("bids", asked, made, figure="bids/participant", **places)  # type: ignore[arg-type]
    table = ["derivative/phenotype/age2hie.tsv"]
    bench.call("bids", ["/input", "/output", "group"], table, figure="bids/group", **places)  # type: ignore[arg-type]


def call_grand_challenge(bench: Bench) -> None:
    """Without an argument, over ``/input`` and ``/output``; then a scan that the gate refuses."""
    bench.call("cli", ["-c", _TO_MHA], ["z.mha"], python=True)
    for name, adc in (("challenge", "mha/adc.mha"), ("refused", "")):
        images = bench.samples / name / "in" / "images"
        _place(bench.samples / "mha/adc.mha", images / "skull-stripped-adc-brain-mri" / "a.mha", empty=not adc)
        if adc:
            _place(bench.samples / "z.mha", images / "z-score-adc" / "a.mha")
        out = _writable(bench.samples / name / "out")
        answer = f"{name}/out/2-year-neurocognitive-outcome.json"
        places = {"mounts": {"/output": out}, "readable": {"/input": images.parent}}
        if adc:
            bench.call("grand-challenge", [], [answer], figure="grand-challenge/predict", **places)  # type: ignore[arg-type]
            said = (bench.samples / answer).read_text() if (bench.samples / answer).is_file() else "nothing"
            print(f"[grand-challenge] the answer is {said.strip()}", flush=True)
        else:
            bench.call("grand-challenge", [], expected=2, figure="grand-challenge/damaged", **places)  # type: ignore[arg-type]


def call_monai_deploy(bench: Bench) -> None:
    """As a MAP is called: folders by the environment."""
    bench.call("cli", ["phantom", "--format", "dicom", "--acquisition", "6mm", "--output", "/data/study"])
    out = _writable(bench.samples / "map")
    variables = {"HOLOSCAN_INPUT_PATH": "/input", "HOLOSCAN_OUTPUT_PATH": "/output"}
    made = ["map/age2hie/result.json", "map/age2hie/report.html"]
    places = {"mounts": {"/output": out}, "readable": {"/input": bench.samples / "study" / "dicom"}}
    bench.call("monai-deploy", [], made, variables=variables, figure="monai-deploy/study", **places)  # type: ignore[arg-type]


CALLS: Mapping[str, Callable[[Bench], None]] = {
    "cli": call_cli,
    "bids": call_bids,
    "grand-challenge": call_grand_challenge,
    "monai-deploy": call_monai_deploy,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], default=TARGETS)
    parser.add_argument("--work", type=Path, help="keep the stages here, and take those that are there")
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args()
    if sys.platform != "linux" or os.geteuid() != 0:
        print("check.py: needs Linux and root, for unshare and chroot.", file=sys.stderr)
        return 2
    arguments, stages = read_containerfile(ROOT / "Containerfile")
    arguments |= dict(one.split("=", 1) for one in given.build_arg)
    with tempfile.TemporaryDirectory(prefix="age2hie-container-") as folder:
        work = (given.work or Path(folder, "stages")).resolve()
        work.mkdir(parents=True, exist_ok=True)
        wanted = ["cli", *(one for one in given.targets if one != "cli")]
        images = {name: build(stages, name, ROOT, work, arguments) for name in wanted}
        bench = Bench(_writable(Path(folder, "samples")), images, [])
        os.chmod(folder, 0o755)
        for name in wanted:
            CALLS[name](bench)
        print(_table(bench.done))
        figures = Figures("containers")
        for one in bench.done:
            if one.figure:
                figures.add(f"{one.figure}/exit", one.code)
                figures.add(f"{one.figure}/seconds", one.seconds, "s")
        figures.write()
        return 0 if all(one.good for one in bench.done) else 1


def _table(done: Sequence[Called]) -> str:
    lines = ["", "| target | call | exit | s | |", "| --- | --- | --- | --- | --- |"]
    for one in done:
        verdict = "ok" if one.good else f"FAILED {' '.join(one.missing)} {one.said[:80]}"
        lines.append(f"| {one.target} | `{one.call}` | {one.code} | {one.seconds:.1f} | {verdict} |")
    return "\n".join(lines)


def _writable(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, _USER, _USER)
    return folder


def _place(source: Path, target: Path, *, empty: bool = False) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes()[: 2000 if empty else None])


if __name__ == "__main__":
    sys.exit(main())
