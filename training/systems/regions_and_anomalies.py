"""Systems that look at regions of an atlas, or at what a healthy brain does not have."""

from __future__ import annotations

from training.systems.system import System

REGIONS_AND_ANOMALIES = (
    System(
        name="covariance",
        title="Covariance network over regions (NeuroVNN)",
        what="A few numbers for each region; two layers of polynomials of the healthy subjects' covariance matrix; the "
        "answer is the plain mean over regions, each of which has its part.",
        source="arXiv:2402.07684",
        reports="Brain age from cortical thickness, and its regional residuals in Alzheimer's disease; moves between "
        "atlases without being trained again.",
        targets="both",
        settings={
            "network.name": "covariance",
            "network.channels": [5, 5],
            "network.dropout": 0.0,
            "finetune.auxiliary": False,
            "explain.method": "regional-residuals",
        },
        small={
            "pretrain.epochs": 60,
            "pretrain.learning_rate": 0.05,
            "finetune.epochs": 30,
            "finetune.scratch_rate": 0.03,
            "finetune.trunk_rate": 0.02,
            "finetune.head_rate": 0.03,
        },
        published={"pretrain.learning_rate": 0.05},
        made_map="Regional residuals: every region painted with what it says beyond the mean of all regions.",
        differs="Median signal (or ADC and z) and share of tissue of the placed regions in place of cortical "
        "thickness; a bias in each filter and one constant in the readout, without which no logit can be below 0.",
        cost=0.6,
    ),
    System(
        name="autoencoder",
        title="Variational autoencoder with age, for anomalies",
        what="The SFCN with a decoder that draws the image again from 64 latent numbers, taught by healthy subjects "
        "alone; age is read from the same numbers. What it cannot draw is unusual.",
        source="arXiv:2201.13081",
        reports="Tumours in T1 (BraTS 2019) after 1,735 healthy T1: area under the ROC curve 0.926 with age as second "
        "task, 0.844 without.",
        targets="both",
        settings={
            "network.name": "autoencoder",
            "network.norm": "group",
            "network.pooling": "voxels",
            "finetune.auxiliary": False,
            "explain.method": "anomaly",
        },
        small={"network.channels": [16, 32, 64, 32]},
        published={"network.channels": [32, 64, 128, 256, 64]},
        made_map="Anomaly: how much lower ADC is than redrawn (in T1: how different), in standard deviations from "
        "healthy subjects' errors at that place.",
        differs="Group norm, maximum pooling and L1 with the weight of a Laplace likelihood; infants teach no age, on "
        "which the phantoms' ADC does not depend; the outcome is read from latent numbers that it does not teach.",
        cost=2.0,
    ),
)
