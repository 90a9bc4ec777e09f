"""Brain-age pretraining, fine-tuning on infants with HIE, and whether the transfer helps.

Without a step everything is done: the synthetic cohorts are made, the networks trained, every arm evaluated, a report
and a model bundle written. A run that was stopped goes on where it was when the same command is given again.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # training/ is not an installed package

from AGE2HIELib.batch.engine import DASK, ENGINES, LOCAL, check_scheduler  # the path above comes first
from AGE2HIELib.errors import InputError, ModelError
from training.settings import TrainingSettings
from training.settings_reading import PRESETS, load_settings

COMPARE, FINETUNE = "compare-systems", "finetune"
STEPS = {
    "check-data": "list every problem of the data, with file and remedy",
    "prepare": "place every image once, as the network will see it",
    "pretrain": "learn brain age from the T1 scans",
    FINETUNE: "learn the outcome: every arm on every split",
    "evaluate": "predictions of every case, tables, comparisons",
    "export": "the model bundle that age2hie loads",
    "calibrate": "the exported model's number read by infants whom none of its networks saw (export.calibration)",
    "examine": "the saliency maps of the exported model over the cohort, each examined",
    "age-maps": "where in T1 the pretrained network sees age, in held-out subjects",
    "report": "the page with tables and figures, the model card, the TRIPOD+AI list",
    COMPARE: "every system of training/systems on the same folds, under two hours on two cores: one page",
}
_EPILOG = """examples:
  python training/run.py                                    everything on synthetic cohorts, 20 minutes on two cores
  python training/run.py --preset quick                     the same with as little as possible, about 2 minutes
  python training/run.py check-data --set ages.source=T1 --set hie.source=HIE
                                                            a BIDS folder T1, a BONBID-HIE folder HIE
  torchrun --nproc-per-node 2 training/run.py pretrain      several processes; prepare first
  python training/run.py finetune --engine dask --scheduler tcp://HEAD:8786
                                                            the fits on a cluster: docs/clusters.md
settings and what they mean: docs/reference/training.md"""


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    given = _parser().parse_args(words)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        given.preset = given.preset or ("systems" if given.step == COMPARE else "demo")
        settings = load_settings(given.preset, given.config, given.set)
        _check_engine(given)
        return _run(given, settings, words)
    except (InputError, ModelError) as problem:
        print(f"run.py: error: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("run.py: stopped; the same command goes on from here", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python training/run.py",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    steps = "\n".join(f"{name}: {what}" for name, what in STEPS.items())
    parser.add_argument("step", nargs="?", choices=STEPS, metavar="STEP", help=f"one of {', '.join(STEPS)}; else all")
    parser.add_argument("--preset", choices=PRESETS, help="how much of everything (default: demo)")
    parser.add_argument("--config", type=Path, help="a TOML or YAML file of settings that change the preset")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="change one setting")
    parser.add_argument("--output", type=Path, help="the run's folder (default: runs/PRESET)")
    parser.add_argument("--export", type=Path, help="where the model bundle goes (default: OUTPUT/model)")
    parser.add_argument("--engine", choices=ENGINES, default=LOCAL, help=argparse.SUPPRESS)  # as of age2hie batch
    parser.add_argument("--scheduler", help=argparse.SUPPRESS)
    parser.epilog = f"steps:\n  {steps.replace(chr(10), chr(10) + '  ')}\n\n{_EPILOG}"
    return parser


def _check_engine(given: argparse.Namespace) -> None:
    check_scheduler(given.engine, given.scheduler)
    if given.engine == DASK and given.step not in (None, FINETUNE):
        raise InputError(f"--engine {DASK} is for the step {FINETUNE}, or for all steps; '{given.step}' runs here.")


def _run(given: argparse.Namespace, settings: TrainingSettings, words: list[str]) -> int:
    from training import steps  # torch and Lightning: --help and a wrong setting do not wait for them
    from training.run_folder import RunFolder
    from training.run_lock import alone_in

    root = given.output or Path("runs") / given.preset
    if given.step == "check-data":
        problems = steps.check_data(RunFolder(root, settings))
        print("\n".join(map(str, problems)) or "no problem found")
        return 2 if problems else 0
    with alone_in(root):
        _work(given, settings, words, root)
    return 0


def _work(given: argparse.Namespace, settings: TrainingSettings, words: list[str], root: Path) -> None:
    """A step that writes into the run's folder, or all of them."""
    from training import steps
    from training.evaluating import evaluate
    from training.evaluation.table import main_table_text
    from training.run_folder import called_as, open_run

    if given.step == COMPARE:
        from training.systems.comparing import compare_systems
        from training.systems.table import find_systems

        systems = find_systems(settings.evaluate.systems)
        print(f"page: {compare_systems(root, settings, systems, preset=given.preset, command=called_as(words))}")
        return
    run = open_run(root, settings, called_as(words))
    bundle = given.export or root / "model"
    simple = {"prepare": steps.prepare_step, "pretrain": steps.pretrain_step}
    if given.step in simple:
        simple[given.step](run)
    elif given.step == FINETUNE:
        steps.finetune_step(run, given.scheduler)
    elif given.step == "export":
        steps.export_step(run, bundle)
        print(f"model: {bundle}")
    elif given.step == "calibrate":
        made = steps.calibrate_step(run, bundle)
        print(run.calibration_table.read_text(encoding="utf-8"))
        print(f"model: {bundle}, version {made.version}")
    elif given.step == "examine":
        steps.examine_step(run, bundle)
        print(f"examinations: {run.examinations}")
    elif given.step == "age-maps":
        steps.age_maps_step(run)
        print(f"age maps: {run.age_map_picture}")
    elif given.step in ("evaluate", "report"):
        found = evaluate(run) if given.step == "evaluate" else steps.report_step(run)
        print(main_table_text(found.summary))
    else:
        print(main_table_text(steps.run_all_steps(run, bundle, given.scheduler)["summary"]))
        print(f"\nreport: {run.report / 'report.html'}\nmodel: {bundle}")


if __name__ == "__main__":
    sys.exit(main())
