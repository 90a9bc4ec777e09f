"""The options of every command. Their names and values are a contract that scripts rely on."""

from __future__ import annotations

import argparse
from pathlib import Path

from AGE2HIELib.pipeline.request import ADVERSE, DEFAULT_METHODS, SALIENCY_METHODS, TARGETS
from AGE2HIELib.system.progress import KINDS

# Named here and not taken from the modules that own them, which import numpy or torch; a test compares both.
ALIGN = ("auto", "on", "off")
DEVICES = ("auto", "cpu", "cuda", "mps")
FORMATS = ("nifti", "nrrd", "mha", "dicom")
INJURIES = ("none", "bgt", "watershed", "near-total")
ACQUISITIONS = ("2mm", "2mm-shells", "4mm", "6mm")


def add_commands(top: argparse.ArgumentParser) -> None:
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_predict(commands)
    _add_batch(commands)
    _add_explain(commands)
    _add_reproduce(commands)
    _add_check(commands)
    _add_adc(commands)
    _add_demo(commands)
    _add_phantom(commands)
    _add_model(commands)
    _add_atlas(commands)
    _add_doctor(commands)


def _add_predict(commands) -> None:  # type: ignore[no-untyped-def]  # argparse does not publish the type
    command = _new(commands, "predict", "predict:run", "predict the outcome from one scan")
    _add_reading(command)
    command.add_argument("--align", choices=ALIGN, default="auto", help="align volumes: only where they moved (auto)")
    command.add_argument("--mask", type=Path, metavar="FILE", help="brain mask on the scan's grid")
    command.add_argument("--z-adc", type=Path, metavar="FILE", help="released z-map on the scan's grid")
    command.add_argument(
        "--model",
        type=Path,
        metavar="DIR",
        help="model bundle or installed model's name (default: the demonstration model)",
    )
    command.add_argument("--atlas", type=Path, metavar="DIR", help="atlas folder (default: the bundled one, synthetic)")
    _add_timing(command)
    _add_prevalence(command)
    _add_override(command)
    _add_saliency(command)
    _add_examine(command)
    command.add_argument("--device", choices=DEVICES, default="auto", help="where the network runs (default: auto)")
    text = "for a DICOM scan: also a structured report and captures for its study"
    command.add_argument("--dicom", action="store_true", help=text)
    _add_output(command, required=True)
    _add_progress(command)


def _add_batch(commands) -> None:  # type: ignore[no-untyped-def]
    command = _new(commands, "batch", "batch:run", "predict every case of a folder")
    command.add_argument(
        "input", type=Path, metavar="FOLDER", help="a case is a subfolder (DICOM, or one scan) or a scan file in it"
    )
    command.add_argument("--align", choices=ALIGN, default="auto", help="align volumes: only where they moved (auto)")
    command.add_argument("--model", type=Path, metavar="DIR", help="model bundle or installed model's name")
    command.add_argument("--atlas", type=Path, metavar="DIR", help="atlas folder (default: the bundled one, synthetic)")
    _add_saliency(command)
    _add_prevalence(command)
    _add_override(command)
    _add_examine(command)
    command.add_argument("--device", choices=DEVICES, default="auto", help="where the network runs (default: auto)")
    command.add_argument("--jobs", type=int, default=0, metavar="N", help="processes (default: as many as fit)")
    command.add_argument("--output", type=Path, required=True, metavar="DIR", help="a folder for each case, cases.tsv")
    command.add_argument("--overwrite", action="store_true", help="do complete cases again, too")
    _add_progress(command)


def _add_explain(commands) -> None:  # type: ignore[no-untyped-def]
    command = _new(commands, "explain", "explain:run", "several saliency maps of one scan, side by side")
    _add_reading(command, more=", a folder that predict has made; with --target age a T1-weighted NIfTI, MHA or NRRD")
    _add_prevalence(command)
    _add_timing(command)
    _add_override(command)
    command.add_argument(
        "--methods", default=",".join(DEFAULT_METHODS), metavar="A,B", help=f"of {', '.join(SALIENCY_METHODS)}"
    )
    text = "what is explained: an outcome, or the age that the pretrained network reads from T1 (default: adverse)"
    command.add_argument("--target", choices=TARGETS, default=ADVERSE, help=text)
    command.add_argument("--layer", metavar="NAME", help="block of the network, for the CAM family (default: model's)")
    command.add_argument("--share", type=float, default=0.5, metavar="S", help="of the evidence that counts as marked")
    _add_examine(command)
    command.add_argument("--align", choices=ALIGN, default="auto", help="align volumes: only where they moved (auto)")
    command.add_argument("--mask", type=Path, metavar="FILE", help="brain mask on the scan's grid")
    command.add_argument("--z-adc", type=Path, metavar="FILE", help="released z-map on the scan's grid")
    command.add_argument("--model", type=Path, metavar="DIR", help="model bundle or installed model's name")
    command.add_argument("--atlas", type=Path, metavar="DIR", help="atlas folder (default: the bundled one, synthetic)")
    command.add_argument("--device", choices=DEVICES, default="auto", help="where the network runs (default: auto)")
    _add_output(command, required=True)
    _add_progress(command)


def _add_reproduce(commands) -> None:  # type: ignore[no-untyped-def]
    command = _new(commands, "reproduce", "reproduce:run", "predict again what a result was made from, and compare")
    command.add_argument("result", type=Path, metavar="RESULT", help="result.json, or the folder that predict has made")
    command.add_argument("--input", type=Path, required=True, metavar="INPUT", help="the scan it was made from")
    command.add_argument("--mask", type=Path, metavar="FILE", help="the brain mask, where one was given")
    command.add_argument("--z-adc", type=Path, metavar="FILE", help="the released z-map, where one was given")
    command.add_argument("--model", type=Path, metavar="DIR", help="default: the bundled or installed one it names")
    command.add_argument("--atlas", type=Path, metavar="DIR", help="atlas folder (default: the bundled one, synthetic)")
    command.add_argument("--age-days", type=float, metavar="N", help="days after birth at the scan, where it was given")
    command.add_argument("--device", choices=DEVICES, help="default: where the result was made, if it is there")
    _add_progress(command)


def _add_check(commands) -> None:  # type: ignore[no-untyped-def]
    command = _new(commands, "check", "check:run", "run the quality gate alone")
    _add_reading(command)
    command.add_argument("--align", choices=ALIGN, default="auto", help="align volumes: only where they moved (auto)")
    command.add_argument("--mask", type=Path, metavar="FILE", help="brain mask on the scan's grid")
    command.add_argument("--atlas", type=Path, metavar="DIR", help="atlas folder (default: the bundled one, synthetic)")
    _add_timing(command)
    _add_override(command)
    _add_progress(command)


def _add_adc(commands) -> None:  # type: ignore[no-untyped-def]
    command = _new(commands, "adc", "adc:run", "write the ADC map alone, in 1e-6 mm2/s")
    _add_reading(command)
    command.add_argument("--align", choices=ALIGN, default="off", help="align volumes first (default: off)")
    command.add_argument("--output", type=Path, required=True, metavar="FILE", help="image file to write")
    command.add_argument("--overwrite", action="store_true", help="replace an existing file")
    _add_progress(command)


def _add_demo(commands) -> None:  # type: ignore[no-untyped-def]
    command = _new(commands, "demo", "phantom:run_demo", "make a synthetic infant's raw scan and predict it")
    command.add_argument(
        "--output", type=Path, default=Path("age2hie-demo"), metavar="DIR", help="default: age2hie-demo"
    )
    command.add_argument("--overwrite", action="store_true", help="replace an earlier result")
    _add_progress(command)


def _add_phantom(commands) -> None:  # type: ignore[no-untyped-def]
    command = _new(commands, "phantom", "phantom:run_phantom", "make a synthetic newborn's scan")
    command.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed gives the same infant")
    command.add_argument("--format", choices=FORMATS, default="nifti", help="default: nifti")
    command.add_argument("--injury", choices=INJURIES, default="none", help="default: none")
    command.add_argument("--acquisition", choices=ACQUISITIONS, default="2mm", help="default: 2mm")
    _add_output(command, required=True)
    _add_progress(command)


def _add_model(commands) -> None:  # type: ignore[no-untyped-def]
    group = commands.add_parser("model", help="look into a model bundle, or install one", allow_abbrev=False)
    actions = group.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, text in (("info", "what the bundle says of itself"), ("verify", "check every file and load the weights")):
        command = _new(actions, name, f"facts:run_model_{name}", text)
        command.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="default: the demonstration model")
    command = _new(actions, "list", "facts:run_model_list", "the models that --model knows by name")
    command.add_argument("--json", action="store_true", help="for programs")
    command = _new(actions, "install", "facts:run_model_install", "unpack and check a model's archive")
    command.add_argument("archive", type=Path, metavar="ARCHIVE", help=".zip or .tar.gz of a model bundle")
    command.add_argument("--overwrite", action="store_true", help="replace the same version")


def _add_atlas(commands) -> None:  # type: ignore[no-untyped-def]
    group = commands.add_parser("atlas", help="make a normative atlas, or look into one", allow_abbrev=False)
    actions = group.add_subparsers(title="actions", metavar="ACTION", required=True)
    command = _new(actions, "info", "atlas:run_atlas_info", "what the atlas says of itself")
    command.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="default: the bundled atlas")
    command = _new(actions, "build", "atlas:run_build", "build an atlas from ADC maps of normal newborns")
    command.add_argument("input", type=Path, metavar="FOLDER", help="ADC maps (NIfTI, MHA, NRRD), one an infant")
    command.add_argument("--lesions", type=Path, metavar="DIR", help="masks NAME_lesion.* of voxels to leave out")
    command.add_argument("--atlas", type=Path, metavar="DIR", help="gives frame and labels (default: the bundled one)")
    command.add_argument("--synthetic", action="store_true", help="the maps are of no child: say so everywhere")
    command.add_argument("--jobs", type=int, default=0, metavar="N", help="processes (default: every core)")
    _add_atlas_words(command)
    command = _new(actions, "install", "atlas:run_install", "make an atlas folder from a published mean and sd")
    command.add_argument("--mean", type=Path, required=True, metavar="FILE", help="mean ADC of normal newborns")
    command.add_argument("--sd", type=Path, required=True, metavar="FILE", help="standard deviation, on its grid")
    command.add_argument("--brain", type=Path, metavar="FILE", help="brain mask, on its grid (default: mean over 0)")
    _add_atlas_words(command)


def _add_atlas_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("--name", metavar="TEXT", help="for results (default: the output folder's name)")
    command.add_argument("--provenance", metavar="TEXT", help="whose scans these are, in a sentence")
    command.add_argument("--licence", metavar="TEXT", help="of the images")
    _add_output(command, required=True)
    _add_progress(command)


def _add_doctor(commands) -> None:  # type: ignore[no-untyped-def]
    command = _new(commands, "doctor", "doctor:run", "check this computer before the first prediction")
    command.add_argument("--json", action="store_true", help="for programs")
    command.add_argument("--slicer", metavar="VERSION", help="version of the Slicer that asks")


def _new(commands, name: str, function: str, text: str) -> argparse.ArgumentParser:  # type: ignore[no-untyped-def]
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False
    )
    command.set_defaults(command=function, progress="text", output=None)
    return command


def _add_timing(command: argparse.ArgumentParser) -> None:
    command.add_argument("--age-days", type=float, metavar="N", help="days after birth at the scan")
    command.add_argument("--gestation-weeks", type=float, metavar="N", help="gestational age at birth")
    command.add_argument("--cooled", choices=("yes", "no"), help="whether the infant was cooled")


def _add_prevalence(command: argparse.ArgumentParser) -> None:
    text = "share of adverse outcomes among infants like this one where it was scanned (default: the calibration's)"
    command.add_argument("--prevalence", type=float, metavar="P", help=text)


def _add_saliency(command: argparse.ArgumentParser) -> None:
    text = f"one of {', '.join(SALIENCY_METHODS)}"
    command.add_argument("--saliency", choices=SALIENCY_METHODS, metavar="METHOD", help=text)


def _add_override(command: argparse.ArgumentParser) -> None:
    text = "go on in spite of this warning of the quality gate, on record; may be given again"
    command.add_argument("--override", action="append", default=[], metavar="CHECK", help=text)


def _add_examine(command: argparse.ArgumentParser) -> None:
    text = "question each map: is it the network's, is it repeatable, does the score follow it? Most of a minute each"
    command.add_argument("--examine", action="store_true", help=text)


def _add_reading(command: argparse.ArgumentParser, more: str = "") -> None:
    command.add_argument(
        "input", type=Path, metavar="INPUT", help=f"DICOM folder, 4D NIfTI with .bval, DWI NRRD, ADC map{more}"
    )
    command.add_argument(
        "--series", metavar="N", help="DICOM: which series to read: its number, or number:key as the message lists it"
    )


def _add_output(command: argparse.ArgumentParser, *, required: bool) -> None:
    command.add_argument("--output", type=Path, required=required, metavar="DIR", help="folder to make")
    command.add_argument("--overwrite", action="store_true", help="replace an earlier result")


def _add_progress(command: argparse.ArgumentParser) -> None:
    command.add_argument("--progress", choices=KINDS, default="text", help="bar, JSON lines on stdout, or nothing")
