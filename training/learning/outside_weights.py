"""A trunk from elsewhere: weights of the registry's networks under their own names, checked and never unpickled.

Read are ``.safetensors`` files, and files of ``torch.save`` that hold tensors alone: a state dictionary of this
project's networks or of a run (``pretrained.pt``), of the published SFCN (Peng 2021, doi:10.1016/j.media.2020.101871,
repository UKBiobank_deep_pretrain), and of MONAI's ResNet-18 and DenseNet-121.
"""

from __future__ import annotations

import json
import pickle
import re
import struct
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from AGE2HIELib.errors import InputError
from AGE2HIELib.networks.staged import StagedNetwork

_NESTED = ("trunk", "state_dict", "model_state_dict", "model")  # under which files keep a state dictionary
_WRAPPERS = ("module.", "encoder.")  # before every name, of DataParallel and of a network of age
# what others call a layer -> ours
_NAMES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^feature_extractor\.conv_(\d)\.0\."), "blocks.block{+1}.conv."),
    (re.compile(r"^feature_extractor\.conv_(\d)\.1\."), "blocks.block{+1}.norm."),
    (re.compile(r"^conv1\."), "blocks.stem.0."),
    (re.compile(r"^bn1\."), "blocks.stem.1."),
    (re.compile(r"^layer(\d)\."), "blocks.layer{}."),
    (re.compile(r"^features\.conv0\."), "blocks.stem.0."),
    (re.compile(r"^features\.norm0\."), "blocks.stem.1."),
    (re.compile(r"^features\.denseblock(\d)\."), "blocks.dense{}.0."),
    (re.compile(r"^features\.transition(\d)\."), "blocks.dense{}.1."),
    (re.compile(r"^features\.norm5\."), "blocks.dense4.1."),
)
_DTYPES = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32}
# what torch's own reader of pickles raises for damaged ones
_DAMAGED = (
    *(pickle.UnpicklingError, RuntimeError, EOFError, ValueError, LookupError, OSError, AttributeError, TypeError),
    *(AssertionError, OverflowError, MemoryError, struct.error),
)
_MOST_HEADER = 100_000_000  # bytes, as the format has it


def load_outside(network: StagedNetwork, path: Path) -> None:
    """Give the blocks the weights of a file; the head stays new.

    Raises:
        InputError: the file cannot be read, or lacks a weight of this network, or has it in another shape.
    """
    found = {our_name(name): value for name, value in read_tensors(path).items()}
    wanted = {name: value for name, value in network.state_dict().items() if name.startswith("blocks.")}
    missing = [name for name in wanted if name not in found]
    if missing:
        hint = " Set network.norm=batch for weights with running means." if _batch_norms(found) else ""
        raise InputError(
            f"{path.name} lacks {len(missing)} of the {len(wanted)} weights of this network, {missing[0]} the first. "
            f"Choose the network that it was saved from (network.name, channels, norm, options).{hint}"
        )
    for name, value in wanted.items():
        given = found[name]
        if given.shape != value.shape:
            raise InputError(
                f"{path.name} has {name} as {tuple(given.shape)}, and this network needs {tuple(value.shape)}. Choose "
                "the network that it was saved from (network.name, channels, options)."
            )
        if not bool(torch.isfinite(given.float()).all()):
            raise InputError(f"{path.name} holds numbers in {name} that are not finite. Get the file again.")
    unknown = [name for name in found if name.startswith("blocks.") and name not in wanted]
    if unknown:
        raise InputError(
            f"{path.name} has {unknown[0]}, which this network lacks. Choose the network that it was saved from."
        )
    network.load_state_dict({name: found[name].to(value.dtype) for name, value in wanted.items()}, strict=False)


def _batch_norms(names: Mapping[str, Any]) -> bool:
    return any(name.endswith("running_mean") for name in names)


def our_name(name: str) -> str:
    """A layer of a published network, as the staged network of this project calls it; others as they are."""
    for wrapper in _WRAPPERS:
        name = name.removeprefix(wrapper)
    for pattern, ours in _NAMES:
        match = pattern.match(name)
        if match:
            number = match[1] if match.groups() else ""
            begin = ours.replace("{+1}", str(int(number) + 1)) if "{+1}" in ours else ours.replace("{}", number)
            return begin + name[match.end() :]
    return name


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Tensors by name; InputError where the file is not there, damaged, or would run code."""
    if not path.is_file():
        raise InputError(f"pretrain.weights names '{path.name}', which is no file. Give a .pt or .safetensors file.")
    content = _safetensors(path) if path.suffix == ".safetensors" else _torch_file(path)
    for key in _NESTED:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    tensors = content if isinstance(content, Mapping) else {}
    kept = {str(name): value for name, value in tensors.items() if isinstance(value, torch.Tensor)}
    if not kept:
        raise InputError(f"{path.name} holds no tensors by name. Give the state dictionary of a network.")
    return kept


def _torch_file(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old pickles: they are read, or refused below
            return torch.load(path, weights_only=True, map_location="cpu")
    except _DAMAGED as problem:
        words = str(problem).strip().splitlines()
        reason = words[0][:120] if words else type(problem).__name__
        raise InputError(
            f"{path.name} cannot be read as tensors alone ({reason}). Code in a file is never run: save its state "
            "dictionary with torch.save, or as .safetensors."
        ) from problem


def _safetensors(path: Path) -> dict[str, torch.Tensor]:
    """The format is eight bytes of length, JSON, and raw numbers (https://github.com/huggingface/safetensors)."""
    content = path.read_bytes()
    try:
        length = int.from_bytes(content[:8], "little")
        if not 2 <= length <= min(len(content) - 8, _MOST_HEADER):
            raise ValueError(f"its header is said to have {length} bytes")
        table = json.loads(content[8 : 8 + length])
        return {name: _tensor(one, content[8 + length :]) for name, one in table.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise InputError(f"{path.name} is no sound .safetensors file ({problem}). Get it again.") from problem


def _tensor(entry: Mapping[str, Any], numbers: bytes) -> torch.Tensor:
    begin, end = entry["data_offsets"]
    if not 0 <= begin <= end <= len(numbers):
        raise ValueError(f"a tensor lies at bytes {begin} to {end} of {len(numbers)}")
    if entry["dtype"] == "BF16":
        raw = np.frombuffer(numbers[begin:end], "<u2").astype("<u4") << 16
        values = raw.view("<f4")
    else:
        values = np.frombuffer(numbers[begin:end], np.dtype(_DTYPES[entry["dtype"]]).newbyteorder("<"))
    return torch.from_numpy(values.astype(values.dtype.newbyteorder("=")).reshape(entry["shape"]).copy())
