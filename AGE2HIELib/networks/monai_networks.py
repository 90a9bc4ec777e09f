"""MONAI's 3D ResNet-18 and DenseNet-121 as staged networks: its layers and weights, our names for the blocks.

ResNet: He 2016, doi:10.1109/CVPR.2016.90. DenseNet: Huang 2017, doi:10.1109/CVPR.2017.243. MONAI takes three seconds to
import and is needed by models of these networks only, so it is an extra.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from torch import nn

from AGE2HIELib.errors import ModelError
from AGE2HIELib.networks.staged import Cells, StagedNetwork, norm_layer


def resnet18(
    in_channels: int, *, outputs: int = 1, norm: str = "group", dropout: float = 0.0, **head: Any
) -> StagedNetwork:
    """Blocks ``stem`` (cells of 4 voxels) and ``layer1`` to ``layer4``, of which the last three halve the cells."""
    plain = _nets().resnet18(
        spatial_dims=3, n_input_channels=in_channels, num_classes=1, conv1_t_size=7, conv1_t_stride=2
    )
    normalised = _normalised(plain, norm)
    blocks: OrderedDict[str, nn.Module] = OrderedDict()
    blocks["stem"] = nn.Sequential(normalised.conv1, normalised.bn1, normalised.act, normalised.maxpool)
    for number in range(1, 5):
        blocks[f"layer{number}"] = getattr(normalised, f"layer{number}")
    # odd kernels with half of them as padding: the first cell's centre stays on the first voxel
    strides = {"stem": 4, "layer1": 4, "layer2": 8, "layer3": 16, "layer4": 32}
    cells = {name: Cells(stride, 0.0, padded=stride) for name, stride in strides.items()}
    return StagedNetwork(blocks, cells, features=normalised.fc.in_features, outputs=outputs, dropout=dropout, **head)


def densenet121(
    in_channels: int, *, outputs: int = 1, norm: str = "group", dropout: float = 0.0, **head: Any
) -> StagedNetwork:
    """Blocks ``stem`` and ``dense1`` to ``dense4``, the first three with the transition that halves them."""
    normalised = _normalised(_nets().DenseNet121(3, in_channels, 1), norm)
    parts = dict(normalised.features.named_children())
    if norm == "group":
        parts["norm5"] = nn.Identity()  # as in SFCN: the mean over the image must not be set to zero
    blocks: OrderedDict[str, nn.Module] = OrderedDict()
    blocks["stem"] = nn.Sequential(parts["conv0"], parts["norm0"], parts["relu0"], parts["pool0"])
    for number in range(1, 4):
        blocks[f"dense{number}"] = nn.Sequential(parts[f"denseblock{number}"], parts[f"transition{number}"])
    blocks["dense4"] = nn.Sequential(parts["denseblock4"], parts["norm5"], nn.ReLU(inplace=True))
    cells = {"stem": Cells(4, 0.0, padded=4)}
    first, stride = 0.0, 4
    for number in range(1, 4):
        first, stride = first + stride / 2, 2 * stride  # the transition averages pairs of cells
        cells[f"dense{number}"] = Cells(stride, first, padded=4)
    cells["dense4"] = cells["dense3"]
    return StagedNetwork(
        blocks, cells, features=normalised.class_layers.out.in_features, outputs=outputs, dropout=dropout, **head
    )


def _normalised(network: Any, norm: str) -> Any:
    """The network with the wanted norm in every place; MONAI 1.6 hands its ``norm`` to a ResNet's stem only."""
    if norm not in ("group", "batch"):
        raise ValueError(f"There is no norm {norm!r}. Choose 'group' or 'batch'.")
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if norm == "group" and isinstance(child, nn.BatchNorm3d):
                setattr(parent, name, norm_layer(norm, child.num_features))
    return network


def _nets() -> Any:
    try:
        from monai.networks import nets
    except ImportError as problem:
        raise ModelError(
            "This model's network comes from MONAI, which is not installed. Install it: pip install monai"
        ) from problem
    return nets
