"""What a run is made of: every setting with its meaning.

A setting that does not exist is an error, and so is a value of the wrong kind. ``settings_reading`` reads them from
presets, small files and the command line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from AGE2HIELib.system.places import resource_path
from training.settings_values import (
    NetworkName,
    cases_by_site,
    check_map,
    check_options,
    known_method,
    number_or_all,
    number_or_folder,
)

SYNTHETIC = "synthetic"

# Nobody has changed these, and no preset does.
T1_PLACEMENT: Literal["affine", "rigid"] = "affine"  # a rigid one keeps the size of the brain, and with it the age
WEIGHT_DECAY = 1e-3  # of AdamW, in pretraining and fine-tuning
FINETUNE_BATCH = 8  # infants; cohorts are small
_POOLINGS_ELSEWHERE = 5  # of MONAI's ResNet and DenseNet, and of ScaleDense as published
FUSED = "fused"  # a stem for each sequence, any of which may be missing
STREAMS = "streams"  # one of contrast and one of morphometry
OF_PARTS = ("patches", "global-local")  # networks that answer for every part of the image
_POOLINGS_OF_PARTS = 3  # sides that are multiples of 8 cells let the parts lie evenly

# the last four: by what else than age a trunk has learned
Arm = Literal[
    "transfer", "scratch", "shuffled-age", "untrained-frozen", "sex", "segmentation", "reconstruction", "age+sex"
]
Protocol = Literal["same-site", "pooled", "cross-site"]


class Section(BaseModel):
    """Values that cannot be changed once they are read."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Run(Section):
    """``jobs`` processes prepare images and fit networks side by side, each with one thread; they change no result."""

    seed: int = Field(0, ge=0, description="of cohorts, folds, first weights and augmentation")
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
    cases: Annotated[dict[str, Annotated[int, Field(ge=1)]], BeforeValidator(cases_by_site)] = Field(
        default={"MGH": 84, "BCH": 72}, min_length=1, description="synthetic cases of each site"
    )
    z_maps: Literal["released", "atlas"] = Field("released", description="z-maps to use where released ones are there")


class InputGrid(Section):
    """The grid that both modalities are placed on, centred on the atlas."""

    spacing_mm: float = Field(4.0, ge=0.5, le=16, description="side of a cell")
    atlas: str = Field("", description="normative atlas of the infants' z-maps; the bundled one unless given")

    @property
    def atlas_folder(self) -> Path:
        return Path(self.atlas) if self.atlas else resource_path("atlas")


class Network(Section):
    """The encoder. ``channels`` are read by all but resnet18 and densenet121, MONAI's, which have their own widths.
    In two dimensions: slab (the mean of the slices in ``slab_mm``), three-planes, slices (a bag of all slices with
    attention), global-local (a transformer). patches answers for cubes of 48 mm, each by itself;
    covariance is over regions, and autoencoder the SFCN with a decoder; fused also reads the infants' T1 and T2, and
    streams how each brain had to be deformed to the template.
    """

    name: NetworkName = Field(
        "sfcn",
        description="or resnet18, densenet121, scaledense, vgg, slab, three-planes, slices, patches, global-local, "
        "covariance, autoencoder, fused, streams, swin",
    )
    options: dict[str, Any] = Field({}, description="further arguments of that network, as docs/systems.md says them")
    channels: tuple[int, ...] = Field((8, 16, 32, 32, 16), description="of each block")
    norm: Literal["group", "batch"] = Field("group", description="of every block")
    slab_mm: tuple[float, float] = Field(
        (0.0, 14.0), description="of slab, three-planes, global-local: z in the atlas's frame; deep grey matter"
    )
    dropout: float = Field(0.1, ge=0, lt=1, description="before the last layer")
    pooling: Literal["voxels", "places", "mean"] = Field(
        "voxels",
        description="of the outcome: evidence of every voxel, of every cell, or the mean of features; not of patches "
        "and global-local",
    )
    _spacing_mm: float = PrivateAttr(default=4.0)
    _atlas: Path = PrivateAttr(default_factory=lambda: resource_path("atlas"))

    @property
    def poolings(self) -> int:
        """How many times cells are halved, which the grid's sides must allow."""
        own = len(self.channels)
        known = {
            "sfcn": own - 1,
            "autoencoder": own - 1,
            **dict.fromkeys((FUSED, STREAMS), own - 1),
            "covariance": 0,
            "resnet18": _POOLINGS_ELSEWHERE,
            "densenet121": _POOLINGS_ELSEWHERE,
            "scaledense": int(self.options.get("layers", _POOLINGS_ELSEWHERE)),
            **dict.fromkeys(OF_PARTS, _POOLINGS_OF_PARTS),
        }
        return known.get(self.name, own)

    @property
    def spacing_mm(self) -> float:
        """Of the grid that it is fed, ``input.spacing_mm``: slabs and cubes lie at places in mm."""
        return self._spacing_mm

    @property
    def atlas(self) -> Path:
        """Folder of the atlas, ``input.atlas``: whose regions a network over regions has."""
        return self._atlas


class Pretrain(Section):
    """Brain age from T1."""

    learns: Literal["years", "log-years", "year-bins"] = Field(
        "years", description="years; log(age + 0.75 years), for infants; SFCN's soft labels in bins of a year"
    )
    seeds: int = Field(1, ge=1, description="networks of each kind; repeats (or members) start from them in turn")
    epochs: int = Field(40, ge=1, description="passes over the subjects")
    batch_size: int = Field(8, ge=1, description="subjects of a step")
    learning_rate: float = Field(5e-3, gt=0, description="highest one")
    head: Literal["one-stage", "two-stage"] = Field(
        "one-stage", description="two-stage: a second network corrects the rounded age of the first; with years only"
    )
    weights: str = Field("", description="a .pt or .safetensors file of this network's weights, where learning starts")
    ranking: bool = Field(False, description="squared error, order and differences of pairs in place of Huber's loss")


class Finetune(Section):
    """The outcome from ADC maps."""

    epochs: int = Field(16, ge=1, description="passes over the infants")
    head_rate: float = Field(1e-2, gt=0, description="highest learning rate of the last layer")
    trunk_rate: float = Field(1e-3, gt=0, description="of the last block, for pretrained trunks")
    release: Literal["block by block", "together"] = Field(
        "block by block", description="how a pretrained trunk begins to learn, after a tenth of the epochs or the first"
    )
    scratch_rate: float = Field(5e-3, gt=0, description="of a network without pretraining")
    auxiliary: bool = Field(False, description="also learn the lesion's load and place from 3LABEL")
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
    systems: tuple[str, ...] = Field((), description="by name, that compare-systems runs; all unless given")


class Export(Section):
    """The bundle: networks of the named arm, which is one of ``evaluate.arms``, that were trained on all cases;
    ``members`` of them, best as many as ``evaluate.inner_folds``: then the ensembles that calibrate are of their size.
    """

    arm: Arm = Field("transfer", description="that is exported")
    members: int = Field(3, ge=2, description="networks of the bundle")
    name: str = Field("age2hie-run", description="of the model")
    version: str = Field("0.1.0", description="of the model")
    calibration: Annotated[int | str, BeforeValidator(number_or_folder)] = Field(
        0, description="infants no network saw, who calibrate it: a number of synthetic ones, a folder; 0: out of fold"
    )


class Explain(Section):
    """Which maps the steps ``examine`` and ``age-maps`` make. No network depends on it: it may change in a run."""

    cases: Annotated[int | Literal["all"], BeforeValidator(number_or_all)] = Field(
        6, description="infants whose map by the exported model is examined, half a minute or more each; or all"
    )
    subjects: int = Field(6, ge=0, description="held-out T1 subjects whose age is explained")
    method: Annotated[str, AfterValidator(known_method)] = Field("hirescam", description="as in age2hie --saliency")


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
        if self.pretrain.learns == "year-bins" and self.pretrain.ranking:
            raise ValueError("pretrain.ranking orders single ages, and pretrain.learns=year-bins gives a distribution")
        if self.pretrain.learns != "years" and self.pretrain.head == "two-stage":
            raise ValueError(f"pretrain.head=two-stage rounds years, and pretrain.learns is {self.pretrain.learns}")
        if self.network.name in OF_PARTS and self.pretrain.head == "two-stage":
            raise ValueError(f"pretrain.head=two-stage has one first age, and {self.network.name} one for every part")
        return self

    @model_validator(mode="after")
    def _fitting(self) -> TrainingSettings:
        check_options(self.network.name, self.network.options)
        check_map(self.network.name, self.explain.method)
        twice = {arm for arm in self.evaluate.arms if self.evaluate.arms.count(arm) > 1}
        if twice:
            raise ValueError(
                f"the setting evaluate.arms names {', '.join(sorted(twice))} more than once: name each arm once"
            )
        return self

    @model_validator(mode="after")
    def _placed(self) -> TrainingSettings:
        self.network._spacing_mm, self.network._atlas = self.input.spacing_mm, self.input.atlas_folder
        if self.network.name in OF_PARTS and self.pretrain.learns == "year-bins":
            raise ValueError(
                f"the network {self.network.name} has an age for every part, which are averaged, and pretrain.learns "
                "year-bins has none to average: choose years or log-years"
            )
        return self

    @property
    def synthetic(self) -> bool:
        """Whether the outcome model sees synthetic infants only: then it is a demonstration."""
        return self.hie.source == SYNTHETIC
