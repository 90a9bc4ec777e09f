"""What a run is made of: every setting with its meaning, read from presets, small files and the command line.

A setting that does not exist is an error, and so is a value of the wrong kind. The settings of a run are written into
its folder, and a run folder is never continued with other ones.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from AGE2HIELib.errors import InputError
from AGE2HIELib.pipeline.request import SALIENCY_METHODS
from AGE2HIELib.system.places import resource_path

CONFIGS = Path(__file__).parent / "configs"
PRESETS = ("demo", "quick", "bundle", "full")
SYNTHETIC = "synthetic"
_FREE = (
    "run.jobs",
    "explain.",
    "export.name",
    "export.version",
)  # settings that a run may be continued with other values of

# Nobody has changed these, and no preset does.
T1_PLACEMENT: Literal["affine", "rigid"] = "affine"  # a rigid one keeps the size of the brain, and with it the age
WEIGHT_DECAY = 1e-3  # of AdamW, in pretraining and fine-tuning
FINETUNE_BATCH = 8  # infants; cohorts are small
_POOLINGS_ELSEWHERE = 5  # of MONAI's ResNet and DenseNet

Arm = Literal["transfer", "scratch", "shuffled-age", "untrained-frozen"]
Protocol = Literal["same-site", "pooled", "cross-site"]


class Section(BaseModel):
    """Values that cannot be changed once they are read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Run(Section):
    """``jobs`` processes prepare images and fit networks side by side, each with one thread; they change no result."""

    seed: int = Field(0, description="of cohorts, folds, first weights and augmentation")
    jobs: int = Field(0, ge=0, description="processes; 0 means one for each core")


class Ages(Section):
    """Where the pretraining scans come from: ``synthetic``, or a BIDS folder of T1w with ages."""

    source: str = Field(SYNTHETIC, description="synthetic, or a folder")
    subjects: int = Field(600, ge=8, description="synthetic subjects, the held-out ones included")
    held_out: float = Field(0.25, gt=0, lt=1, description="share of the subjects that the network never learns from")


class Hie(Section):
    """Where the infants come from: ``synthetic``, or a folder in the BONBID-HIE layout with ``outcomes.toml``."""

    source: str = Field(SYNTHETIC, description="synthetic, or a folder")
    outcomes: str = Field("", description="the mapping file; outcomes.toml in the folder unless given")
    outcome: str = Field("", description="one of the table's further outcomes, learned instead of the main one")
    cases: dict[str, int] = Field(default={"MGH": 84, "BCH": 72}, description="synthetic cases of each site")
    z_maps: Literal["released", "atlas"] = Field("released", description="z-maps to use where released ones are there")


class InputGrid(Section):
    """The grid that both modalities are placed on, centred on the atlas."""

    spacing_mm: float = Field(4.0, gt=0, description="side of a cell")
    atlas: str = Field("", description="normative atlas of the infants' z-maps; the bundled one unless given")

    @property
    def atlas_folder(self) -> Path:
        return Path(self.atlas) if self.atlas else resource_path("atlas")


class Network(Section):
    """The encoder. ``channels`` and ``norm`` are read by the SFCN; MONAI's networks have their own widths."""

    name: Literal["sfcn", "resnet18", "densenet121", "covariance", "autoencoder"] = Field(
        "sfcn", description="or resnet18, densenet121, covariance (over regions), autoencoder (on the SFCN)"
    )
    channels: tuple[int, ...] = Field(
        (8, 16, 32, 32, 16), description="of each block of the SFCN, of each filter of the covariance network"
    )
    norm: Literal["group", "batch"] = Field("group", description="of the SFCN")
    dropout: float = Field(0.1, ge=0, lt=1, description="before the last layer")
    pooling: Literal["voxels", "places", "mean"] = Field(
        "voxels", description="of the outcome: evidence of every voxel, of every cell, or the mean of features"
    )

    @property
    def poolings(self) -> int:
        """How many times cells are halved, which the grid's sides must allow."""
        if self.name == "covariance":
            return 0
        return len(self.channels) - 1 if self.name in ("sfcn", "autoencoder") else _POOLINGS_ELSEWHERE


class Pretrain(Section):
    """Brain age from T1."""

    learns: Literal["years", "log-years", "year-bins"] = Field(
        "years", description="years; log(age + 0.75 years), for infants; SFCN's soft labels in bins of a year"
    )
    seeds: int = Field(1, ge=1, description="networks of each kind; repeats (or members) start from them in turn")
    epochs: int = Field(40, ge=1, description="passes over the subjects")
    batch_size: int = Field(8, ge=1, description="subjects of a step")
    learning_rate: float = Field(5e-3, gt=0, description="highest one")


class Finetune(Section):
    """The outcome from ADC maps."""

    epochs: int = Field(16, ge=1, description="passes over the infants")
    head_rate: float = Field(1e-2, gt=0, description="highest learning rate of the last layer")
    trunk_rate: float = Field(1e-3, gt=0, description="of the last block, for pretrained trunks")
    release: Literal["block by block", "together"] = Field(
        "block by block", description="how a pretrained trunk begins to learn, after a tenth of the epochs or the first"
    )
    scratch_rate: float = Field(5e-3, gt=0, description="of a network without pretraining")
    auxiliary: bool = Field(False, description="also learn the lesion's load and place from 3LABEL; not in the model")
    augment: bool = Field(True, description="vary the images at random")

    @property
    def layer_decay(self) -> float:
        """Factor of the trunk's rate from block to block towards the input."""
        return 0.9 if self.release == "together" else 0.7

    @property
    def frozen_epochs(self) -> int:
        """Epochs in which only head and stem of a pretrained trunk learn."""
        return 1 if self.release == "together" else max(1, self.epochs // 10)

    @property
    def unfreeze_every(self) -> int:
        """Epochs from one block's release to the next."""
        return 0 if self.release == "together" else max(1, self.epochs // 20)


class Evaluate(Section):
    """``inner_folds`` networks learn for each test fold; the cases each left out set threshold and calibration of that
    fold. The test cases of ``pooled`` (of ``same-site`` where there is one site) calibrate the exported model.
    """

    folds: int = Field(3, ge=2, description="each case is tested in one of them")
    repeats: int = Field(1, ge=1, description="of the folds, drawn anew")
    inner_folds: int = Field(2, ge=2, description="networks of a fold")
    arms: tuple[Arm, ...] = Field(
        ("transfer", "scratch", "shuffled-age", "untrained-frozen"), description="ways of learning that are compared"
    )
    protocols: tuple[Protocol, ...] = Field(("same-site", "pooled", "cross-site"), description="how cases are divided")
    resamples: int = Field(1000, ge=50, description="of the bootstrap")


class Export(Section):
    """The bundle: networks of the named arm, which is one of ``evaluate.arms``, that were trained on all cases;
    ``members`` of them, best as many as ``evaluate.inner_folds``: then the ensembles that calibrate are of their size.
    """

    arm: Arm = Field("transfer", description="that is exported")
    members: int = Field(3, ge=2, description="networks of the bundle")
    name: str = Field("age2hie-run", description="of the model")
    version: str = Field("0.1.0", description="of the model")


def _number_or_all(value: Any) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if not whole and value != "all":
        raise ValueError("give a number of infants, 0 for none, or all")
    return value


def _known_method(name: str) -> str:
    if name not in SALIENCY_METHODS:
        raise ValueError(f"choose one of {', '.join(SALIENCY_METHODS)}")
    return name


class Explain(Section):
    """Which maps the steps ``examine`` and ``age-maps`` make. No network depends on it: it may change in a run."""

    cases: Annotated[int | Literal["all"], BeforeValidator(_number_or_all)] = Field(
        6, description="infants whose map by the exported model is examined, half a minute or more each; or all"
    )
    subjects: int = Field(6, ge=0, description="held-out T1 subjects whose age is explained")
    method: Annotated[str, AfterValidator(_known_method)] = Field("hirescam", description="as in age2hie --saliency")


class Hardware(Section):
    """Passed on to Lightning; ``torchrun`` sets the number of processes."""

    accelerator: Literal["auto", "cpu", "gpu", "mps"] = Field("auto", description="auto takes what there is")
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = Field("32-true", description="of Lightning")


class TrainingSettings(Section):
    """Everything, section by section."""

    run: Run = Run()
    ages: Ages = Ages()
    hie: Hie = Hie()
    input: InputGrid = InputGrid()
    network: Network = Network()
    pretrain: Pretrain = Pretrain()
    finetune: Finetune = Finetune()
    evaluate: Evaluate = Evaluate()
    export: Export = Export()
    explain: Explain = Explain()
    hardware: Hardware = Hardware()

    @model_validator(mode="after")
    def _calibrated(self) -> TrainingSettings:
        if self.export.arm not in self.evaluate.arms:
            raise ValueError(
                f"the exported arm {self.export.arm} is not among evaluate.arms ({', '.join(self.evaluate.arms)}), "
                "whose test cases calibrate it: add it there, or export another one"
            )
        return self

    @property
    def synthetic(self) -> bool:
        """Whether the outcome model sees synthetic infants only: then it is a demonstration."""
        return self.hie.source == SYNTHETIC


def load_settings(preset: str, config: Path | None = None, changes: Sequence[str] = ()) -> TrainingSettings:
    """A preset, changed by a TOML or YAML file, changed by ``section.key=value`` from the command line.

    Raises:
        InputError: a file that cannot be read, an unknown key, a value of the wrong kind: all of them, a line each.
    """
    table = _read(CONFIGS / f"{preset}.toml")
    if config is not None:
        table = _merged(table, _read(config))
    for change in changes:
        table = _merged(table, _from_words(change))
    return check_settings(table)


def check_settings(table: Mapping[str, Any]) -> TrainingSettings:
    """A table of plain values as settings; InputError names every key that is wrong."""
    try:
        return TrainingSettings.model_validate(table)
    except ValidationError as problem:
        raise InputError("; ".join(_in_words(error) for error in problem.errors())) from None


def differences(old: TrainingSettings, new: TrainingSettings) -> list[str]:
    """The settings in which two runs differ, as ``section.key: old, now new``, but for those that change no
    network: ``run.jobs``, what is explained, and what the export is called.
    """
    before, after = (_flat(settings.model_dump(mode="json")) for settings in (old, new))
    changed = [key for key in before if before[key] != after[key] and not key.startswith(_FREE)]
    return [f"{key}: {before[key]}, now {after[key]}" for key in changed]


def _flat(table: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{section}.{key}": value for section, values in table.items() for key, value in values.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        table = yaml.safe_load(text) if path.suffix in (".yaml", ".yml") else tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError) as problem:
        raise InputError(f"{path.name} cannot be read ({problem}). Give a TOML or YAML file of settings.") from problem
    if not isinstance(table, dict | None):
        raise InputError(
            f"{path.name} holds a {type(table).__name__}. Write sections, as in training/configs/demo.toml."
        )
    return table or {}


def _merged(table: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(table)
    for key, value in changes.items():
        old = merged.get(key)
        whole = not (isinstance(old, dict) and isinstance(value, dict)) or key == "cases"
        merged[key] = value if whole else _merged(merged[key], value)
    return merged


def _from_words(change: str) -> dict[str, Any]:
    path, sign, value = change.partition("=")
    section, dot, key = path.partition(".")
    if not (sign and dot and key):
        raise InputError(f"'{change}' is no setting. Write it as section.key=value, for example pretrain.epochs=5.")
    return {section.strip(): {key.strip(): yaml.safe_load(value)}}


def _in_words(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"There is no setting '{where}'. See training/settings.py for those there are"
    if not where:  # of the settings taken together
        return str(error["ctx"]["error"]).capitalize()
    return f"The setting '{where}' is {error['input']!r}: {error['msg'].lower()}"
