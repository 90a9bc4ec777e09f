"""Systems that part a scan in its contrast and the shape of its brain."""

from __future__ import annotations

from training.systems.system import OF_BLOCKS, System

CONTRAST_AND_MORPHOMETRY = (
    System(
        name="streams",
        title="Contrast and morphometry streams, joined by attention (FiA-Net)",
        what="The scan deformed to the template is one stream, the logarithm of how much each place had to be enlarged "
        "or shrunk for it the other; after every block their mean, with weights for every cell and feature, joins what "
        "was read from the blocks before.",
        source="doi:10.1016/j.media.2021.102091",
        reports="16,705 T1 of 0 to 97 years: mean absolute error 3.00 years, correlation 0.984.",
        targets="both",
        settings={"network.name": "streams", "network.pooling": "mean"},
        published={"network.channels": [32, 64, 128, 256, 256, 64]},
        made_map=OF_BLOCKS,
        differs="The SFCN's blocks for ResNets of 64 to 512 channels, and one convex attention for the authors' four "
        "ways of joining; one answer is learned where theirs has one for each stream as well. The deformation is by "
        "demons between outlines on 3 mm (T1) or between ADC maps on 2 mm. Of an infant ADC and z are one stream.",
        published_years=3.00,
        falls_short="hundreds of subjects for thousands, cells of 4 mm, and a deformation that finds less than half of "
        "a known change of volume",
        cost=2.5,
    ),
)
