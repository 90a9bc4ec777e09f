"""Bundles are MONAI's as well: its parser reads them, its verify_metadata accepts them without the network."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import numpy as np
import pytest
import torch
from bundles import untrained_bundle, untrained_facts

from AGE2HIELib.bundle.reading import Bundle, known_subjects, read_bundle
from AGE2HIELib.bundle.weights import load_members
from AGE2HIELib.bundle.writing import write_bundle
from AGE2HIELib.explanation.saliency import explain_score
from AGE2HIELib.networks.registry import build_network


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return untrained_bundle(tmp_path_factory.mktemp("models") / "untrained", count=2)


def test_monai_parses_the_bundle_and_computes_the_same_logit(original: Bundle) -> None:
    monai_bundle = pytest.importorskip("monai.bundle")
    parser = monai_bundle.ConfigParser()
    parser.read_meta(str(original.folder / "configs/metadata.json"))
    parser.read_config(str(original.folder / "configs/inference.json"))
    network, inferer = parser.get_parsed_content("network_def"), parser.get_parsed_content("inferer")
    state = torch.load(original.folder / parser["members"][0], weights_only=True)
    network.load_state_dict(state)
    image = torch.randn(1, 2, 56, 64, 48)
    with torch.no_grad():
        torch.testing.assert_close(inferer(image, network), load_members(original)[0](image))
    image_format = parser["_meta_"]["network_data_format"]["inputs"]["image"]
    assert image_format["spatial_shape"] == [56, 64, 48]
    assert image_format["channel_def"] == {"0": "adc", "1": "z_adc"}


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.usefixtures("no_network")
@pytest.mark.filterwarnings("ignore:No hash value provided")  # the schema lies in the bundle and comes from nowhere
def test_monai_verifies_the_metadata_against_the_bundle_s_own_schema(original: Bundle, tmp_path: Path) -> None:
    verify = pytest.importorskip("monai.bundle").verify_metadata
    configs = original.folder / "configs"
    verify(meta_file=str(configs / "metadata.json"), filepath=str(configs / "schema.json"))
    metadata = json.loads((configs / "metadata.json").read_text())
    for change in ({"version": 3}, {"age2hie": {**metadata["age2hie"], "readings": {}}}, {"network_data_format": {}}):
        broken = tmp_path / "metadata.json"
        broken.write_text(json.dumps({**metadata, **change}))
        with pytest.raises(ValueError, match="Failed validating"):
            verify(meta_file=str(broken), filepath=str(configs / "schema.json"))


def test_what_was_seen_is_remembered_and_covered_by_the_manifest(tmp_path: Path) -> None:
    facts = untrained_facts()
    state = build_network(facts.network, facts.network_arguments).state_dict()
    made = write_bundle(
        tmp_path / "model", facts=facts, members=[state], results="", licence="Apache-2.0", seen=["b" * 24, "a" * 24]
    )
    assert known_subjects(read_bundle(made.folder)) == ("a" * 24, "b" * 24)
    assert "configs/seen.json" in made.files


@pytest.mark.parametrize(("network", "layer"), [("resnet18", "layer1"), ("densenet121", "dense1")])
def test_a_bundle_of_a_monai_network_predicts_and_explains(tmp_path: Path, network: str, layer: str) -> None:
    """The saliency map sums to the logit's share above its layer, on cells that lie where the network puts them."""
    made = untrained_bundle(
        tmp_path / network,
        count=1,
        network=network,
        network_arguments={"in_channels": 2, "outputs": 1, "norm": "group"},
        saliency_layer=layer,
    )
    members = load_members(read_bundle(made.folder))
    image = np.random.default_rng(0).standard_normal((1, 2, 56, 64, 48)).astype(np.float32)
    answer = explain_score(members, made, image)
    cells = members[0].cells(layer)
    assert answer.saliency.array.shape == tuple(cells.count(n) for n in (56, 64, 48))
    first_mm = made.spec.grid.affine_ras @ [cells.first, cells.first, cells.first, 1.0]
    np.testing.assert_allclose(answer.saliency.affine_ras[:3, 3], first_mm[:3])
    with torch.no_grad():
        logit = float(members[0](torch.from_numpy(image))[0, 0])
    assert answer.prediction.members[0] == pytest.approx(
        1 / (1 + np.exp(-(made.calibration.slope * logit + made.calibration.intercept))), abs=1e-5
    )
