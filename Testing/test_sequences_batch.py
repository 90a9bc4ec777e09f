"""T1 and T2 beside the scans of a batch and of a BIDS dataset: given to the models that read them, and to no others."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bids_samples import write_json, write_root
from bundles import CHANNELS, untrained_bundle
from calling import run
from scans import bundled_atlas

from AGE2HIELib.batch.find_cases import find_cases
from AGE2HIELib.bids.cases import Wanted, find_bids_cases
from AGE2HIELib.bids.dataset import open_dataset
from AGE2HIELib.bids.selection import ChosenScan
from AGE2HIELib.io.images import sha256_of_image, write_volume
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.scan import PROTOCOLS, scanner_adc
from AGE2HIELib.phantom.sequences import scan_sequence
from AGE2HIELib.pipeline import sequences
from AGE2HIELib.preprocess.network_input import Channel, InputSpec
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.volume import Grid
from training.cohorts.bonbid import HieCase
from training.preparing import infants
from training.preparing.infants import InfantOptions, prepare_infants
from training.preparing.inputs import infant_spec
from training.settings import Network


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``adc``, ``t1``, ``t2`` of one infant."""
    folder = tmp_path_factory.mktemp("images")
    infant = make_infant(71)
    injury = injure(infant, "bgt", seed=71)
    write_volume(scanner_adc(infant, injury, PROTOCOLS["4mm"], seed=71), folder / "adc.nii.gz")
    for name in ("t1", "t2"):
        write_volume(scan_sequence(infant, injury, name, seed=1).image, folder / f"{name}.nii.gz")
    return folder


@pytest.fixture(scope="module")
def fused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of two untrained networks that read ADC, z, T1 and T2."""
    folder = tmp_path_factory.mktemp("models") / "fused"
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = [-62.0, -62.0, -46.0]
    more = tuple(Channel(name, 0.0, 1.0, -4.0, 4.0, scaling="robust") for name in ("t1", "t2"))
    untrained_bundle(
        folder,
        count=2,
        network="fused",
        network_arguments={"in_channels": 4, "channels": [4, 4, 4], "sequences": [2, 1, 1]},
        spec=InputSpec(Grid((32, 32, 24), affine), (*CHANNELS, *more)),
        z_origins=(bundled_atlas().sha256, "released", "none"),
        saliency_layer="block2",
    )
    return folder


def settings_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "result.json").read_text())["settings"])


def linked(folder: Path, images: Path, **names: str) -> None:
    """``adc="scan"``: the infant's ADC map under another name."""
    folder.mkdir(parents=True)
    for image, name in names.items():
        (folder / f"{name}.nii.gz").symlink_to(images / f"{image}.nii.gz")


def test_images_called_t1_and_t2_are_no_scan_where_there_is_one(tmp_path: Path) -> None:
    for name in ("a/adc.mha", "a/T1.nii.gz", "a/x_T2w.nii", "b/t1.mha", "c/adc.mha", "c/one_t1.mha", "c/two-T1w.mha"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"scan")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "IM1").write_bytes(bytes(128) + b"DICM" + bytes(20))
    (tmp_path / "d" / "d-T2w.nii.gz").write_bytes(b"scan")
    first, alone, twice, study = find_cases(tmp_path, output=tmp_path / "out")
    assert first.scan == tmp_path / "a" / "adc.mha"
    assert first.sequences == {"t1": tmp_path / "a" / "T1.nii.gz", "t2": tmp_path / "a" / "x_T2w.nii"}
    assert alone.scan == tmp_path / "b" / "t1.mha"  # whatever it is called
    assert alone.sequences == {}
    assert "holds 3 images, and which of them" in twice.problem
    assert study.scan == tmp_path / "d"
    assert list(study.sequences) == ["t2"]


@pytest.mark.parametrize(
    "names",
    [
        ("adc_T1", "adc_T2", "adc_T3"),  # three visits
        ("t1", "t2", "t3"),
        ("adc_T1", "mask"),
        ("t1", "brain-mask"),
        ("inf_T1w", "inf_FLAIR"),
        ("adc_T1w", "adc_baseline"),  # an ADC map on the T1's grid
        ("sub_adc_T1", "sub_adc_T1_mask"),
        ("b0_T2w", "x"),
    ],
)
def test_images_of_which_one_may_be_the_scan_are_asked_about_as_ever(names: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    for name in names:
        (tmp_path / "case" / f"{name}.nii.gz").write_bytes(b"scan")
    (case,) = find_cases(tmp_path, output=tmp_path / "out")
    assert case.scan is None
    assert f"holds {len(names)} images, and which of them is the case's scan is not known" in case.problem


@pytest.mark.slow
def test_a_batch_gives_t1_and_t2_to_a_model_that_reads_them(
    images: Path, fused: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    linked(tmp_path / "scans" / "both", images, adc="adc", t1="t1", t2="infant_T2w")
    linked(tmp_path / "scans" / "none", images, adc="adc")
    output = tmp_path / "out"
    words = ("batch", tmp_path / "scans", "--output", output, "--model", fused, "--jobs", 1, "--progress", "none")
    assert run(capfd, *words)[0] == 0
    both, none = settings_of(output / "both"), settings_of(output / "none")
    assert both["t1_sha256"] == sha256_of_image(images / "t1.nii.gz")
    assert both["t2_sha256"] == sha256_of_image(images / "t2.nii.gz")
    assert none["t1_sha256"] is None
    assert run(capfd, *words)[0] == 0  # what was made is known again, with its T1
    with (output / "cases.tsv").open(encoding="utf-8") as table:
        assert [row["exit_code"] for row in csv.DictReader(table, delimiter="\t")] == ["0", "0"]
    (tmp_path / "scans" / "both" / "t1.nii.gz").unlink()
    assert run(capfd, *words)[0] == 1
    assert "made with other settings" in (output / "cases.tsv").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_model_of_adc_alone_takes_no_notice_of_them(
    images: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    linked(tmp_path / "scans" / "both", images, adc="adc", t1="t1")
    words = ("batch", tmp_path / "scans", "--output", tmp_path / "out", "--jobs", 1, "--progress", "none")
    assert run(capfd, *words)[0] == 0
    assert settings_of(tmp_path / "out" / "both")["t1_sha256"] is None


def test_a_doubted_image_is_left_out_of_a_cohort_and_named(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = HieCase("A", "A", "MGH", images / "adc.nii.gz", True, t1=images / "t1.nii.gz", t2=images / "t2.nii.gz")
    monkeypatch.setattr(sequences, "LEAST_AGREEMENT", {"t1": 0.06, "t2": 0.9})
    atlas = resource_path("atlas")
    options = InfantOptions(atlas, infant_spec(Network(name="fused", channels=(4, 4))), "atlas", 1)
    monkeypatch.setattr(infants, "run_all", lambda work, tasks, **_: [work(one) for one in tasks])
    cohort = prepare_infants([case], tmp_path, options)
    assert cohort.table[["has_t1", "has_t2"]].to_numpy().tolist() == [[True, False]]
    assert float(np.abs(cohort.volumes[0, 3]).max()) > 0
    assert float(np.abs(cohort.volumes[0, 4]).max()) == 0
    assert "A: left out. The T2 shares" in capsys.readouterr().err


def bids_dataset(root: Path, images: Path) -> Path:
    write_root(root, participants="participant_id\tage\nsub-01\t4\n")
    linked(root / "sub-01" / "dwi", images, adc="sub-01_ADC")
    linked(root / "sub-01" / "anat", images, t1="sub-01_T1w", t2="sub-01_T2w")
    write_json(root / "sub-01" / "dwi" / "sub-01_ADC.json", {"ImageType": ["DERIVED", "PRIMARY", "ADC"]})
    return root


def test_of_several_t2_none_is_chosen(images: Path, tmp_path: Path) -> None:
    root = bids_dataset(tmp_path / "bids", images)
    (case,) = find_bids_cases(open_dataset(root), (), Wanted(t1=False))
    assert [one.image.path.name for one in case.sequences.values() if isinstance(one, ChosenScan)] == [
        "sub-01_T1w.nii.gz",
        "sub-01_T2w.nii.gz",
    ]
    (root / "sub-01" / "anat" / "sub-01_acq-fast_T2w.nii.gz").symlink_to(images / "t2.nii.gz")
    (case,) = find_bids_cases(open_dataset(root), (), Wanted(t1=False))
    assert "has 2 T2-weighted images" in str(case.sequences["t2"])


@pytest.mark.slow
def test_a_bids_dataset_gives_the_visit_s_t1_and_t2(
    images: Path, fused: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = bids_dataset(tmp_path / "bids", images)
    words = ("bids", root, tmp_path / "out", "participant", "--model", fused, "--skip-bids-validation", "--jobs", 1)
    assert run(capfd, *words)[0] == 0
    said = settings_of(tmp_path / "out" / "results" / "sub-01" / "sub-01_dwi")
    assert said["t1_sha256"] == sha256_of_image(images / "t1.nii.gz")
    assert said["t2_sha256"] == sha256_of_image(images / "t2.nii.gz")
    (root / "sub-01" / "anat" / "sub-01_acq-fast_T2w.nii.gz").symlink_to(images / "t2.nii.gz")
    assert run(capfd, *words[:2], tmp_path / "again", *words[3:])[0] == 1
    rows = (tmp_path / "again" / "results" / "sub-01" / "cases.tsv").read_text(encoding="utf-8")
    assert "has 2 T2-weighted images" in rows
