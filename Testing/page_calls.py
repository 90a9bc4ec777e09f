"""Which commands of the pages are run and with what, and how the call of every other one is checked."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from page_commands import ROOT, Command

from AGE2HIELib import cli
from training.run import _parser as training_parser
from training.settings_reading import load_settings

# What stands for the words in capitals, unless a command says otherwise below
STANDS_FOR = {
    "SCAN": "scan.nii.gz",
    "INPUT": "scan.nii.gz",
    "STUDY": "study/dicom",
    "FOLDER": "cases",
    "FIRST": "first",
    "SECOND": "second",
    "RESULT": "first",
    "BIDS_DIR": "dataset",
    "OUTPUT_DIR": "derivative",
    "N": "3",
    "NAME": "6mm",
    "COMMAND": "predict",
}
# Commands that are run, with what stands for their words; "+" is added: a model that answers at once
QUICK = {"+": "--model,untrained"}
FIRST = "age2hie predict SCAN --output DIR"  # makes what compare and lesion ask for
RUN: dict[str, dict[str, str]] = {
    FIRST: {"DIR": "first", **QUICK},
    "age2hie batch FOLDER --output DIR": QUICK,
    "age2hie compare FIRST SECOND --output DIR": {},
    "age2hie compare FIRST SECOND --output DIR [--age-days-first N --age-days-second N] [--cooled yes|no]": {
        "+": "--age-days-second,5"
    },
    "age2hie predict SCAN --clinical FILE --output DIR": {"FILE": "clinical.json"},
    # without the slow methods, which Testing/test_saliency_methods.py asks
    "age2hie explain INPUT --output DIR --methods hirescam,layercam,integrated-gradients,occlusion": {
        "hirescam,layercam,integrated-gradients,occlusion": "hirescam,layercam",
        **QUICK,
    },
    "age2hie check INPUT": {},
    "age2hie adc INPUT --output FILE": {"FILE": "adc-alone.nii.gz"},
    "age2hie lesion DIR --corrected FILE": {"DIR": "first", "FILE": "first/lesion.nii.gz"},
    "age2hie lesion RESULT --corrected FILE": {"FILE": "first/lesion.nii.gz"},
    r"age2hie phantom --output DIR [--seed N] [--format nifti\|nrrd\|mha\|dicom] "
    r"[--injury none\|bgt\|watershed\|near-total] [--acquisition NAME]": {},
    "age2hie phantom --output newborn --format dicom --acquisition 6mm": {},
    "age2hie phantom --output DIR --injury bgt --acquisition 4mm --format nrrd --seed 11": {},
    r"age2hie model info\|verify [DIR]": {"DIR": "untrained"},
    "age2hie model info": {},
    "age2hie atlas info [DIR]": {"DIR": "atlases/mgh"},
    "age2hie atlas install --mean MEAN.nii.gz --sd STD.nii.gz --output atlases/mgh "
    '--provenance "Ou 2017, 0-14 days"': {},
    "age2hie node --config FILE [--explain-rules STUDY]": {"FILE": "node.toml"},
    "age2hie node --config node.toml --explain-rules STUDY": {},
    "age2hie doctor [--json]": {},
}
# Commands of which the call alone is checked here, and why: most are run by the test that is named
PARSED = {
    "age2hie predict INPUT --output DIR": "run as predict SCAN",
    "age2hie explain INPUT --output DIR": "run with methods",
    "age2hie explain T1.nii.gz --target age": "Testing/test_explain_age.py",
    "age2hie bids BIDS_DIR OUTPUT_DIR": "Testing/test_bids_app.py",
    "age2hie reproduce DIR/result.json --input SCAN": "Testing/test_reproduce.py",
    "age2hie predict STUDY --output DIR --dicom": "Testing/test_dicom_out.py",
    "age2hie predict SCAN --model runs/mine/model --output DIR": "as predict SCAN, run with a model of its own",
    "age2hie predict age2hie-demo/scan/dwi.nii.gz --output out": "run as predict SCAN",
    "age2hie atlas install --mean FILE --sd FILE --output DIR": "run with the names of docs/atlas.md",
    "age2hie atlas build": "a minute for six maps: Testing/test_normative.py",
    "age2hie model install ARCHIVE": "Testing/test_archive.py",
    "age2hie batch SCANS --output RESULTS --engine dask": "a scheduler: Testing/test_cluster.py",
    "age2hie dicom RESULT --input STUDY --output DIR": "Testing/test_dicom_later.py",
    "age2hie doctor --install wheels": "Testing/test_wheels.py",
    "age2hie serve": "runs until it is stopped: Testing/test_serving.py",
    "age2hie predict SCAN --output DIR --worker": "another computer: Testing/test_elsewhere.py",
    "age2hie predict SCAN --model DIR --t1 FILE --t2 FILE": "a model of its own: Testing/test_fused.py",
    "age2hie demo [--output DIR]": "Testing/test_end_to_end.py",
    "age2hie node --config node.toml": "runs until it is stopped: Testing/test_node_end_to_end.py",
    "age2hie explain SCAN --methods regional-residuals": "a network of its own: Testing/test_covariance_network.py",
    "age2hie explain SCAN --methods anomaly": "a network of its own: Testing/test_autoencoder.py",
    "age2hie explain T1 --target age --methods anomaly": "a network of its own: Testing/test_autoencoder.py",
    "age2hie COMMAND --help": "ends by itself: Testing/test_docs.py",
    "make": "the whole of something: the target is there",
    "python training/run.py": "minutes to days: Testing/test_run.py, test_check_data.py; settings are read",
    "torchrun": "several processes: the step is read",
    "python training/throughput.py": "minutes, and a GPU for most of it: script and options are there",
    "python benchmark/": "minutes to hours: script and options are there",
    "python container/": "root, or MONAI Deploy: the script is there",
    "docker build": "no container runtime: the stage is there, container/check.py runs its steps",
    "docker run": "no container runtime: what the image is asked is read",
    "monai-deploy": "Docker",
    "pip ": "the network: the extras are there",
    "sudo": "changes the computer",
    "/usr/bin/storescu": "a PACS: Testing/test_node_end_to_end.py sends by storescu",
    "echoscu": "a node that runs: Testing/test_node_end_to_end.py",
}


def reason(command: Command) -> str:
    """Why only the call is checked: of the entries that fit the longest; empty where none does."""
    return max((start for start in PARSED if command.text.startswith(start)), key=len, default="")


def is_mention(command: Command) -> bool:
    """``age2hie reproduce`` in a sentence names a command, and is no call."""
    return command.words[0] == "age2hie" and len(command.words) <= 3 and not re.search(r"[A-Z]", command.text)


def called(command: Command, out: str) -> list[str]:
    """The words with what stands for the capitals; ``out`` is a folder that is not there yet."""
    own = RUN.get(command.text, {})
    meant = {**STANDS_FOR, "DIR": out, **own}
    words = [meant.get(word, word) for word in command.words]
    return words + [word for word in own.get("+", "").split(",") if word]


def check_age2hie(command: Command) -> None:
    words = called(command, "out")[1:]
    if words[-1] == "--help":
        with pytest.raises(SystemExit):
            cli.parser().parse_args(words)
    else:
        whole = words if "--output" in words or words[0] not in ("explain", "predict") else [*words, "--output", "out"]
        cli.parser().parse_args(whole)


def check_python(command: Command) -> None:
    _, script, *words = command.words
    file = ROOT / script
    assert file.is_file()
    if script == "training/run.py":
        check_training(words)
    elif script.startswith(("benchmark/", "training/")):
        options = set(options_of(file))
        assert {word for word in words if word.startswith("--")} - {"--help"} <= options


def check_training(words: list[str]) -> None:
    given = training_parser().parse_args(words)
    changes = [change.replace("=NEW", "=1.0.0").replace("=FOLDER", "=here") for change in given.set]
    load_settings(given.preset or "demo", None, changes)


def options_of(file: Path) -> Iterator[str]:
    """What ``add_argument`` is told in a script."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_argument":
            yield from (one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str))


def check_make(command: Command) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{re.escape(command.words[1])}:", makefile, re.MULTILINE)


def check_docker(command: Command) -> None:
    words = command.words
    if words[1] == "build":
        target = words[words.index("--target") + 1]
        assert re.search(rf"^FROM .* AS {target}$", (ROOT / "Containerfile").read_text(encoding="utf-8"), re.MULTILINE)
        assert (ROOT / words[words.index("-f") + 1]).is_file()
    else:
        image = next((word for word in words if re.fullmatch(r"age2hie(-\w+)?", word)), "")
        asked = words[words.index(image) + 1 :] if image else []
        if asked:
            cli.parser().parse_args(["bids", *asked] if image == "age2hie-bids" else asked)


def check_pip(command: Command) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for listed in re.findall(r"\[([\w,]+)\]", command.text):
        assert set(listed.split(",")) <= set(extras)


def check_torchrun(command: Command) -> None:
    at = command.words.index("training/run.py")
    check_training(command.words[at + 1 :])


def check_nothing(command: Command) -> None:
    """A program of others."""


CHECKS: dict[str, Callable[[Command], None]] = {
    "age2hie": check_age2hie,
    "python": check_python,
    "make": check_make,
    "docker": check_docker,
    "pip": check_pip,
    "torchrun": check_torchrun,
    **dict.fromkeys(("sudo", "/usr/bin/storescu", "echoscu", "monai-deploy"), check_nothing),
}
