"""The options of every command. Their names and values are a contract that scripts rely on.

Each option stands here once, and a command names those that it takes. An option that is not on the line leaves nothing
in the namespace where it belongs to a request: the defaults are those of ``Request``, or what ``--like`` brings.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from AGE2HIELib.pipeline.request import DEFAULT_METHODS, NETWORK_METHODS, SALIENCY_METHODS, TARGETS
from AGE2HIELib.system.progress import KINDS

# Named here and not taken from the modules that own them, which import numpy or torch; a test compares both.
ALIGN = ("auto", "on", "off")
DEVICES = ("auto", "cpu", "cuda", "mps")
FORMATS = ("nifti", "nrrd", "mha", "dicom")
INJURIES = ("none", "bgt", "watershed", "near-total")
ENGINES = ("local", "dask")
ACQUISITIONS = ("2mm", "2mm-shells", "4mm", "6mm")

READING, EXPLAINING, ATLAS, OUTPUT = "reading the scan", "saliency maps", "the atlas", "output"
DATASET, ELSEWHERE = "the dataset", "networks on another computer"
_SHARED = ("like", "align", "model", "atlas", "device", "prevalence", "override")  # of predict, batch and explain
_TIMING, _WORKER = ("age-days", "gestation-weeks", "cooled"), ("worker", "worker-certificate", "worker-token")
_CLINICAL = ("clinical", "keep-clinical")
_ENGINE = ("engine", "scheduler")
_WORDS = ("name", "provenance", "licence")
_BIDS = ("participant-label", "session-label", "bids-filter-file", "derivatives", "skip-bids-validation")
_WRITING = ("output", "overwrite", "progress")
_DOCTOR = ("install", "json", "slicer")
_INPUT = "DICOM folder, 4D NIfTI with .bval, DWI NRRD, ADC map"

Options = dict[str, argparse.ArgumentParser]


class Commands:
    """Makes the parsers of the commands; ``rare`` shows in the help what is seldom asked for as well."""

    def __init__(self, subparsers: argparse._SubParsersAction[Any], options: Options) -> None:
        self._subparsers, self._options = subparsers, options

    def add(self, name: str, function: str, text: str, options: Sequence[str] = ()) -> argparse.ArgumentParser:
        """``function`` is the module in ``commands`` and the function in it; ``options`` are names in ``_options``."""
        command: argparse.ArgumentParser = self._subparsers.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            allow_abbrev=False,
            parents=[self._options[option] for option in (*options, "help-all")],
        )
        command.set_defaults(command=function, takes=tuple(options), progress="text", output=None)
        return command

    def group(self, name: str, text: str) -> Commands:
        """A command that has commands of its own."""
        command = self._subparsers.add_parser(name, help=text, allow_abbrev=False)
        return Commands(command.add_subparsers(title="actions", metavar="ACTION", required=True), self._options)


def add_commands(top: argparse.ArgumentParser, *, rare: bool = False) -> None:
    """Every command of ``age2hie``; ``rare`` shows in the help what is seldom asked for, too."""
    commands = Commands(top.add_subparsers(title="commands", metavar="COMMAND", required=True), _options(rare=rare))
    _add_scan_commands(commands)
    _add_bids(commands)
    _add_synthetic(commands)
    _add_model(commands.group("model", "look into a model bundle, or install one"))
    _add_node(commands)
    _add_atlas(commands.group("atlas", "make a normative atlas, or look into one"))
    commands.add("doctor", "doctor:run", "check this computer before the first prediction", _DOCTOR)


def _add_scan_commands(commands: Commands) -> None:
    read = (*_SHARED, "series", "mask", "z-adc", "t1", "t2", *_TIMING)
    options = [*read, *_WORKER, *_CLINICAL, "saliency", "examine", *_WRITING, "dicom"]
    predict = commands.add("predict", "predict:run", "predict the outcome from one scan", options)
    predict.add_argument("input", type=Path, metavar="INPUT", help=_INPUT)
    options = [*_SHARED, *_CLINICAL, "saliency", "examine", "jobs", *_ENGINE, *_WRITING]
    batch = commands.add("batch", "batch:run", "predict every case of a folder", options)
    text = "a case is a subfolder (DICOM, or one scan) or a scan file in it"
    batch.add_argument("input", type=Path, metavar="FOLDER", help=text)
    explain = commands.add(
        "explain",
        "predict:run_explain",
        "several saliency maps of one scan, side by side",
        [*read, *_WORKER, "methods", "target", "layer", "share", "examine", *_WRITING],
    )
    text = f"{_INPUT}, a folder that predict has made; with --target age a T1-weighted NIfTI, MHA or NRRD"
    explain.add_argument("input", type=Path, metavar="INPUT", help=text)
    compare = commands.add(
        "compare",
        "compare:run",
        "two scans of one infant, and what has changed between them",
        ["age-days-first", "age-days-second", "cooled", "atlas", *_WRITING],
    )
    for which in ("first", "second"):
        text = f"folder that predict has made of the {which} scan"
        compare.add_argument(which, type=Path, metavar=which.upper(), help=text)
    reproduce = commands.add(
        "reproduce",
        "reproduce:run",
        "predict again what a result was made from, and compare",
        ["input", "mask", "z-adc", "t1", "t2", "model", "atlas", "age-days", "clinical", "device", "progress"],
    )
    reproduce.add_argument(
        "result", type=Path, metavar="RESULT", help="result.json, or the folder that predict has made"
    )
    check = commands.add(
        "check",
        "predict:run_check",
        "run the quality gate alone",
        ["like", "align", "atlas", "override", "series", "mask", *_TIMING, "progress"],
    )
    check.add_argument("input", type=Path, metavar="INPUT", help=_INPUT)
    text = "measure and score a lesion that a reader has corrected"
    lesion = commands.add("lesion", "lesion:run", text, ["atlas", "progress"])
    lesion.add_argument("input", type=Path, metavar="RESULT", help="a folder that predict has made")
    lesion.add_argument("--corrected", type=Path, metavar="FILE", required=True, help="the lesion, on the scan's grid")
    text = "write the DICOM objects of a result whose scan was DICOM"
    dicom = commands.add("dicom", "dicom:run", text, ["input", "series", "atlas", *_WRITING])
    dicom.add_argument("result", type=Path, metavar="RESULT", help="a folder that predict has made")
    adc = commands.add(
        "adc",
        "adc:run",
        "write the ADC map alone, in 1e-6 mm2/s; volumes are aligned only with --align auto or on",
        ["series", "align", "overwrite", "progress"],
    )
    adc.add_argument("input", type=Path, metavar="INPUT", help=_INPUT)
    adc.add_argument("--output", type=Path, required=True, metavar="FILE", help="image file to write")


def _add_bids(commands: Commands) -> None:
    text = "predict every scan of a BIDS dataset into a derivative dataset (a BIDS App)"
    taken = ("model", "atlas", "device", "align", "prevalence", "saliency", "examine", "jobs", "overwrite", "progress")
    bids = commands.add("bids", "bids:run", text, [*_BIDS, *taken])
    bids.add_argument("bids_dir", type=Path, metavar="BIDS_DIR", help="root of the dataset")
    bids.add_argument("output", type=Path, metavar="OUTPUT_DIR", help="derivative dataset to make, or to go on with")
    text = "participant: the scans; group: the tables of all of them"
    bids.add_argument("level", choices=("participant", "group"), metavar="participant|group", help=text)


def _add_synthetic(commands: Commands) -> None:
    text = "make a synthetic infant's raw scan and predict it"
    demo = commands.add("demo", "phantom:run_demo", text, ["overwrite", "progress"])
    folder = Path("age2hie-demo")
    demo.add_argument("--output", type=Path, default=folder, metavar="DIR", help=f"folder to make (default: {folder})")
    options = ["seed", "injury", "format", "acquisition", *_WRITING]
    commands.add("phantom", "phantom:run_phantom", "make a synthetic newborn's scan", options)


def _add_model(actions: Commands) -> None:
    for name, text in (("info", "what the bundle says of itself"), ("verify", "check every file and load the weights")):
        command = actions.add(name, f"model:run_model_{name}", text)
        command.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="default: the demonstration model")
    actions.add("list", "model:run_model_list", "the models that --model knows by name", ["json"])
    options = ["overwrite", "progress"]
    command = actions.add("install", "model:run_model_install", "unpack and check a model's archive", options)
    command.add_argument("archive", type=Path, metavar="ARCHIVE", help=".zip or .tar.gz of a model bundle")


def _add_atlas(actions: Commands) -> None:
    command = actions.add("info", "atlas:run_atlas_info", "what the atlas says of itself")
    command.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="default: the bundled atlas")
    command = actions.add(
        "build",
        "atlas:run_build",
        "build an atlas from ADC maps of normal newborns; --atlas gives frame and labels",
        ["lesions", "synthetic", "atlas", *_WORDS, "jobs", *_WRITING],
    )
    command.add_argument("input", type=Path, metavar="FOLDER", help="ADC maps (NIfTI, MHA, NRRD), one an infant")
    actions.add(
        "install",
        "atlas:run_install",
        "make an atlas folder from a published mean and sd; --mask is the brain, else where the mean is above 0",
        ["mean", "sd", "mask", *_WORDS, *_WRITING],
    )


def _add_node(commands: Commands) -> None:
    text = "receive studies from a PACS, predict them and send the results back, as --config FILE says (docs/node.md)"
    commands.add("node", "node:run", text, ["config", "explain-rules", "retry"])
    text = "run networks for other computers of this network, as --config FILE says (docs/serve.md)"
    commands.add("serve", "serve:run", text, ["config"])


def _options(*, rare: bool) -> Options:
    """A parser for each option, as ``parents=`` takes them; what a request knows has no default here."""
    made: Options = {}

    def add(group: str, name: str, text: str, *others: str, seldom: bool = False, **how: Any) -> None:
        """``others``: spellings that mean the same."""
        parser = argparse.ArgumentParser(add_help=False)
        shown = argparse.SUPPRESS if seldom and not rare else text
        parser.add_argument_group(group).add_argument(
            f"--{name}", *others, help=shown, **{"default": argparse.SUPPRESS, **how}
        )
        made[name] = parser

    text = "take the settings of this earlier result of predict; what stands on the line comes before them"
    add(READING, "like", text, type=Path, metavar="RESULT", default=None)
    text = "DICOM: which series to read: its number, or number:key as the message lists it"
    add(READING, "series", text, metavar="N")
    add(READING, "align", "align volumes: only where they moved (auto)", seldom=True, choices=ALIGN)
    add(READING, "mask", "brain mask on the scan's grid", type=Path, metavar="FILE")
    add(READING, "z-adc", "released z-map on the scan's grid", type=Path, metavar="FILE")
    text = "T1 of the infant, for models that read it"
    add(READING, "t1", text, seldom=True, type=Path, metavar="FILE")
    add(READING, "t2", text.replace("T1", "T2"), seldom=True, type=Path, metavar="FILE")
    text = "model bundle or installed model's name (default: the demonstration model)"
    add(READING, "model", text, type=Path, metavar="DIR")
    add(READING, "atlas", "atlas folder (default: the bundled one, synthetic)", type=Path, metavar="DIR")
    add(READING, "device", "where the network runs (default: auto)", seldom=True, choices=DEVICES)
    text = "another computer that runs the networks, https://HOST:PORT (age2hie serve); nothing is sent without this"
    add(ELSEWHERE, "worker", text, seldom=True, metavar="ADDRESS")
    for name, text in (("certificate", "PEM: its certificate, or its authority's"), ("token", "file with its token")):
        add(ELSEWHERE, f"worker-{name}", text, seldom=True, type=Path, metavar="FILE")
    add(READING, "age-days", "days after birth at the scan", type=float, metavar="N")
    text = "days after birth at the {} scan: low ADC may have returned to normal; give both"
    for which in ("first", "second"):
        add(READING, f"age-days-{which}", text.format(which), seldom=True, type=float, metavar="N")
    add(READING, "gestation-weeks", "gestational age at birth", type=float, metavar="N")
    add(READING, "cooled", "whether the infant was cooled", choices=("yes", "no"))
    text = "clinical variables: a JSON object, or a CSV with a header and one row; of a batch with a column 'case'"
    add(READING, "clinical", text, type=Path, metavar="FILE")
    text = "keep their values in result.json, but for the age (default: only which were given)"
    add(READING, "keep-clinical", text, seldom=True, action="store_true")
    text = "share of adverse outcomes among infants like this one where it was scanned (default: the calibration's)"
    add(READING, "prevalence", text, type=float, metavar="P")
    text = "go on in spite of this warning of the quality gate, on record; may be given again"
    add(READING, "override", text, action="append", metavar="CHECK")
    add(READING, "input", "the scan it was made from", type=Path, required=True, metavar="INPUT")

    every = (*SALIENCY_METHODS, *NETWORK_METHODS)
    add(EXPLAINING, "saliency", f"one of {', '.join(every)}", choices=every, metavar="METHOD")
    text = f"of {', '.join(every)} (default: {','.join(DEFAULT_METHODS)})"
    add(EXPLAINING, "methods", text, metavar="A,B")
    text = "what is explained: an outcome, or the age that the pretrained network reads from T1 (default: adverse)"
    add(EXPLAINING, "target", text, choices=TARGETS)
    add(EXPLAINING, "layer", "block, for the CAM family (default: model's)", seldom=True, metavar="NAME")
    text = "of the evidence that counts as marked (default: 0.5)"
    add(EXPLAINING, "share", text, seldom=True, type=float, metavar="S")
    text = "examine each map: is it the network's, is it repeatable, does the score follow it? Most of a minute each"
    add(EXPLAINING, "examine", text, action=argparse.BooleanOptionalAction)

    add(ATLAS, "mean", "mean ADC of normal newborns", type=Path, required=True, metavar="FILE")
    add(ATLAS, "sd", "standard deviation, on its grid", type=Path, required=True, metavar="FILE")
    add(ATLAS, "lesions", "masks NAME_lesion.* of voxels to skip", seldom=True, type=Path, metavar="DIR", default=None)
    text = "the maps are of no child: say so everywhere"
    add(ATLAS, "synthetic", text, seldom=True, action="store_true", default=False)
    add(ATLAS, "name", "for results (default: the output folder's name)", metavar="TEXT", default=None)
    add(ATLAS, "provenance", "whose scans these are, in a sentence", seldom=True, metavar="TEXT", default=None)
    add(ATLAS, "licence", "of the images", seldom=True, metavar="TEXT", default=None)

    add(READING, "config", "settings, in TOML", seldom=True, type=Path, required=True, metavar="FILE")
    text = "do not start: say of each series of this folder why it would or would not be read"
    add(READING, "explain-rules", text, seldom=True, type=Path, metavar="STUDY", default=None)
    text = "do not start: do this failed study (its digest), or 'all', again"
    add(READING, "retry", text, seldom=True, metavar="STUDY", default=None)

    add("the infant", "seed", "the same seed gives the same infant", type=int, default=0, metavar="N")
    add("the infant", "injury", "default: none", choices=INJURIES, default="none")
    add("the infant", "format", "default: nifti", seldom=True, choices=FORMATS, default="nifti")
    add("the infant", "acquisition", "default: 2mm", seldom=True, choices=ACQUISITIONS, default="2mm")

    text = "subjects to read, with or without sub- (default: all)"
    add(
        DATASET, "participant-label", text, "--participant_label", seldom=True, nargs="+", metavar="LABEL", default=None
    )
    text = "sessions to read, with or without ses- (default: all)"
    add(DATASET, "session-label", text, "--session_label", seldom=True, nargs="+", metavar="LABEL", default=None)
    text = "JSON that chooses between several scans of one visit by their entities"
    add(DATASET, "bids-filter-file", text, seldom=True, type=Path, metavar="FILE", default=None)
    text = "datasets with brain masks and prepared T1 images (default: those below BIDS_DIR/derivatives)"
    add(DATASET, "derivatives", text, seldom=True, type=Path, nargs="+", metavar="DIR", default=None)
    text = "do not have bids-validator-deno check the dataset first"
    add(DATASET, "skip-bids-validation", text, "--skip_bids_validator", seldom=True, action="store_true", default=False)

    add(OUTPUT, "output", "folder to make", type=Path, required=True, metavar="DIR")
    text = "replace an earlier result; a batch does complete cases again, too"
    add(OUTPUT, "overwrite", text, action="store_true", default=False)
    text = "for a DICOM scan: also report, segmentations, maps and captures for its study"
    add(OUTPUT, "dicom", text, action="store_true")
    add(OUTPUT, "jobs", "processes (default: as many as fit)", type=int, default=0, metavar="N")
    text = "where the work is done: processes here, or the workers of a dask.distributed scheduler (default: local)"
    add(OUTPUT, "engine", text, seldom=True, choices=ENGINES, default="local")
    text = "of --engine dask: its address, tcp://HEAD:8786"
    add(OUTPUT, "scheduler", text, seldom=True, metavar="ADDRESS", default=None)
    add(OUTPUT, "progress", "bar, JSON lines on stdout, or nothing", seldom=True, choices=KINDS, default="text")
    add(OUTPUT, "json", "for programs", seldom=True, action="store_true", default=False)
    add(OUTPUT, "slicer", "version of the Slicer that asks", seldom=True, metavar="VERSION", default=None)
    text = "first install what is missing from this folder of wheels, without network"
    add(OUTPUT, "install", text, seldom=True, type=Path, metavar="FOLDER", default=None)

    help_all = argparse.ArgumentParser(add_help=False)
    help_all.add_argument("--help-all", action="help", help="the rarely used options, too")
    return {**made, "help-all": help_all}
