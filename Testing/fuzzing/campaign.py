"""All cases of a campaign, some at a time, and what came of them."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzzing.cases import Call, Case, Workshop
from fuzzing.judging import Verdict, judge
from fuzzing.running import Ending, run_call
from fuzzing.sound import INFANTS, Sound, make_sound, write_scan

_ANEW = 10  # every tenth call is a process of its own from its first instruction


@dataclass(frozen=True)
class Campaign:
    """``sounds``: the scans; ``numbers``: the probability of each, by infant and format; ``folder``: for its files."""

    seed: int
    folder: Path
    sounds: tuple[Sound, ...]
    numbers: dict[tuple[int, str], float]


def prepared(folder: Path, seed: int, forms: Sequence[tuple[int, str]], jobs: int) -> Campaign:
    """The sound scans, and what each is predicted as when nothing is wrong with it."""
    sounds = tuple(make_sound(number) for number in range(len(INFANTS)))
    campaign = Campaign(seed, folder, sounds, {})
    for (infant, form), ending in _spread(lambda item: _sound_ending(campaign, *item), list(forms), jobs):
        if ending.code != 0:
            raise RuntimeError(f"the sound scan {infant} {form} was not predicted: {ending.errors}")
        campaign.numbers[infant, form] = _probability(ending)
        shutil.rmtree(ending.output.parent.parent)
    return campaign


def run_cases(campaign: Campaign, cases: Sequence[Case], jobs: int) -> Iterator[tuple[Case, Verdict]]:
    """Each case with its verdict, as they end; the files of those that went wrong stay in the campaign's folder."""
    yield from _spread(lambda case: run_case(campaign, case), list(cases), jobs)


def run_case(campaign: Campaign, case: Case) -> Verdict:
    folder = campaign.folder / f"{case.number:04d}"
    shutil.rmtree(folder, ignore_errors=True)
    made = make_input(campaign, case, folder / "given")
    call = made if isinstance(made, Call) else Call(made)
    # whom the input is closed to, the interpreter may be closed to as well
    ending = run_call(call, folder, anew=case.number % _ANEW == 0 and call.place != "unreadable input")
    verdict = judge(case, ending, campaign.numbers[case.sound, case.form])
    if not verdict.wrong:
        shutil.rmtree(folder, ignore_errors=True)
    return verdict


def make_input(campaign: Campaign, case: Case, folder: Path) -> Path | Call:
    content = campaign.sounds[case.sound].content(case.form)
    scan = write_scan(case.form, folder, content)
    return case.kind.make(Workshop(folder, scan, case.form, content, case.rng(campaign.seed)))


def _sound_ending(campaign: Campaign, infant: int, form: str) -> Ending:
    folder = campaign.folder / f"sound-{infant}-{form}"
    shutil.rmtree(folder, ignore_errors=True)
    scan = write_scan(form, folder / "given", campaign.sounds[infant].content(form))
    return run_call(Call(scan), folder, anew=False)


def _probability(ending: Ending) -> float:
    return float(json.loads((ending.output / "result.json").read_text())["probability_adverse"])


def load_libraries() -> None:
    """What the forked calls share."""
    os.environ.update(OMP_NUM_THREADS="1", ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS="1")
    import SimpleITK as sitk
    import torch

    import AGE2HIELib.bundle.weights
    import AGE2HIELib.cli
    import AGE2HIELib.commands.predict
    import AGE2HIELib.explanation.registry
    import AGE2HIELib.explanation.saliency
    import AGE2HIELib.networks.registry  # noqa: F401

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    torch.set_num_threads(1)


def _spread(function: Callable[[Any], Any], items: list[Any], jobs: int) -> Iterator[tuple[Any, ...]]:
    """``(item, function(item))`` as they end, in ``jobs`` forked processes."""
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    waiting = context.Value("i", 0)

    def work() -> None:
        try:
            load_libraries()
        except Exception as problem:
            results.put((0, problem))
            return
        while True:
            with waiting.get_lock():
                number, waiting.value = waiting.value, waiting.value + 1
            if number >= len(items):
                return
            try:
                results.put((number, function(items[number])))
            except BaseException as problem:  # a fault of the campaign's own, which its process must not hide
                results.put((number, problem))

    workers = [context.Process(target=work, daemon=True) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    for _ in items:
        number, result = results.get()
        if isinstance(result, BaseException):
            for worker in workers:
                worker.terminate()
            raise RuntimeError(f"{items[number]} could not be made or run") from result
        yield items[number], result
    for worker in workers:
        worker.join()
