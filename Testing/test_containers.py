"""Entry points of the container, as far as they need no container; ``container/check.py`` calls them in the image."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
TARGETS = {
    "cli": ("age2hie",),
    "bids": ("age2hie", "bids"),
    "grand-challenge": ("python", "/opt/age2hie/container/grand_challenge.py"),
    "monai-deploy": ("python", "/opt/age2hie/container/monai_deploy/app.py"),
}


def program(name: str) -> ModuleType:
    """A file of ``container/``, which is no package."""
    path = ROOT / "container" / name
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses ask for it
    spec.loader.exec_module(module)
    return module


def challenge(folder: Path, adc: Path | None, z: Path | None = None) -> tuple[Path, Path]:
    images = folder / "images"
    for name, source in (("skull-stripped-adc-brain-mri", adc), ("z-score-adc", z)):
        (images / name).mkdir(parents=True)
        if source is not None:
            shutil.copy(source, images / name / "0d1f.mha")
    (folder / "output").mkdir()
    return images, folder / "output"


def test_an_answer_is_a_bare_0_or_1_by_the_models_threshold(
    infant_file: Path,
    untrained_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = program("grand_challenge.py")
    predict, seen = entry.predict, []

    def seen_predict(request: object, output: Path) -> object:
        outcome = predict(request, output)
        seen.append((outcome.probability, json.loads((output / "result.json").read_text())["threshold"]))
        return outcome

    monkeypatch.setattr(entry, "predict", seen_predict)
    images, output = challenge(tmp_path, infant_file)
    assert entry.main(images, output, {"AGE2HIE_MODEL": str(untrained_model)}) == 0
    assert [path.name for path in output.iterdir()] == ["2-year-neurocognitive-outcome.json"]
    answer = (output / entry.ANSWER).read_text()
    ((probability, threshold),) = seen
    assert answer == f"{int(probability >= threshold)}\n"
    assert "name-that-nobody-may-see" not in capsys.readouterr().err


def test_a_withheld_scan_gets_no_answer_unless_one_was_chosen(
    untrained_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from AGE2HIELib.result.verdicts import Check, Quality

    entry = program("grand_challenge.py")
    check = Check("brain volume", 80.0, "150 to 900 ml", False, "Give a newborn's scan.", "a test")
    refused = entry.Outcome(3, None, None, True, Quality((check,)))
    monkeypatch.setattr(entry, "predict", lambda request, output: refused)
    images, output = challenge(tmp_path, untrained_model / "manifest.json")
    assert entry.main(images, output, {}) == 3
    assert list(output.iterdir()) == []
    assert "age2hie: refused: brain volume. Give a newborn's scan." in capsys.readouterr().err
    assert entry.main(images, output, {"AGE2HIE_WITHHELD": "1"}) == 0
    assert (output / entry.ANSWER).read_text() == "1\n"


@pytest.mark.parametrize(
    ("environment", "copies", "words"),
    [
        ({}, 0, "skull-stripped-adc-brain-mri holds no .mha"),
        ({}, 2, "skull-stripped-adc-brain-mri holds 2 .mha files"),
        ({"AGE2HIE_WITHHELD": "yes"}, 1, "AGE2HIE_WITHHELD is 'yes'"),
        ({"AGE2HIE_MODEL": "nowhere"}, 1, "no installed model 'nowhere'"),
    ],
)
def test_unusable_input_ends_with_2_and_one_line(
    infant_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    environment: dict[str, str],
    copies: int,
    words: str,
) -> None:
    entry = program("grand_challenge.py")
    images, output = challenge(tmp_path, None)
    for number in range(copies):
        shutil.copy(infant_file, images / entry.ADC / f"{number}.mha")
    assert entry.main(images, output, environment) == 2
    said = capsys.readouterr().err
    assert said.startswith("age2hie: error: ")
    assert said.count("\n") == 1
    assert words in said
    assert list(output.iterdir()) == []


def test_the_study_of_a_monai_application_is_found_with_its_model(tmp_path: Path) -> None:
    study = program("monai_deploy/study.py")
    (tmp_path / "a.dcm").touch()
    assert study.scan_of(tmp_path) == tmp_path  # DICOM is read as a folder
    (tmp_path / "adc.nii.gz").touch()
    assert study.scan_of(tmp_path) == tmp_path / "adc.nii.gz"
    (tmp_path / "other.mha").touch()
    with pytest.raises(study.InputError, match="holds 2 images"):
        study.scan_of(tmp_path)
    with pytest.raises(study.InputError, match="does not exist"):
        study.scan_of(tmp_path / "nothing")
    assert study.bundle_in("") is study.bundle_in(str(tmp_path)) is None
    (tmp_path / "hie").mkdir()
    (tmp_path / "hie" / "manifest.json").touch()
    assert study.bundle_in(str(tmp_path)) == study.bundle_in(str(tmp_path / "hie")) == tmp_path / "hie"


def test_every_stage_of_the_containerfile_is_read_and_runs_without_root(tmp_path: Path) -> None:
    build = program("stages.py")
    arguments, stages = build.read_containerfile(ROOT / "Containerfile")
    assert set(arguments) == {"BASE"}
    assert {stage.base for stage in stages} - {stage.name for stage in stages} == {arguments["BASE"]}
    assert stages[-1].name == "cli"  # what is built where no target is named
    for name, entry in TARGETS.items():
        for one in stages:  # as built: nothing is run
            (tmp_path / f"{one.name}.built").touch()
        image = build.build(stages, name, ROOT, tmp_path, {})
        assert (image.entry, image.user) == (entry, "65532:65532")
        assert image.environment["AGE2HIE_MODELS"] == "/models"
    words = {step.word for stage in stages for step in stage.steps}
    assert words <= {"ARG", "ENV", "WORKDIR", "COPY", "RUN", "USER", "ENTRYPOINT", "CMD"}
    for stage in stages:
        for step in stage.steps:
            for source in step.text.split()[:-1] if step.word == "COPY" and "--from" not in step.text else ():
                assert (ROOT / source).exists(), source


def test_the_monai_application_says_the_version_of_this_release() -> None:
    from AGE2HIELib.release import __version__

    text = (ROOT / "container" / "monai_deploy" / "app.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text.split("---", 1)[1])["application"]["version"] == __version__
