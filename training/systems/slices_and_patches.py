"""Systems that look at slices or at parts of the brain, and the VGG that two of them are made of."""

from __future__ import annotations

from training.systems.system import OF_BLOCKS, System

_SMALL = (16, 32, 64)
# As published. With group norm, which perhaps takes away what the level of a part says of age, the slab was 22.4 years
# off in 66 held-out phantoms (the mean age 23.2) and 8.0 with batch norm, the slices 18.8 and 9.2; both were looked at.
_NORM = {"network.norm": "batch"}
_SLAB = "arXiv:2112.13811"
_LOCAL = "What each part answers by itself, less the answer for the whole; a voxel has the mean of the parts around it."

SLICES_AND_PATCHES = (
    System(
        name="vgg8",
        title="3D VGG8",
        what="Four blocks of two convolutions and a pooling, and a linear head on the mean of the last features.",
        source="arXiv:1409.1556",
        reports="Photographs, not brains; one of the families of the reviews of brain age.",
        targets="both",
        settings={"network.name": "vgg", "network.pooling": "mean", **_NORM},
        small={"network.channels": _SMALL},
        published={"network.channels": [64, 128, 256, 512]},
        made_map=OF_BLOCKS,
        differs="Three dimensions, batch norm, no dense layers of 4096; three blocks with the small presets.",
        cost=3.0,
    ),
    System(
        name="thick-slab",
        title="Thick slab (2D)",
        what="The mean of the axial slices through the deep grey matter, read as one image in two dimensions.",
        source=_SLAB,
        reports="Four ages (newborn to 36 months) of 84 infants from T1, T2 and PD: accuracy 0.90 (0.86 to 0.94), "
        "above that of a 3D network.",
        targets="both",
        settings={"network.name": "slab", "network.pooling": "mean", **_NORM},
        small={"network.channels": _SMALL, "network.options": {"dense": [32]}},
        published={"network.channels": [64, 64, 128], "network.options": {"dense": [128, 128]}, "network.dropout": 0.2},
        made_map=OF_BLOCKS,
        differs="A slab at a fixed place of the atlas (z of 0 to 14 mm) for the four central slices; T1, or ADC and z, "
        "for three weightings; an age or an outcome for four classes; no limit on the dense layers' norm. Inner folds "
        "choose nothing on the fold that is reported.",
        cost=0.4,
    ),
    System(
        name="three-planes",
        title="Three planes (2.5D)",
        what="An axial, a coronal and a sagittal slab, each with a trunk of its own, whose features are joined.",
        source=_SLAB,
        reports="As for the thick slab; the paper prefers the single slab.",
        targets="both",
        settings={"network.name": "three-planes", "network.pooling": "mean", **_NORM},
        small={"network.channels": _SMALL, "network.options": {"dense": [32]}},
        published={"network.channels": [64, 96, 128, 128], "network.options": {"dense": [512]}, "network.dropout": 0.2},
        made_map=OF_BLOCKS,
        differs="As for the thick slab; the three trunks have the same widths.",
        cost=0.6,
    ),
    System(
        name="slice-bag",
        title="Bag of slices with attention (multiple instances)",
        what="One encoder for every axial slice; gated attention says how much each of them counts.",
        source="arXiv:1802.04712",
        reports="The idea; an entry of the BONBID challenge of 2024 (outcome) is built so, with an EfficientNet-B0 a "
        "slice (github.com/jwc-rad/bonbid24-outcome-jwc). No figure of it is known here.",
        targets="both",
        settings={"network.name": "slices", "network.pooling": "mean", "explain.method": "attention", **_NORM},
        small={"network.channels": _SMALL},
        published={
            "network.channels": [32, 64, 128, 256],
            "network.options": {"attention": 1024, "dense": [1024]},
            "network.dropout": 0.5,
        },
        made_map="The attention of each slice, at every voxel of the brain in it.",
        differs="Four plain blocks to 256 features in place of an EfficientNet-B0 with photographs' weights; all "
        "slices of the brain for twelve.",
        cost=1.5,
    ),
    System(
        name="patches",
        title="Patch-based local brain age",
        what="27 overlapping cubes of 48 mm through one SFCN that is told where a cube lies; each answers by itself, "
        "and a ridge regression whose weights sum to 1 joins them.",
        source="arXiv:2008.12965",
        reports="UK Biobank: mean absolute error 2.13 years, 1.96 after correction of bias; 2.46 for the best single "
        "patch.",
        targets="both",
        settings={"network.name": "patches", "explain.method": "local", **_NORM},
        small={"network.channels": _SMALL},
        published={"network.channels": [32, 64, 128, 256]},
        made_map=_LOCAL,
        differs="One shared SFCN for a ResNet a patch. Bias and weights are fitted to a fifth of the subjects that may "
        "be learned from, whom the network does not learn from. The outcome's parts have equal weights.",
        published_years=2.13,
        falls_short="cubes of 12 cells, and a fifth of the subjects is kept back for the weights",
        cost=2.0,
    ),
    System(
        name="global-local",
        title="Global-Local Transformer",
        what="Five neighbouring axial slices as channels of one image; overlapping patches ask the whole by attention, "
        "and the whole and every patch have an answer.",
        source="doi:10.1109/TMI.2021.3108910",
        reports="",
        targets="both",
        settings={"network.name": "global-local", "explain.method": "local", **_NORM},
        small={"network.channels": _SMALL, "network.options": {"rounds": 2}},
        published={"network.channels": [64, 128, 256, 512], "network.options": {"rounds": 6}, "input.spacing_mm": 1.0},
        made_map=_LOCAL,
        differs="In the atlas's frame 128 x 128 voxels of 1 mm for 130 x 170, so 9 patches for 12. Two "
        "rounds, three blocks and voxels of 4 mm with the small presets.",
        cost=2.0,
    ),
    System(
        name="swin",
        title="3D Swin transformer",
        what="Attention within windows of cells, shifted in every second layer; from stage to stage cells are halved, "
        "features doubled; a linear head reads the mean of the last ones.",
        source="arXiv:2103.14030",
        reports="Photographs, not brains; in three dimensions the encoder of Swin UNETR (arXiv:2201.01266).",
        targets="both",
        settings={"network.name": "swin", "network.norm": "group", "network.pooling": "mean"},
        small={"network.channels": [16, 32, 64]},
        published={"network.channels": [48, 96, 192, 384], "network.options": {"window": 7}},
        made_map=OF_BLOCKS,
        differs="No weights of another task to begin with; heads of 8 channels. Three stages, a third of the width and "
        "windows of 4 cells with the small presets.",
        cost=2.0,
    ),
)
