"""What a user would assemble for a like output, from ANTsPy and MONAI alone: no line of this project runs in it.

    python benchmark/assembled_stack.py SCAN --output DIR --atlas DIR --weights DIR [--transform SyN|Affine]

The scan is a stripped ADC map in 1e-6 mm^2/s. ANTsPy reads it, places the atlas on it and makes the z-map; networks of
MONAI are fed ADC and z along the atlas's axes in cells of 4 mm; ``monai.visualize`` makes a Grad-CAM of each and the
picture. Written are ``z_adc.nii.gz``, ``saliency.nii.gz``, ``overlay.png`` and ``result.json``. The weights are random,
made and kept with ``--make N``: what is measured is time and memory (``assembled.py``), not what the number is worth.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.networks.nets.resnet import ResNet, resnet18
from monai.visualize.class_activation_maps import GradCAM
from monai.visualize.utils import blend_images
from PIL import Image

_CLIP = 10.0  # of the z-map
_ADC_SCALE = 1000.0  # 1e-6 mm^2/s, about a newborn's mean
_SMOOTHING_MM = 2.0
_SHAPE, _CELL_MM = (32, 32, 24), 4.0  # of the network's input: those of the bundled model
_LAYER = "layer3"  # maps of 4x4x3 cells; of the last layer they would be of 2x2x2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scan", type=Path, nargs="?")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--atlas", type=Path)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--transform", choices=("SyN", "Affine"), default="SyN")
    parser.add_argument("--members", type=int, default=5)
    parser.add_argument("--make", type=int, metavar="N", help="only write the weights of N networks")
    options = parser.parse_args()
    if options.make:
        make_weights(options.weights, options.make)
    else:
        predict(options)


def make_weights(folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        torch.manual_seed(number)
        torch.save(network().state_dict(), folder / f"{number}.pt")


def network() -> ResNet:
    """The smallest of MONAI's well-known ones that fits 32x32x24 cells; DenseNet121 wants twice as many each way."""
    return resnet18(spatial_dims=3, n_input_channels=2, num_classes=1, no_max_pool=True)


def predict(options: argparse.Namespace) -> None:
    """The whole way of one scan; the folder is new."""
    import ants  # two seconds, which --make need not wait for

    options.output.mkdir(parents=True)
    adc = ants.image_read(str(options.scan))
    mean, sd = (ants.image_read(str(options.atlas / f"{name}.nii.gz")) for name in ("mean", "sd"))
    placed = ants.registration(adc, mean, type_of_transform=options.transform)
    z = z_map(adc, mean, sd, placed["fwdtransforms"])
    reference = network_grid(mean)
    image = np.stack([on_grid(adc, reference, placed) / _ADC_SCALE, on_grid(z, reference, placed)])
    numbers, saliency = ask_networks(options, torch.from_numpy(image[None].astype(np.float32)))
    mapped = ants.apply_transforms(adc, reference.new_image_like(saliency), placed["fwdtransforms"])
    for name, found in (("z_adc", z), ("saliency", mapped)):
        ants.image_write(found, str(options.output / f"{name}.nii.gz"))
    draw(adc.numpy(), mapped.numpy(), options.output / "overlay.png")
    (options.output / "result.json").write_text(json.dumps({"members": numbers}), encoding="utf-8")


def z_map(adc: Any, mean: Any, sd: Any, transforms: list[str]) -> Any:
    """(smoothed ADC - mean) / sd on the scan's grid, 0 outside the brain."""
    import ants

    inside = adc.numpy() > 0
    expected, spread = (ants.apply_transforms(adc, field, transforms).numpy() for field in (mean, sd))
    smoothed = ants.smooth_image(adc, _SMOOTHING_MM).numpy()
    score = np.clip((smoothed - expected) / np.maximum(spread, 1.0), -_CLIP, _CLIP)
    return adc.new_image_like(np.where(inside & (expected > 0), score, 0).astype(np.float32))


def network_grid(mean: Any) -> Any:
    """An empty image of the network's input about the middle of the atlas."""
    import ants

    middle = np.array(mean.origin) + mean.direction @ (np.array(mean.shape) * mean.spacing) / 2
    origin = middle - mean.direction @ (np.array(_SHAPE) * _CELL_MM) / 2
    return ants.from_numpy(
        np.zeros(_SHAPE, np.float32), origin=origin.tolist(), spacing=[_CELL_MM] * 3, direction=mean.direction
    )


def on_grid(image: Any, reference: Any, placed: dict[str, Any]) -> np.ndarray:
    """A map of the scan on the network's grid."""
    import ants

    # of an affine the file serves both ways, and has to be told so; SyN names the inverse field by itself
    inverse = placed["invtransforms"]
    turned = [str(name).endswith(".mat") for name in inverse]
    return np.asarray(ants.apply_transforms(reference, image, inverse, whichtoinvert=turned).numpy())


def ask_networks(options: argparse.Namespace, image: torch.Tensor) -> tuple[list[float], np.ndarray]:
    """Each network's probability, and the mean of their Grad-CAM on the network's grid."""
    numbers, maps = [], []
    for number in range(options.members):
        member = network()
        member.load_state_dict(torch.load(options.weights / f"{number}.pt", weights_only=True))
        member.eval()
        with torch.inference_mode():
            numbers.append(float(torch.sigmoid(member(image))[0, 0]))
        maps.append(GradCAM(nn_module=member, target_layers=_LAYER)(image, class_idx=0)[0, 0])
    return numbers, np.mean([np.asarray(one) for one in maps], axis=0).astype(np.float32)


def draw(adc: np.ndarray, saliency: np.ndarray, file: Path) -> None:
    """The middle slices of three directions side by side, the map over the scan."""
    tiles = []
    for axis, size in enumerate(adc.shape):
        cut, over = (np.take(array, size // 2, axis=axis)[None] for array in (adc, saliency))
        blended = blend_images(cut, over, alpha=0.4, cmap="hot")
        tiles.append(Image.fromarray((255 * np.asarray(blended)).astype(np.uint8).transpose(2, 1, 0)))
    sheet = Image.new("RGB", (sum(tile.width for tile in tiles), max(tile.height for tile in tiles)))
    left = 0
    for tile in tiles:
        sheet.paste(tile, (left, 0))
        left += tile.width
    sheet.save(file)


if __name__ == "__main__":
    main()
