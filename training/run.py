"""Makes the model that ships with age2hie, from nothing but its own phantom."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # training/ is not an installed package

from training.demonstration import PRESETS, make_demonstration  # the path above comes first


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=sorted(PRESETS), default="bundle", help="how much of everything")
    parser.add_argument("--output", type=Path, default=Path("runs/bundle"), help="cohort, logs, checkpoints")
    parser.add_argument("--export", type=Path, help="where the model bundle goes (default: OUTPUT/model)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes that make infants")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    export = arguments.export or arguments.output / "model"
    print(make_demonstration(PRESETS[arguments.preset], arguments.output, export, workers=arguments.workers))


if __name__ == "__main__":
    main()
