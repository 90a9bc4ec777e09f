"""The reference page of the settings, docs/reference/training.md, made from ``settings`` and the presets."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo

from training.settings import TrainingSettings
from training.settings_reading import CONFIGS, PRESETS

# What a first run of one's own never needs: they stand in a table of their own.
RARE = frozenset(
    {
        "ages.held_out",
        "hie.z_maps",
        "network.norm",
        "network.dropout",
        "network.options",
        "network.pooling",
        "network.slab_mm",
        "pretrain.batch_size",
        "finetune.augment",
        "finetune.auxiliary",
        "finetune.release",
        "evaluate.protocols",
        "evaluate.resamples",
        "evaluate.systems",
        "export.arm",
        "export.calibration",
        "export.members",
        "export.version",
        "hardware.precision",
        "run.jobs",
        "run.seed",
    }
)


def every_setting() -> Iterator[tuple[str, FieldInfo]]:
    """``("run.seed", field)`` and so on, in the order of ``settings``."""
    for section, group in TrainingSettings.model_fields.items():
        for key, field in getattr(group.annotation, "model_fields", {}).items():
            yield f"{section}.{key}", field


def settings_page() -> str:
    """Markdown: a table of what a run is made of, and one of what is rarely changed."""
    presets = {name: tomllib.loads((CONFIGS / f"{name}.toml").read_text(encoding="utf-8")) for name in PRESETS}
    rows = {name: _row(name, field, presets) for name, field in every_setting()}
    head = "| setting | default | in presets | what it is |\n| --- | --- | --- | --- |"
    usual = "\n".join(row for name, row in rows.items() if name not in RARE)
    seldom = "\n".join(row for name, row in rows.items() if name in RARE)
    groups = "\n".join(
        f"- `{section}`: {' '.join((getattr(group.annotation, '__doc__', '') or '').split()).replace('``', '`')}"
        for section, group in TrainingSettings.model_fields.items()
    )
    return f"""# Settings of the training

`make docs` makes this page from `training/settings.py`. A setting stands in a TOML or YAML file that `--config` names
(`[pretrain]`, then `epochs = 5`) or on the line (`--set pretrain.epochs=5`); the preset gives the others.

{groups}

## What a run is made of

{head}
{usual}

## Rarely changed

{head}
{seldom}
"""


def _row(name: str, field: FieldInfo, presets: dict[str, dict[str, Any]]) -> str:
    section, key = name.split(".")
    named = {preset: table.get(section, {}).get(key) for preset, table in presets.items()}
    others = ", ".join(f"{preset} `{_text(value)}`" for preset, value in named.items() if value is not None)
    return f"| `{name}` | `{_text(field.default)}` | {others} | {field.description or ''} |"


def _text(value: Any) -> str:
    """As TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {one}" for key, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_text(one) for one in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
