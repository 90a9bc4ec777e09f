"""A bundle's network of brain age: read back as it was written, optional, and nothing of it believed unchecked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from bundles import age_facts, age_weights, untrained_bundle
from calling import run

from AGE2HIELib.bundle.age_facts import AGE, AGE_CARD, AGE_WEIGHTS, age_text, read_age
from AGE2HIELib.bundle.reading import Bundle, read_bundle, write_manifest
from AGE2HIELib.bundle.weights import check_weights, load_age, pack_weights
from AGE2HIELib.bundle.writing import add_age
from AGE2HIELib.errors import ModelError
from AGE2HIELib.networks.age import AgeNetwork, bin_centres
from AGE2HIELib.networks.age_head import UNSTATED, AgeHead
from AGE2HIELib.networks.registry import build_network


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return untrained_bundle(tmp_path_factory.mktemp("models") / "without", count=2)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return untrained_bundle(tmp_path_factory.mktemp("models") / "aged", count=2, age=age_facts())


@pytest.fixture
def folder(original: Bundle, tmp_path: Path) -> Path:
    """A copy that may be spoilt."""
    return Path(shutil.copytree(original.folder, tmp_path / "model"))


@pytest.mark.parametrize("kind", ["huber", "soft", "huber of the logarithm", "huber with the brain's volume"])
def test_a_network_of_age_is_read_back_as_it_was_written(tmp_path: Path, kind: str) -> None:
    head = AgeHead(kind[:5].strip(), 40.0, 25.0, 6.9, 0.3 if "volume" in kind else 0.0)
    if "logarithm" in kind:
        head = replace(head, mean=2.9, sd=1.3, target="log")
    arguments = {"in_channels": 1, "channels": [4, 4, 4], "outputs": head.outputs, "norm": "group"}
    facts = age_facts(head=head, network_arguments=arguments)
    found = read_bundle(untrained_bundle(tmp_path / "model", count=1, age=facts).folder)
    assert found.age is not None
    assert found.age.spec.grid.same_as(facts.spec.grid, 1e-9)
    assert found.age.spec.channels == facts.spec.channels
    for name in ("network", "network_arguments", "placement", "head", "saliency_layer", "trained_on", "held_out"):
        assert getattr(found.age, name) == getattr(facts, name)
    read, image = load_age(found), torch.randn(1, 1, 28, 32, 24, generator=torch.Generator().manual_seed(1))
    rounded = {name: value.half().float() for name, value in age_weights(facts).items()}
    written = AgeNetwork(build_network("sfcn", arguments), head).eval()
    written.load_state_dict(rounded)
    ml = torch.tensor([900.0])
    torch.testing.assert_close(read.years(read(image, ml)), written.years(written(image, ml)))


def test_a_bundle_without_one_is_as_whole_as_before_and_both_say_what_they_hold(
    without: Bundle, original: Bundle, capfd: pytest.CaptureFixture[str]
) -> None:
    assert without.age is None
    assert check_weights(without) == check_weights(original) == 2
    with pytest.raises(ModelError, match="carries no brain-age network"):
        load_age(without)
    for bundle, said in ((without, "none"), (original, "sfcn, trained on 9 subjects of 0.5 to 90.0 years, synthetic")):
        code, out, _ = run(capfd, "model", "info", bundle.folder)
        assert code == 0
        assert f"age network:   {said}" in out
    assert "21.5 years in 3 held-out subjects" in out
    code, out, _ = run(capfd, "model", "verify", original.folder)
    assert code == 0
    assert "2 members load, and the age network" in out
    card = (original.folder / AGE_CARD).read_text(encoding="utf-8")
    assert "Synthetic: not for clinical use" in card
    assert "0.5 to 90.0 years" in card


def test_one_that_is_added_later_makes_the_same_bundle(without: Bundle, original: Bundle, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(without.folder, tmp_path / "model"))
    facts = age_facts()
    assert add_age(copy, facts, age_weights(facts)).files == original.files
    again = add_age(copy, age_facts(demonstration=False), age_weights(facts))
    assert again.age is not None
    assert not again.age.demonstration
    assert {name for name in again.files if again.files[name] != original.files[name]} == {AGE, AGE_CARD}
    before = read_bundle(copy).sha256
    with pytest.raises(ModelError, match="'sd' of the age head"):
        add_age(copy, age_facts(head=AgeHead("huber", 40.0, 0.0)), age_weights(facts))
    wider = age_facts(network_arguments={"in_channels": 1, "channels": [4, 4, 6], "outputs": 1, "norm": "group"})
    with pytest.raises(ModelError, match=r"models/age\.pt does not fit"):
        add_age(copy, facts, age_weights(wider))
    assert read_bundle(copy).sha256 == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.pop("placement"), "'placement' is missing"),
        (lambda m: m.pop("head"), "'head' is missing"),
        (lambda m: m["head"].pop("sd"), "head: the key 'sd' is missing"),
        (lambda m: m["head"].update(sd=0), "'sd' of the age head is 0"),
        (lambda m: m["head"].update(mean="old"), "'mean' is 'old'"),
        (lambda m: m["head"].update(mean=float("nan")), "NaN is no number"),
        (lambda m: m["head"].update(kind="soft"), "'outputs' of age is 1; it must be 112"),
        (lambda m: m["head"].update(kind="oracle"), "'oracle'"),
        (lambda m: m["head"].update(volume_sd=-1.0), "'volume_sd'"),
        (lambda m: m["head"].update(target="weeks"), "'target' of the age head is 'weeks'"),
        (lambda m: m["head"]["bins"].update(width_years=0), "'width_years' of the age bins is 0"),
        (lambda m: m["head"]["bins"].pop("count"), "bins: the key 'count' is missing"),
        (lambda m: m.update(placement="elastic"), "'elastic'"),
        (lambda m: m.update(saliency_layer="block77"), "'block77'"),
        (lambda m: m.update(colour="red"), "unknown key colour"),
        (lambda m: m.update(format=2), "format 2"),
        (lambda m: m.update(demonstration="no"), "'demonstration' is 'no'"),
        (lambda m: m["network"].update(name="os.system"), "'os.system'"),
        (lambda m: m["network"]["arguments"].update(in_channels=2), "'in_channels' of age is 2"),
        (lambda m: m["network"]["arguments"].update(channels=[4, 4]), "on one side only"),
        (lambda m: m["network_input"].update(shape=[10**6] * 3), "at most"),
        (lambda m: m["network_input"]["channels"][0].update(name="adc"), "one channel t1"),
        (lambda m: m["network_input"]["channels"][0].update(scale=0.0), "'scale' of channel t1"),
        (lambda m: m["trained_on"].update(subjects=0), "'subjects' of age is 0"),
        (lambda m: m["trained_on"].update(youngest_years=99.0), "range of ages"),
        (lambda m: m["held_out"].update(mean_absolute_error_years=-1.0), "'mean_absolute_error_years' is -1"),
    ],
)
def test_a_description_that_cannot_be_right_is_refused_by_name(
    folder: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    content = json.loads((folder / AGE).read_text())
    change(content)
    (folder / AGE).write_text(json.dumps(content))
    write_manifest(folder)
    with pytest.raises(ModelError, match=message):
        check_weights(read_bundle(folder))


def test_the_bins_of_bundles_that_do_not_state_theirs_are_the_forty_of_before() -> None:
    facts = age_facts(head=AgeHead("soft", 40.0, 25.0, bins=UNSTATED))
    facts = replace(facts, network_arguments={**facts.network_arguments, "outputs": 40})
    content = json.loads(age_text(facts))
    assert content["head"]["bins"] == {"first_years": 0.0, "width_years": 2.5, "count": 40}
    for key in ("bins", "target"):
        content["head"].pop(key)
    found = read_age(json.dumps(content).encode())
    assert found.head == facts.head
    assert float(bin_centres(found.head.bins)[0]) == 1.25


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 100_000])
def test_a_description_that_is_no_table_is_refused(folder: Path, content: bytes) -> None:
    (folder / AGE).write_bytes(content)
    write_manifest(folder)
    with pytest.raises(ModelError, match=AGE):
        read_bundle(folder)


def test_weights_that_are_changed_missing_or_of_another_shape_are_refused(folder: Path) -> None:
    weights = torch.load(folder / AGE_WEIGHTS, weights_only=True)
    (folder / AGE_WEIGHTS).write_bytes(pack_weights({**weights, "encoder.head.linear.bias": torch.zeros(7)}))
    with pytest.raises(ModelError, match="was changed"):
        read_bundle(folder)
    write_manifest(folder)
    with pytest.raises(ModelError, match=r"models/age\.pt does not fit.*\(7,\) instead of \(1,\)"):
        load_age(read_bundle(folder))
    for lacking, other in ((AGE_WEIGHTS, AGE), (AGE, AGE_WEIGHTS)):
        content = (folder / lacking).read_bytes()
        (folder / lacking).unlink()
        write_manifest(folder)
        with pytest.raises(ModelError, match=f"has {other} but lacks {lacking}"):
            read_bundle(folder)
        (folder / lacking).write_bytes(content)


def test_code_among_the_weights_never_runs(folder: Path, tmp_path: Path) -> None:
    from test_bundle import Code, plant, saved

    plant(folder, AGE_WEIGHTS, saved(Code(tmp_path / "ran")))
    with pytest.raises(ModelError, match="holds more than weights"):
        load_age(read_bundle(folder))
    assert not (tmp_path / "ran").exists()
