"""Saliency of an ensemble: where in the brain the evidence for its number lies, and how far its members agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from AGE2HIELib.bundle.model_facts import ModelFacts
from AGE2HIELib.explanation.maps import Explanation, SaliencyMap
from AGE2HIELib.explanation.methods import DEFAULT_METHOD
from AGE2HIELib.explanation.question import Answer, Question, Target, check_layer, find_target
from AGE2HIELib.explanation.registry import find_method
from AGE2HIELib.inference.device import full_precision
from AGE2HIELib.inference.probability import as_tensor, combine_logits
from AGE2HIELib.networks.staged import Cells, StagedNetwork
from AGE2HIELib.volume import Grid, Volume


def explain_score(
    members: Sequence[StagedNetwork],
    facts: ModelFacts,
    image: np.ndarray,
    *,
    method: str = DEFAULT_METHOD,
    layer: str | None = None,
    target: str = "adverse",
) -> Explanation:
    """Predict, and map the evidence: the mean of the members' maps, which is the map of their mean logit.

    Args:
        members, facts, image: as for ``predict``, which gives the same prediction.
        method: a key of ``registry.METHODS``.
        layer: a block of the network, for the CAM family; the model's own choice unless given.
        target: "adverse" or "favourable".

    Raises:
        InputError: there is no such method, layer or target.
    """
    asked = find_method(method)
    layer = layer or facts.saliency_layer
    answers = ensemble_answers(members, facts, image, method=method, layer=layer, target=find_target(target))
    maps = np.stack([answer.cells for answer in answers]).astype(np.float64)
    if asked.in_logits:
        maps *= facts.calibration.slope
    mean, size = maps.mean(axis=0), np.abs(maps).mean(axis=0)
    agreement = np.divide(np.abs(mean), size, out=np.zeros_like(mean), where=size > 0)
    saliency_map = on_cells(replace(answers[0], cells=mean), facts.spec.grid, method=method, layer=layer, target=target)
    return Explanation(
        **vars(saliency_map),
        prediction=combine_logits([float(answer.outputs[0]) for answer in answers], facts),
        agreement=saliency_map.saliency.like(agreement.astype(np.float32)),
        channels=_channels(answers, facts, saliency_map.saliency),
    )


def _channels(answers: Sequence[Answer], facts: ModelFacts, cells: Volume) -> dict[str, Volume]:
    """The mean of the members' parts; integrated gradients have them, and they are in logits."""
    parts = [answer.by_channel for answer in answers if answer.by_channel is not None]
    if not parts:
        return {}
    mean = facts.calibration.slope * np.stack(parts).mean(axis=0)
    names = [channel.name for channel in facts.spec.channels]
    return {name: cells.like(part.astype(np.float32)) for name, part in zip(names, mean, strict=True)}


def ensemble_answers(
    members: Sequence[StagedNetwork],
    facts: ModelFacts,
    image: np.ndarray,
    *,
    method: str,
    layer: str,
    target: Target,
) -> list[Answer]:
    """Every member's own map, one after the other; ``image`` is float32 (1, C, D, H, W) from ``network_input``."""
    check_layer(members[0], layer)
    answer = find_method(method).answer
    with full_precision():
        return [
            answer(Question(member, as_tensor(image, facts, member), layer, target, seed=number))
            for number, member in enumerate(members)
        ]


def on_cells(answer: Answer, grid: Grid, *, method: str, layer: str, target: str) -> SaliencyMap:
    """An answer to an image on ``grid``; ``method``, ``layer`` and ``target`` are what was asked."""
    cells = feature_grid(grid, answer.where)
    if answer.cells.shape != cells.shape:
        raise ValueError(f"{method} at {layer} has {answer.cells.shape} cells, {cells.shape} were expected")
    part_mm = cells.spacing_mm if answer.part is None else grid.spacing_mm * answer.part
    right, anterior, superior = (float(mm) for mm in part_mm)
    return SaliencyMap(
        saliency=Volume(answer.cells.astype(np.float32), cells.affine_ras),
        method=method,
        layer=layer if find_method(method).at_layer else "",
        target=target,
        resolution_mm=(right, anterior, superior),
    )


def feature_grid(grid: Grid, cells: Cells) -> Grid:
    """The cells of a layer as a grid in the frame of ``grid``, the network's input."""
    voxel_from_cell = np.diag([*(axis.stride for axis in cells.axes), 1.0])
    voxel_from_cell[:3, 3] = [axis.first for axis in cells.axes]
    return Grid(cells.counts(grid.shape), grid.affine_ras @ voxel_from_cell)
