"""Reads the settings of a run from presets, small files and the command line.

The settings of a run are written into its folder, and a run folder is never continued with other ones.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from AGE2HIELib.errors import InputError
from training.settings import TrainingSettings

CONFIGS = Path(__file__).parent / "configs"
PRESETS = ("demo", "quick", "bundle", "systems", "full")
_FREE = (
    "run.jobs",
    "explain.",
    "export.name",
    "export.version",
    "export.calibration",
    "evaluate.systems",
)  # settings that a run may be continued with other values of


def load_settings(preset: str, config: Path | None = None, changes: Sequence[str] = ()) -> TrainingSettings:
    """A preset, changed by a TOML or YAML file, changed by ``section.key=value`` from the command line.

    Raises:
        InputError: a file that cannot be read, an unknown key, a value of the wrong kind: all of them, a line each.
    """
    table = _read(CONFIGS / f"{preset}.toml")
    if config is not None:
        table = _merged(table, _read(config))
    for change in changes:
        table = _merged(table, _from_words(change))
    return check_settings(table)


def check_settings(table: Mapping[str, Any]) -> TrainingSettings:
    """A table of plain values as settings; InputError names every key that is wrong."""
    try:
        return TrainingSettings.model_validate(table)
    except ValidationError as problem:
        raise InputError("; ".join(_in_words(error) for error in problem.errors())) from None


def differences(old: TrainingSettings, new: TrainingSettings) -> list[str]:
    """The settings in which two runs differ, as ``section.key: old, now new``, but for those that change no
    network: ``run.jobs``, what is explained, and what the export is called.
    """
    before, after = (_flat(settings.model_dump(mode="json")) for settings in (old, new))
    changed = [key for key in before if before[key] != after[key] and not key.startswith(_FREE)]
    return [f"{key}: {before[key]}, now {after[key]}" for key in changed]


def _flat(table: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{section}.{key}": value for section, values in table.items() for key, value in values.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        table = yaml.safe_load(text) if path.suffix in (".yaml", ".yml") else tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError) as problem:
        raise InputError(f"{path.name} cannot be read ({problem}). Give a TOML or YAML file of settings.") from problem
    if not isinstance(table, dict | None):
        raise InputError(
            f"{path.name} holds a {type(table).__name__}. Write sections, as in training/configs/demo.toml."
        )
    return table or {}


def _merged(table: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(table)
    for key, value in changes.items():
        old = merged.get(key)
        whole = not (isinstance(old, dict) and isinstance(value, dict)) or key in ("cases", "options")
        merged[key] = value if whole else _merged(merged[key], value)
    return merged


def _from_words(change: str) -> dict[str, Any]:
    path, sign, value = change.partition("=")
    section, dot, key = path.partition(".")
    if not (sign and dot and key):
        raise InputError(f"'{change}' is no setting. Write it as section.key=value, for example pretrain.epochs=5.")
    return {section.strip(): {key.strip(): yaml.safe_load(value)}}


def _in_words(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"There is no setting '{where}'. See training/settings.py for those there are"
    if not where:  # of the settings taken together
        return _begun(str(error["ctx"]["error"]), str.upper)
    return (
        f"The setting '{where}' is {error['input']!r}: {_begun(error['msg'].removeprefix('Value error, '), str.lower)}"
    )


def _begun(sentence: str, case: Callable[[str], str]) -> str:
    """With another first letter; names of sites in it stay as they are."""
    return case(sentence[:1]) + sentence[1:]
