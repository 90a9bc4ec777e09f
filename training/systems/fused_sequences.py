"""Systems that read several sequences of one infant, any of which may be missing."""

from __future__ import annotations

from training.systems.system import OF_BLOCKS, System

FUSED_SEQUENCES = (
    System(
        name="fused",
        title="Fused sequences: ADC with T1 and T2, any of the two missing",
        what="A stem for each sequence; mean and variance of the stems of those that are there go on as one SFCN. In "
        "training T1 and T2 are each left out of 4 in 10 samples.",
        source="arXiv:1607.05194",
        reports="Tumours and multiple sclerosis drawn from up to four sequences, any of them missing.",
        targets="both",
        settings={"network.name": "fused", "network.norm": "group", "network.pooling": "mean"},
        published={"network.channels": [32, 64, 128, 256, 256, 64]},
        made_map=OF_BLOCKS,
        differs="The SFCN's blocks behind the fusion, an outcome for a segmentation. Age is learned from T1 alone, "
        "with whose stem every sequence begins. 7 of 10 infants have a T1, as many a T2, registered to ADC.",
        cost=1.3,
    ),
)
