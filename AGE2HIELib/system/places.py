"""Where the files lie that travel with the library, and the models that a user has installed."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from AGE2HIELib.errors import ModelError

DEMONSTRATION = "demo"


def resource_path(*parts: str) -> Path:
    """``Resources/`` of a checkout, or ``AGE2HIELib/_resources`` of an installed wheel or extension."""
    package = Path(__file__).parent.parent
    installed = package / "_resources"
    root = installed if installed.is_dir() else package.parent / "Resources"
    return root.joinpath(*parts)


def models_home() -> Path:
    """``AGE2HIE_MODELS`` where it is set, else the place that the system has for a user's data.

    Raises:
        ModelError: the user has no home folder, as in a container that runs under a number that no account has.
    """
    given = os.environ.get("AGE2HIE_MODELS")
    try:
        return Path(given).expanduser() if given else _absolute(_user_data() / "models")
    except RuntimeError:  # no HOME, and no account either
        return _absolute(Path())


def installed_models() -> tuple[Path, ...]:
    """The bundled model first, then the installed ones by name; what lies in them is not looked at.

    Those of the place before this one, ``~/.age2hie/models``, are still found.
    """
    own: dict[str, Path] = {}
    for place in (models_home,) if os.environ.get("AGE2HIE_MODELS") else (_earlier_home, models_home):
        # nobody has installed anything where there is no home, or none that opens
        with suppress(ModelError, OSError, RuntimeError, ImportError):
            own |= {path.parent.name: path.parent for path in place().glob("*/manifest.json")}
    return (resource_path("models", DEMONSTRATION), *(own[name] for name in sorted(own)))


def _earlier_home() -> Path:
    return _absolute(Path.home() / ".age2hie" / "models")


def _user_data() -> Path:
    try:
        from platformdirs import user_data_path
    except ImportError:  # Slicer's panel lists models before anything is installed; pip, which it ships, has a copy
        from pip._vendor.platformdirs import user_data_path  # type: ignore[assignment]  # an older version of it
    return Path(user_data_path("age2hie", appauthor=False))


def _absolute(place: Path) -> Path:
    """Where HOME is empty or no path, models would lie wherever a call was made."""
    if not place.is_absolute():
        raise ModelError(
            "This user has no home folder for models: HOME is not set, and the system knows no account. "
            "Set AGE2HIE_MODELS to a folder of yours."
        )
    return place


@dataclass(frozen=True)
class ModelLabel:
    """What a model says of itself, unverified: whoever uses it has ``read_bundle`` check every file.

    ``problem`` is what keeps the label from being read, else empty.
    """

    id: str
    folder: Path
    title: str
    demonstration: bool = True
    trained_on: str = "unknown"
    intended_use: str = "unknown"
    problem: str = ""


def model_label(folder: Path) -> ModelLabel:
    """Read with the standard library alone, so that Slicer's panel can show it before anything is installed."""
    try:
        metadata = json.loads((folder / "configs" / "metadata.json").read_text(encoding="utf-8"))
        ours = metadata["age2hie"]
        title = f"{ours['name']} {metadata['version']}"
        texts = str(ours["trained_on"]), str(ours["intended_use"])
        return ModelLabel(folder.name, folder, title, bool(ours["demonstration"]), *texts)
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = f"its metadata cannot be read ({type(error).__name__})"
        return ModelLabel(folder.name, folder, folder.name, problem=problem)


def find_model(named: Path | None) -> Path:
    """The folder that ``--model`` means: a folder, or the name of an installed model; the bundled one by default."""
    if named is None:
        return resource_path("models", DEMONSTRATION)
    if named.exists() or len(named.parts) != 1:
        return named
    installed = {path.name: path for path in installed_models()}
    if named.name not in installed:
        raise ModelError(
            f"There is no folder and no installed model {named.name!r}. "
            f"Name a model folder, or one of the installed: {', '.join(installed)}."
        )
    return installed[named.name]


def find_atlas(folder: Path | None) -> Path:
    """The folder that ``--atlas`` means: the bundled one by default."""
    return folder or resource_path("atlas")
