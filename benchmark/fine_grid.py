"""Memory of one step of learning and of one answer on the grid of 1 mm, each in a process of its own.

    python benchmark/fine_grid.py

A step is forward, backward and AdamW, on one thread; ``batch`` images of two channels (ADC and z). An answer is that of
a mirrored network to one infant.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from figures import ROOT, Figures

sys.path.insert(0, str(ROOT))

from training.preparing.inputs import adc_spec

STEPS = (("resnet18", 1), ("resnet18", 8), ("densenet121", 1), ("densenet121", 4))
_POOLINGS = 5  # of both, which the grid's sides must allow
_KIB = 2**10
_CALL = """
import sys, torch
from AGE2HIELib.networks.registry import build_network
name, batch, shape = sys.argv[1], int(sys.argv[2]), [int(side) for side in sys.argv[3].split("x")]
torch.set_num_threads(1)
network = build_network(name, {"in_channels": 2, "norm": "group", "mirrored": True})
image = torch.randn(max(1, batch), 2, *shape)
if batch:
    optimiser = torch.optim.AdamW(network.train().parameters(), 1e-3)
    network(image).square().mean().backward()
    optimiser.step()
else:
    with torch.inference_mode():
        network(image)
"""


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    shape = adc_spec(1.0, _POOLINGS).grid.shape
    figures = Figures("fine_grid")
    for name, batch in (*STEPS, *((name, 0) for name in dict(STEPS))):
        peak_gb = peak_of(name, batch, shape)
        what = f"step-of-{batch}" if batch else "answer"
        print(f"{name:<14}{what:<12}{peak_gb:.2f} GB", flush=True)
        figures.add(f"{name}/{what}", peak_gb, "GB")
    figures.add("voxels", shape[0] * shape[1] * shape[2])
    figures.write()


def peak_of(name: str, batch: int, shape: tuple[int, ...]) -> float:
    """GB; ends this program where the process fails. ``batch`` 0: an answer."""
    words = [sys.executable, "-c", _CALL, name, str(batch), "x".join(map(str, shape))]
    process = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"})
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{name} with a batch of {batch} ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_maxrss * (1 if sys.platform == "darwin" else _KIB) / 1e9


if __name__ == "__main__":
    main()
