"""Systems that are one convolutional network over the whole volume, and one without training as their control."""

from __future__ import annotations

from training.systems.system import OF_BLOCKS, System

CONVOLUTIONAL = (
    System(
        name="sfcn",
        title="Simple fully convolutional network",
        what="Blocks of convolution, norm and maximum pooling, and a linear head on the mean of the last features.",
        source="doi:10.1016/j.media.2020.101871",
        reports="UK Biobank, 14,503 subjects: mean absolute error 2.14 years.",
        targets="both",
        settings={"network.name": "sfcn", "network.pooling": "mean"},
        published={"network.channels": [32, 64, 128, 256, 256, 64], "pretrain.learns": "year-bins"},
        made_map=OF_BLOCKS,
        differs="Group norm for batch norm, whose statistics a batch of eight infants cannot give; fewer and narrower "
        "blocks with the small presets; SFCN's soft labels in bins of a year with the full one only.",
        published_years=2.14,
        falls_short="group norm and a mean over the image: in so few epochs old ages are not told apart; batch norm, "
        "as published, tells them, and its statistics suit no batch of eight infants",
    ),
    System(
        name="sum-of-places",
        title="Sum of the evidence of places",
        what="The SFCN's blocks; every cell of the last one gives evidence, whose sum is the logit on a log scale.",
        source="arXiv:1802.04712",
        reports="The idea (multiple-instance learning, every part is asked); no figure for brains.",
        targets="both",
        settings={"network.name": "sfcn", "network.pooling": "places"},
        published={"network.channels": [32, 64, 128, 256, 256, 64]},
        made_map=OF_BLOCKS,
        differs="A plain sum of positive evidence in place of attention weights.",
    ),
    System(
        name="sum-of-voxels",
        title="Sum of the evidence of voxels (the demonstration model's network)",
        what="Evidence of every voxel by its own values, summed, to which the SFCN's features add within bounds.",
        source="this project",
        reports="",
        targets="both",
        settings={"network.name": "sfcn", "network.pooling": "voxels"},
        published={"network.channels": [32, 64, 128, 256, 256, 64]},
        made_map=OF_BLOCKS,
        differs="",
    ),
    System(
        name="resnet18",
        title="3D ResNet-18",
        what="MONAI's residual network with group norm.",
        source="doi:10.1109/CVPR.2016.90",
        reports="Photographs, not brains; one of the families of the reviews of brain age.",
        targets="both",
        settings={"network.name": "resnet18", "network.pooling": "mean"},
        made_map=OF_BLOCKS,
        differs="Three dimensions, group norm.",
        cost=2.5,
    ),
    System(
        name="densenet121",
        title="3D DenseNet-121",
        what="MONAI's densely connected network with group norm.",
        source="doi:10.1109/CVPR.2017.243",
        reports="Photographs, not brains; one of the families of the reviews of brain age.",
        targets="both",
        settings={"network.name": "densenet121", "network.pooling": "mean"},
        made_map=OF_BLOCKS,
        differs="Three dimensions, group norm.",
        cost=4.0,
    ),
    System(
        name="untrained",
        title="The SFCN without training: the control",
        what="Random weights that stay as they are under a linear head that learns: what the architecture alone gives.",
        source="this project",
        reports="",
        targets="outcome",
        settings={
            "network.name": "sfcn",
            "network.pooling": "mean",
            "evaluate.arms": ["untrained-frozen"],
            "export.arm": "untrained-frozen",
        },
        made_map=OF_BLOCKS,
        differs="",
        cost=0.4,
    ),
)
