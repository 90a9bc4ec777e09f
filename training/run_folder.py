"""The folder of a run: where everything lies, and what made it."""

from __future__ import annotations

import json
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from AGE2HIELib.errors import InputError
from training.files import write_text
from training.preparing.inputs import adc_spec
from training.settings import FUSED, STREAMS, SYNTHETIC, TrainingSettings
from training.settings_reading import check_settings, differences

_RECORD = "run.json"
_PACKAGES = ("age2hie", "torch", "lightning", "monai", "numpy", "scipy", "scikit-learn", "statsmodels", "SimpleITK")


@dataclass(frozen=True)
class RunFolder:
    """Paths of a run, and its settings.

    Attributes:
        shared: folder that holds the cohorts of several runs, prepared once for each grid; None for the run's own.
    """

    root: Path
    settings: TrainingSettings
    shared: Path | None = None

    @property
    def ages_data(self) -> Path:
        source = self.settings.ages.source
        return self._cohorts / "data" / "ages" if source == SYNTHETIC else Path(source)

    @property
    def hie_data(self) -> Path:
        source = self.settings.hie.source
        return self._cohorts / "data" / "hie" if source == SYNTHETIC else Path(source)

    @property
    def _cohorts(self) -> Path:
        return self.shared or self.root

    @property
    def mapping(self) -> Path | None:
        return Path(self.settings.hie.outcomes) if self.settings.hie.outcomes else None

    @property
    def prepared_ages(self) -> Path:
        return self._prepared / ("ages-streams" if self.settings.network.name == STREAMS else "ages")

    @property
    def prepared_hie(self) -> Path:
        further = {FUSED: "hie-sequences", STREAMS: "hie-streams"}
        return self._prepared / further.get(self.settings.network.name, "hie")

    @property
    def _prepared(self) -> Path:
        if self.shared is None:
            return self.root / "prepared"
        spacing_mm, poolings = self.settings.input.spacing_mm, self.settings.network.poolings
        sides = "x".join(map(str, adc_spec(spacing_mm, poolings).grid.shape))  # alike for many a number of poolings
        return self.shared / "prepared" / f"{spacing_mm:g}mm-{sides}"

    @property
    def calibration_data(self) -> Path:
        """Of the infants whom no network saw and by whom the exported model's number is read."""
        source = self.settings.export.calibration
        return self.root / "data" / "calibration" if isinstance(source, int) else Path(source)

    @property
    def calibration_table(self) -> Path:
        return self.root / "calibration.tsv"

    @property
    def prepared_calibration(self) -> Path:
        return self.root / "prepared" / "calibration"

    def pretraining(self, kind: str, seed: int = 0) -> Path:
        """Of one of the networks of a kind; that of seed 0 is the one that is exported and explained."""
        return self.root / "pretraining" / (f"{kind}-{seed}" if seed else kind)

    @property
    def age_predictions(self) -> Path:
        return self.root / "age_predictions.tsv"

    @property
    def probes(self) -> Path:
        """What linear readings of the frozen trunks know."""
        return self.root / "probes.tsv"

    @property
    def fits(self) -> Path:
        return self.root / "fits"

    @property
    def predictions(self) -> Path:
        return self.root / "predictions.tsv"

    @property
    def examined(self) -> Path:
        """A file for each infant whose map was examined."""
        return self.root / "examined"

    @property
    def examinations(self) -> Path:
        return self.root / "examinations.tsv"

    @property
    def examination_figures(self) -> Path:
        """The limit of every figure in ``examinations``."""
        return self.root / "examinations.json"

    @property
    def age_maps(self) -> Path:
        return self.root / "age_maps"

    @property
    def age_map_table(self) -> Path:
        return self.root / "age_maps.tsv"

    @property
    def age_map_picture(self) -> Path:
        return self.root / "age_maps.png"

    @property
    def report(self) -> Path:
        return self.root / "report"


def open_run(root: Path, settings: TrainingSettings, command: str, *, shared: Path | None = None) -> RunFolder:
    """A new run folder, or an old one that was made with the same settings; ``shared`` as of ``RunFolder``.

    Raises:
        InputError: the folder holds a run with other settings; they are named.
    """
    record = root / _RECORD
    if record.exists():
        old = recorded_settings(root)
        changed = differences(old, settings)
        if changed:
            raise InputError(
                f"'{root.name}' holds a run with other settings ({'; '.join(changed[:5])}). Give another --output, "
                "or the settings that it was begun with."
            )
    else:
        write_run_record(root, {"settings": settings.model_dump(mode="json"), "command": command, **provenance()})
    return RunFolder(root, settings, shared)


def recorded_settings(root: Path) -> TrainingSettings:
    """Those that a run was begun with; InputError where another version, which had other ones, began it."""
    settings = read_record(root)["settings"]
    try:
        return check_settings(settings)
    except InputError as problem:
        raise InputError(
            f"'{root.name}' holds a run that another version of age2hie began: {str(problem).split('; ')[0]}. Give "
            "another --output, or go on with that version."
        ) from problem


def read_record(root: Path) -> dict[str, Any]:
    """What ``run.json`` says; InputError when it is damaged."""
    try:
        content: dict[str, Any] = json.loads((root / _RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise InputError(f"{root.name}/{_RECORD} cannot be read ({problem}). Give another --output.") from problem
    return content


def write_run_record(root: Path, content: dict[str, Any]) -> None:
    write_text(root / _RECORD, json.dumps(content, indent=2) + "\n")


def add_to_record(root: Path, **facts: Any) -> None:
    """Add facts, such as the hash of the data, to what is known of a run."""
    write_run_record(root, {**read_record(root), **facts})


def provenance() -> dict[str, Any]:
    """Versions, commit and time: what a later reader needs to make the run again."""
    return {
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}},
        "system": f"{platform.system()} {platform.machine()}",
        "commit": revision(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def revision() -> str:
    """The commit of the source, with ``-dirty`` where files were changed; "unknown" outside a checkout."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "unknown"


def called_as(arguments: list[str]) -> str:
    """The command line as one would type it; of a path from the root only the last name, and no address of a computer,
    since a record travels.
    """
    return " ".join(["python", "training/run.py", *map(_anywhere, arguments)])


def _anywhere(word: str) -> str:
    if "://" in word:
        return "ADDRESS"
    key, sign, value = word.rpartition("=")
    return f"{key}{sign}{Path(value).name}" if Path(value).is_absolute() else word


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
