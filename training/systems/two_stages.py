"""The two-stage network with its ranking loss, and each of its parts without the other."""

from __future__ import annotations

from training.systems.system import System

_SOURCE = "arXiv:2106.03052"
_DIFFERS = (
    "The sex of the subject does not enter; ranks are counted softly in place of a recurrent network that sorts 32 "
    "numbers; AdamW on a cosine as for all systems here, in place of SGD that a validation set halves and stops; the "
    "stem keeps the image's size; with the small presets narrower, and four dense layers in place of five."
)
_SMALL = {"network.options": {"width": 4, "layers": 4}}
_PUBLISHED = {"network.options": {"width": 8, "layers": 5}, "network.norm": "batch"}

TWO_STAGES = (
    System(
        name="two-stage",
        title="Two-stage network with ranking loss (TSAN)",
        what="ScaleDense twice: the second network reads a residual off the image beside the first one's age, rounded "
        "to five years; squared error, order and differences of pairs are learned together.",
        source=_SOURCE,
        reports="6,586 MRIs: mean absolute error 2.428 years, correlation 0.985.",
        targets="both",
        settings={
            "network.name": "scaledense",
            "network.pooling": "mean",
            "pretrain.head": "two-stage",
            "pretrain.ranking": True,
        },
        small=_SMALL,
        published=_PUBLISHED,
        made_map="Of age: HiResCAM of the residual, given the rounded age. Of the outcome: as of the SFCN.",
        differs=_DIFFERS,
        published_years=2.428,
        falls_short="a width of 4 for 8 and one dense layer less",
        cost=4.0,
    ),
    System(
        name="scaledense",
        title="ScaleDense alone: one stage, no ranking",
        what="The same trunk with this project's loss: what two stages and the ranking add.",
        source=_SOURCE,
        reports="",
        targets="both",
        settings={"network.name": "scaledense", "network.pooling": "mean"},
        small=_SMALL,
        published=_PUBLISHED,
        made_map="HiResCAM: what each cell of a block adds to the number.",
        differs=_DIFFERS,
        cost=2.5,
    ),
)
