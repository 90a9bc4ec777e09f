"""What a covariance network and an autoencoder do in subjects that they have not learned from.

python benchmark/regions_and_anomalies.py covariance RUN     RUN: folder of training/run.py with network.name=covariance
python benchmark/regions_and_anomalies.py autoencoder RUN    the same with network.name=autoencoder, exported
python benchmark/regions_and_anomalies.py autoencoder-t1 RUN    the same, of which the step pretrain is enough

covariance: error of the predicted age in held-out T1, with 34 regions and with 17 of which each holds both sides (and
both ventricles, both limbs of the internal capsule), nothing trained again; how much another half of the healthy
subjects changes it; how often a region moved by two standard deviations stands out most. autoencoder: area
under the precision-recall curve and best Dice of its map beside z and ADC in infants with lesions, all in the cells of
the network's input; its image score in held-out healthy infants and in those with lesions. autoencoder-t1: a sphere
of brighter or darker tissue planted in every held-out T1, and the area under the ROC curve of its map over cells of the
brain, beside z of the signal: from all subjects that were learned from, and from what they have at that age.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from figures import Figures
from scipy.ndimage import binary_erosion
from scipy.stats import kstest
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from AGE2HIELib.explanation.network_methods import value_evidence
from AGE2HIELib.explanation.question import Question, output_number
from AGE2HIELib.networks.autoencoder import AutoencoderNetwork
from AGE2HIELib.networks.covariance import CovarianceNetwork, MeanOfRegions, with_regions
from training.finetuning import Fit, export_split, exported_network, healthy_infants
from training.learning.augment import pick_z
from training.learning.batches import Images
from training.learning.reconstruction import active_nats
from training.lessons import TRUE, Lesson, held_out_split
from training.preparing.store import load_prepared
from training.pretraining import trained_age_network
from training.run_folder import RunFolder, recorded_settings

LEAST_LOAD = 0.002  # of the brain, of infants with lesions
PLANTED_SD = 2.0
_VENTRICLES, _CAPSULE = "ventricle", "limb of the internal capsule"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=tuple(_MEASURED))
    parser.add_argument("run", type=Path)
    given = parser.parse_args()
    run = RunFolder(given.run, recorded_settings(given.run))
    with torch.no_grad():
        found = _MEASURED[given.what](run)
    figures = Figures(f"regions_and_anomalies-{given.what}")
    for name, (value, unit) in found.items():
        print(f"{name:<40}{value:.3f} {unit}")
        figures.add(name, value, unit)
    figures.write()


Found = dict[str, tuple[float, str]]  # value and unit by name


def covariance_figures(run: RunFolder) -> Found:
    cohort = load_prepared(run.prepared_ages)
    network = trained_age_network(run, cohort, Lesson(TRUE)).eval()
    encoder = network.encoder
    assert isinstance(encoder, CovarianceNetwork)
    learned, held = held_out_split(cohort.table, run.settings.ages.held_out, seed=run.settings.run.seed)
    ages = cohort.table["age_years"].to_numpy(float)
    healthy, tested = Images(cohort.volumes, learned), Images(cohort.volumes, held)

    def years(of: CovarianceNetwork) -> np.ndarray:
        return torch.cat([network.years(of(image)) for image in tested]).numpy()

    labels, places = merged(encoder)
    moved = with_regions(encoder, labels, places, healthy)
    halves = []
    for half in (learned[::2], learned[1::2]):
        again = with_regions(encoder, encoder.values.labels.numpy(), encoder.places, healthy)
        kept = again.values.mean.clone(), again.values.sd.clone()
        again.values.measure(Images(cohort.volumes, half))
        again.values.mean.copy_(kept[0])
        again.values.sd.copy_(kept[1])
        halves.append(years(again))
    own, other = years(encoder), years(moved)
    slope, offset = np.polyfit(ages[held], own - ages[held], 1)
    return {
        "subjects": (len(learned) + len(held), ""),
        "held-out": (len(held), ""),
        "half": (len(learned) // 2, "subjects"),
        "regions": (len(encoder.places), ""),
        "merged": (len(places), "regions"),
        "mean-age/error": (float(np.abs(ages[learned].mean() - ages[held]).mean()), "years"),
        "regions/error": (float(np.abs(own - ages[held]).mean()), "years"),
        "merged/error": (float(np.abs(other - ages[held]).mean()), "years"),
        "difference/merged": (float(np.abs(own - other).mean()), "years"),
        "difference/halves": (float(np.abs(halves[0] - halves[1]).mean()), "years"),
        **planted_first(encoder, tested),
        "age-gap/slope": (float(slope), "years a year of age"),
        "age-gap/at-birth": (float(offset), "years"),
    }


def merged(network: CovarianceNetwork) -> tuple[np.ndarray, list[list[str]]]:
    """Labels of regions that hold both sides, both ventricles, both limbs; their names."""

    def common(name: str) -> str:
        return next((word for word in (_VENTRICLES, _CAPSULE) if word in name), name)

    names = list(dict.fromkeys(common(name) for name, _ in network.places))
    new = np.array([0, *(names.index(common(name)) + 1 for name, _ in network.places)], dtype=np.int16)
    return new[network.values.labels.numpy()], [[name, "midline"] for name in names]


def planted_first(network: CovarianceNetwork, images: Images) -> Found:
    """How often a region whose values are moved by ``PLANTED_SD`` gains most of all regions, %.

    One region after another, in one subject after another; moved in the direction, of two (signal) or four (signal and
    share of tissue), in which it gains most itself. ``residuals``: in standard deviations of healthy subjects';
    ``evidence``: by where the values come from.
    """
    values = torch.cat([network.values.standardised(network.values.measured(image)) for image in images])
    blocks, head = nn.Sequential(*list(network.blocks)[1:]), network.head
    assert isinstance(head, MeanOfRegions)
    question = Question(network, next(iter(images))[:1], network.layers[-1], output_number(0))

    def residuals(standardised: torch.Tensor) -> torch.Tensor:
        parts = head.contributions(blocks(network.values.painted(standardised)))
        apart = parts - parts.mean(1, keepdim=True)
        return torch.as_tensor((apart - network.residual_mean) / network.residual_sd)

    def evidence(standardised: torch.Tensor) -> torch.Tensor:
        parts = torch.stack([value_evidence(network, question, row[None]) for row in standardised])
        return parts - parts.mean(1, keepdim=True)

    signs = {"signal": [(1, 0), (-1, 0)], "signal-and-share": [(1, 1), (1, -1), (-1, 1), (-1, -1)]}
    found: Found = {}
    for what, directions in signs.items():
        for name, read in (("residuals", residuals), ("evidence", evidence)):
            first = 0
            for number, own in enumerate(values):
                region = number % values.shape[2]
                moved = own.repeat(len(directions) + 1, 1, 1)
                moved[1:, :, region] += PLANTED_SD * torch.tensor(directions).float()
                changes = read(moved)
                changes = changes[1:] - changes[0]
                first += int(changes[changes[:, region].argmax()].argmax()) == region
            found[f"planted/{what}/{name}"] = (100 * first / len(values), "%")
    return found


def autoencoder_figures(run: RunFolder) -> Found:
    cohort = load_prepared(run.prepared_hie)
    table, healthy = cohort.table, healthy_infants(cohort.table)
    assert cohort.lesions is not None
    split = export_split(run.settings, table)
    fed = partial(pick_z, source="atlas")
    cells: dict[str, list[np.ndarray]] = {"anomaly": [], "z": [], "adc": [], "lesion": []}
    scores: dict[bool, list[float]] = {True: [], False: []}
    ranks, latent = [], []
    for number, (_, left_out) in enumerate(split.inner):
        network = exported_network(Fit(run.settings.export.arm, split, number), run, cohort)
        assert isinstance(network, AutoencoderNetwork)
        rows = cohort.rows("case", left_out)
        ill = rows[~healthy[rows] & (table["lesion_load"].to_numpy(float)[rows] > LEAST_LOAD)]
        for chosen, is_healthy in ((rows[healthy[rows]], True), (ill, False)):
            for row in chosen:
                (image,) = Images(cohort.volumes, np.array([row]), fed)
                score = float(network.scores(image)[0])
                scores[is_healthy].append(score)
                if is_healthy:
                    ranks.append(network.share_below(score))
                    latent.append(network.latent(image))
                    continue
                inside = (image[0, 0] != 0).numpy()
                cells["anomaly"].append(network.anomaly(image)[0].numpy()[inside])
                cells["adc"].append(-image[0, 0].numpy()[inside])
                cells["z"].append(-image[0, 1].numpy()[inside])
                cells["lesion"].append(cohort.lesions[row][inside] > 0)
    joined = {name: np.concatenate(parts) for name, parts in cells.items()}
    active, nats = active_nats(*(torch.cat(part) for part in zip(*latent, strict=True)))
    found: Found = {
        "healthy": (len(scores[True]), "infants left out"),
        "infants": (len(scores[False]), "with lesions, left out"),
        "lesion": (100 * float(joined["lesion"].mean()), "% of the cells"),
        "latent/active": (float(active), "numbers that carry over 0.1 nats"),
        "latent/nats": (nats, "of each of these"),
        "image-score/auc": (_score_auc(scores), ""),
        "image-score/uniform": (float(kstest(ranks, "uniform").pvalue), "p, in healthy infants"),
        "rule/dice": (_dice(joined["lesion"], joined["z"] > _LOW_Z), ""),
    }
    for name in ("anomaly", "z", "adc"):
        found[f"{name}/precision-recall"] = (float(average_precision_score(joined["lesion"], joined[name])), "area")
        found[f"{name}/dice"] = (best_dice(joined["lesion"], joined[name]), "at its best threshold")
    return found


def t1_figures(run: RunFolder) -> Found:
    cohort = load_prepared(run.prepared_ages)
    network = trained_age_network(run, cohort, Lesson(TRUE)).eval().encoder
    assert isinstance(network, AutoencoderNetwork)
    learned, held = held_out_split(cohort.table, run.settings.ages.held_out, seed=run.settings.run.seed)
    ages = cohort.table["age_years"].to_numpy(float)
    norm = np.concatenate([image[:, 0].numpy() for image in Images(cohort.volumes, learned)])
    by_age = _norm_by_age(norm, ages[learned])
    cells: dict[str, list[np.ndarray]] = {name: [] for name in ("anomaly", "z", "z-for-age", "lesion")}
    scores: dict[bool, list[float]] = {True: [], False: []}
    for number, row in enumerate(held):
        (image,) = Images(cohort.volumes, np.array([row]))
        planted, lesion = with_t1_lesion(image, seed=number)
        scores[True].append(float(network.scores(image)[0]))
        scores[False].append(float(network.scores(planted)[0]))
        inside, own = (image[0, 0] != 0).numpy(), planted[0, 0].numpy()
        expected, spread = by_age(ages[row])
        plain = np.abs(own - norm.mean(0)) / np.maximum(norm.std(0), _LEAST_SD)
        maps = {"anomaly": network.anomaly(planted)[0].numpy(), "z": plain, "lesion": lesion}
        maps["z-for-age"] = np.abs(own - expected) / spread
        for name, values in maps.items():
            cells[name].append(values[inside])
    joined = {name: np.concatenate(parts) for name, parts in cells.items()}
    found: Found = {
        "learned": (len(learned), "T1"),
        "held-out": (len(held), "T1, each with a lesion and without"),
        "lesion": (100 * float(joined["lesion"].mean()), "% of the cells"),
        "image-score/auc": (_score_auc(scores), "with a lesion beside the same without"),
    }
    for name in ("anomaly", "z", "z-for-age"):
        found[f"{name}/auc"] = (float(roc_auc_score(joined["lesion"], joined[name])), "of cells")
        found[f"{name}/precision-recall"] = (float(average_precision_score(joined["lesion"], joined[name])), "area")
    return found


def with_t1_lesion(image: torch.Tensor, *, seed: int) -> tuple[torch.Tensor, np.ndarray]:
    """A sphere in ``(1, 1, D, H, W)``, brighter or darker by turns, and the cells of the brain that it holds."""
    rng, inside = np.random.default_rng(seed), (image[0, 0] != 0).numpy()
    whole = binary_erosion(inside, iterations=round(_LESION_RADIUS))
    places = np.argwhere(whole if whole.any() else inside)
    away = np.linalg.norm(np.argwhere(np.ones_like(inside)) - places[rng.integers(len(places))], axis=1)
    lesion = inside & (away.reshape(inside.shape) <= _LESION_RADIUS)
    planted = image.clone()
    planted[0, 0, torch.from_numpy(lesion)] += _LESION_DEPTH * (1 if seed % 2 else -1)
    return planted, lesion


def _norm_by_age(norm: np.ndarray, ages: np.ndarray) -> Callable[[float], tuple[np.ndarray, np.ndarray]]:
    """Cell by cell a cubic of the logarithm of age, and how the learned subjects scatter around it."""

    def basis(years: np.ndarray) -> np.ndarray:
        return np.vander(np.log(years + 1), 4)

    flat = norm.reshape(len(norm), -1)
    weights = np.linalg.lstsq(basis(ages), flat, rcond=None)[0]
    spread = np.maximum((flat - basis(ages) @ weights).std(0), _LEAST_SD).reshape(norm.shape[1:])
    return lambda years: ((basis(np.array([years])) @ weights).reshape(norm.shape[1:]), spread)


_MEASURED = {"covariance": covariance_figures, "autoencoder": autoencoder_figures, "autoencoder-t1": t1_figures}
_LESION_RADIUS, _LESION_DEPTH = 2.5, 1.5  # cells of the input; spreads of the brain's T1
_LEAST_SD = 0.05
_LOW_Z = 2 / 3  # a standard deviation of z is a third in the network's input


def _score_auc(scores: dict[bool, list[float]]) -> float:
    truth = [0] * len(scores[True]) + [1] * len(scores[False])
    return float(roc_auc_score(truth, scores[True] + scores[False]))


def best_dice(truth: np.ndarray, values: np.ndarray) -> float:
    thresholds = np.quantile(values, np.linspace(0.7, 0.9995, 200))
    return max(_dice(truth, values > one) for one in thresholds)


def _dice(truth: np.ndarray, found: np.ndarray) -> float:
    return float(2 * (truth & found).sum() / max(1, truth.sum() + found.sum()))


if __name__ == "__main__":
    main()
