"""The worked examples of docs/extending.md: a network, a saliency method, a score."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from page_commands import blocks
from torch import nn

from AGE2HIELib.explanation import methods, registry
from AGE2HIELib.explanation.question import WHOLE_IMAGE, Question, find_target
from AGE2HIELib.networks.registry import NETWORKS
from AGE2HIELib.networks.staged import Cells, StagedNetwork
from AGE2HIELib.result.findings import RegionPart
from AGE2HIELib.scores.burden import Burden

NETWORK, METHOD, SCORE = (block.text for block in blocks("python", "extending.md"))


def run(text: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What an example leaves; the lists of networks and methods are as before afterwards."""
    monkeypatch.setattr(registry, "METHODS", registry.METHODS.copy())
    monkeypatch.setattr(methods, "FACTS", methods.FACTS.copy())
    for name in set(NETWORKS) | {"two-blocks"}:
        monkeypatch.setitem(NETWORKS, name, NETWORKS.get(name, lambda: None))
    found: dict[str, Any] = {}
    exec(compile(text, "extending.md", "exec"), found)
    return found


def test_the_network_is_built_by_its_name_and_its_map_holds_the_whole_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above its last block it is linear: HiResCAM there sums to the logit without the bias."""
    network = run(NETWORK, monkeypatch)["network"].requires_grad_(False)
    assert network.layers == ("block1", "block2")
    image = torch.randn(1, 2, 12, 16, 8, generator=torch.Generator().manual_seed(0))
    answer = registry.METHODS["hirescam"].answer(Question(network, image, "block2", find_target("adverse")))
    assert answer.cells.shape == (3, 4, 2) == network.cells("block2").counts((12, 16, 8))
    assert answer.cells.sum() == pytest.approx(answer.outputs[0] - float(network.head.linear.bias), abs=1e-5)


def test_the_methods_map_is_exact_where_the_network_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    method = run(METHOD, monkeypatch)["METHODS"]["gradient-times-image"]
    torch.manual_seed(0)
    linear = StagedNetwork({"block1": nn.Conv3d(2, 3, 1, bias=False)}, {"block1": Cells(1, 0.0)}, features=3)
    linear.eval().requires_grad_(False)
    image = torch.randn(1, 2, 5, 6, 4)
    answer = method.answer(Question(linear, image, "block1", find_target("adverse")))
    assert answer.where is WHOLE_IMAGE
    assert answer.cells.sum() == pytest.approx(
        answer.outputs[0] - float(linear(torch.zeros_like(image))[0, 0]), abs=1e-5
    )
    np.testing.assert_allclose(answer.by_channel.sum(0), answer.cells, atol=1e-6)
    weights = linear.head.linear.weight @ linear.blocks.block1.weight[:, :, 0, 0, 0]  # one number a channel
    expected = (image[0] * weights[0][:, None, None, None] / image[0, 0].numel()).numpy()
    np.testing.assert_allclose(answer.by_channel, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("left_ml", "right_ml", "value"), [(0.0, 0.0, "0"), (0.6, 0.0, "1"), (0.6, 0.6, "2"), (0.05, 0.0, "0")]
)
def test_the_score_counts_injured_thalami(
    left_ml: float, right_ml: float, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides = {"left": left_ml, "right": right_ml}
    parts = {("thalamus", side): RegionPart("thalamus", side, ml, ml / 6) for side, ml in sides.items()}
    burden = Burden(parts, {key: 6.0 for key in parts}, zones=True)
    score = run(SCORE, monkeypatch)["injured_thalami"](burden)
    assert score.value == value
    assert score.items[0].parts
