"""Settings that contradict, or of which no network can be made: told before anything is made, in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from cohort_samples import write_bids

from AGE2HIELib.errors import InputError
from training.checking import one_age_problem
from training.cohorts.bids import read_bids
from training.learning.transfer import new_network, new_outcome_network
from training.run_folder import open_run
from training.settings import Network
from training.settings_reading import load_settings
from training.steps import check_networks, prepare_ages


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["hie.cases={MGH=33}"], r"with colons, as in hie.cases=\{MGH: 12, BCH: 10\}"),
        (["hie.cases={}"], "at least 1 item"),
        (["hie.cases={MGH: 0}"], "'hie.cases.MGH' is 0"),
        (["hie.cases={Boston: 10}"], "synthetic sites are MGH and BCH"),
        (["run.seed=-1"], "'run.seed' is -1"),
        (["input.spacing_mm=500"], "less than or equal to 16"),
        (["input.spacing_mm=0.01"], "greater than or equal to 0.5"),
        (["pretrain.learning_rate=.inf"], "finite number"),
        (["network.name=slab", "network.slab_mm=[.nan, 3]"], "finite number"),
        (["network.options={in_channels: 7}"], "the network sfcn has none"),
        (["network.name=autoencoder", "network.options={shape: [8, 8, 8]}"], "the network autoencoder has latent"),
        (["network.name=scaledense", "network.options={layers: x}"], "layers: 'x'; it must be 1 to 1024"),
        (["network.name=slab", "network.options={dense: 5}"], r"such as \[5\]"),
        (["explain.method=attention"], "attention is a map of slices, and network.name is sfcn"),
        (["explain.method=anomaly"], "a map of autoencoder"),
        (["evaluate.arms=[transfer, transfer]"], "names transfer more than once"),
    ],
)
def test_settings_that_cannot_be_are_named(changes: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        load_settings("quick", None, changes)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["network.channels=[4]"], "must list 2 to 8 numbers"),
        (["network.name=scaledense", "network.options={layers: 20}"], "8192 at most"),
        (["network.name=slab", "network.pooling=places"], "pools its places in a way of its own"),
        (["network.name=patches", "network.channels=[4, 4, 4, 4, 4, 4]"], "cannot be halved 5 times"),
        (["network.name=global-local", "network.channels=[8, 8, 8, 8, 8]"], "cannot be halved 5 times"),
        (["network.name=global-local", "network.slab_mm=[200, 210]"], "slices 61 to 65 are not among 24"),
        (["network.name=fused", "network.norm=batch"], "network.norm=group"),
    ],
)
def test_networks_that_cannot_be_made_say_why_and_no_bundle_is_blamed(changes: list[str], said: str) -> None:
    network = load_settings("quick", None, changes).network
    with pytest.raises(InputError, match=said) as refused:
        _made(network)
    assert "Export the model again" not in str(refused.value)
    assert len(str(refused.value)) < 250


def _made(network: Network) -> None:
    new_network(network, in_channels=1, outputs=1, seed=0)
    new_outcome_network(network, seed=0)


def test_weights_that_are_not_there_are_missed_before_any_scan_is_made(tmp_path: Path) -> None:
    run = open_run(tmp_path / "run", load_settings("quick", None, ["pretrain.weights=nowhere.pt"]), "test")
    with pytest.raises(InputError, match=r"names 'nowhere\.pt', which is no file"):
        check_networks(run)
    assert not run.ages_data.exists()


def test_subjects_of_one_age_teach_none(tmp_path: Path) -> None:
    """Their spread is 0, by which what is learned would be divided."""
    alike = write_bids(tmp_path / "alike", {f"sub-{n:02d}": "30" for n in range(8)})
    (said,) = one_age_problem(alike, read_bids(alike)[0])
    assert "every subject is 30 years old" in str(said)
    others = write_bids(tmp_path / "others", {f"sub-{n:02d}": str(30 + n) for n in range(8)})
    assert one_age_problem(others, read_bids(others)[0]) == []
    run = open_run(tmp_path / "run", load_settings("quick", None, [f"ages.source={alike}"]), "test")
    with pytest.raises(InputError, match="several ages"):
        prepare_ages(run)
