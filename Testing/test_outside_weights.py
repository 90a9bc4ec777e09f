"""A trunk from elsewhere: published names, both formats, and one clear line for every other file."""

from __future__ import annotations

import json
import pickle
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from AGE2HIELib.errors import InputError
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.networks.sfcn import SFCN
from training.learning.outside_weights import load_outside, our_name, read_tensors

CHANNELS = (4, 6, 8)


class PublishedSFCN(nn.Module):
    """Layers and names as in the authors' sfcn.py, narrower."""

    def __init__(self) -> None:
        super().__init__()
        self.feature_extractor = nn.Sequential()
        for number, (before, after) in enumerate(zip((1, *CHANNELS[:-1]), CHANNELS, strict=True)):
            pooled = number < len(CHANNELS) - 1
            convolution = nn.Conv3d(before, after, 3 if pooled else 1, padding=int(pooled))
            pool = [nn.MaxPool3d(2, stride=2)] if pooled else []
            layer = nn.Sequential(convolution, nn.BatchNorm3d(after), *pool, nn.ReLU())
            self.feature_extractor.add_module(f"conv_{number}", layer)
        self.classifier = nn.Sequential(OrderedDict(conv_3=nn.Conv3d(CHANNELS[-1], 40, 1)))


def published() -> PublishedSFCN:
    torch.manual_seed(1)
    network = PublishedSFCN()
    with torch.no_grad():
        network.feature_extractor(torch.randn(8, 1, 16, 16, 16))  # running means that are not zero
    return network.eval()


def ours(**arguments: object) -> SFCN:
    given = {"in_channels": 1, "channels": list(CHANNELS), "norm": "batch", **arguments}
    network = build_network("sfcn", given)
    assert isinstance(network, SFCN)
    return network


def safetensors(path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    """Written by the format's own description, not by the reader's inverse."""
    table, numbers = {}, b""
    names = {torch.float32: "F32", torch.float16: "F16", torch.int64: "I64", torch.bfloat16: "BF16"}
    for name, value in tensors.items():
        raw = value.contiguous().view(torch.int16) if value.dtype == torch.bfloat16 else value.contiguous()
        data = raw.numpy().tobytes()
        offsets = [len(numbers), len(numbers) + len(data)]
        table[name] = {"dtype": names[value.dtype], "shape": list(value.shape), "data_offsets": offsets}
        numbers += data
    header = json.dumps({"__metadata__": {"format": "pt"}, **table}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + numbers)
    return path


@pytest.mark.parametrize("ending", ["p", "pt", "safetensors"])
def test_the_published_state_dictionary_gives_the_same_features(tmp_path: Path, ending: str) -> None:
    source = published()
    file = tmp_path / f"run_20190719_00_epoch_best_mae.{ending}"
    state = {f"module.{name}": value for name, value in source.state_dict().items()}  # as DataParallel names them
    if ending == "safetensors":
        safetensors(file, state)
    else:
        torch.save(state, file)
    network, image = ours(), torch.randn(2, 1, 16, 16, 16)
    load_outside(network, file)
    torch.testing.assert_close(network.below(image, "block3"), source.feature_extractor(image))


@pytest.mark.parametrize(("name", "norm"), [("resnet18", "batch"), ("densenet121", "batch")])
def test_a_state_dictionary_of_monai_gives_the_same_features(tmp_path: Path, name: str, norm: str) -> None:
    nets = pytest.importorskip("monai.networks.nets")
    torch.manual_seed(2)
    made = {
        "resnet18": lambda: nets.resnet18(spatial_dims=3, n_input_channels=1, num_classes=1, conv1_t_stride=2),
        "densenet121": lambda: nets.DenseNet121(3, 1, 1),
    }[name]().eval()
    torch.save({"state_dict": made.state_dict()}, tmp_path / "w.pt")
    network = build_network(name, {"in_channels": 1, "norm": norm})
    load_outside(network, tmp_path / "w.pt")
    image = torch.randn(1, 1, 32, 32, 32)
    if name == "densenet121":
        expected = torch.relu(made.features(image))
    else:
        expected = made.layer4(
            made.layer3(made.layer2(made.layer1(made.maxpool(made.act(made.bn1(made.conv1(image)))))))
        )
    torch.testing.assert_close(network.below(image, network.layers[-1]), expected)


def test_bfloat16_is_read_as_its_numbers(tmp_path: Path) -> None:
    values = torch.tensor([[1.0, -2.5], [3.0, 1e20]], dtype=torch.bfloat16)
    found = read_tensors(safetensors(tmp_path / "b.safetensors", {"a": values}))
    torch.testing.assert_close(found["a"], values.float())


class Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('code in a file was run')",)


def test_code_in_a_file_is_never_run(tmp_path: Path) -> None:
    for number, save in enumerate(
        (lambda f: torch.save(Harmful(), f), lambda f: f.write_bytes(pickle.dumps(Harmful())))
    ):
        file = tmp_path / f"{number}.pt"
        save(file)
        with pytest.raises(InputError, match="Code in a file is never run") as refused:
            read_tensors(file)
        assert "\n" not in str(refused.value)


def test_every_file_that_does_not_fit_is_one_clear_line(tmp_path: Path) -> None:
    state = published().state_dict()
    file = tmp_path / "w.pt"

    def refused(content: object, network: SFCN) -> str:
        torch.save(content, file)
        before = {name: value.clone() for name, value in network.state_dict().items()}
        with pytest.raises(InputError) as problem:
            load_outside(network, file)
        assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
        assert "\n" not in str(problem.value)
        return str(problem.value)

    assert "(4, 1, 3, 3, 3), and this network needs (5, 1, 3, 3, 3)" in refused(state, ours(channels=[5, 6, 8]))
    assert "lacks 7 of the 28 weights" in refused(state, ours(channels=[4, 6, 6, 8]))
    assert "blocks.block1.norm.running_mean, which this network lacks" in refused(state, ours(norm="group"))
    odd = {**state, "feature_extractor.conv_0.0.bias": torch.tensor([1.0, 2.0, np.nan, 0.0])}
    assert "not finite" in refused(odd, ours())
    assert "lacks 21 of the 21" in refused({"something": torch.zeros(3)}, ours())
    assert "no tensors by name" in refused({"epoch": 3}, ours())
    assert "no tensors by name" in refused([torch.zeros(3)], ours())


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\x80\x02}q\x00."])
def test_damaged_files_of_torch_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as tensors alone"):
        read_tensors(tmp_path / "w.pt")


def test_a_damaged_byte_gives_one_line_or_sound_numbers(tmp_path: Path) -> None:
    """Whatever is damaged, nothing but InputError comes out."""
    rng, file = np.random.default_rng(0), tmp_path / "w.pt"
    torch.save(OrderedDict(published().state_dict()), file)
    sound = file.read_bytes()
    for _ in range(60):
        content = bytearray(sound)
        for place in rng.integers(0, len(sound), 4):
            content[place] = rng.integers(256)
        file.write_bytes(bytes(content[: rng.integers(1, len(sound))] if rng.random() < 0.2 else content))
        with suppress(InputError):
            load_outside(ours(), file)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 40,
        (4).to_bytes(8, "little") + b"[[]]",
        (60).to_bytes(8, "little") + b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}'.ljust(60),
        (60).to_bytes(8, "little") + b'{"a":{"dtype":"F8","shape":[0],"data_offsets":[0,0]}}'.ljust(60),
        (60).to_bytes(8, "little") + b'{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}'.ljust(60) + b"01234567",
    ],
)
def test_damaged_safetensors_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.safetensors").write_bytes(content)
    with pytest.raises(InputError, match=r"sound \.safetensors"):
        read_tensors(tmp_path / "w.safetensors")


def test_names_of_this_project_stay() -> None:
    assert our_name("encoder.blocks.block1.conv.weight") == "blocks.block1.conv.weight"
    assert our_name("module.feature_extractor.conv_5.0.weight") == "blocks.block6.conv.weight"
    with pytest.raises(InputError, match="which is no file"):
        read_tensors(Path("nowhere.pt"))
