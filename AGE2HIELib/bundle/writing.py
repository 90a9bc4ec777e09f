"""The export of a model: what training has made becomes a bundle folder, with its model card.

The card, ``docs/README.md``, says what a reader must know before using a model (Mitchell et al. 2019,
doi:10.1145/3287560.3287596).
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from AGE2HIELib.bundle.age_facts import AGE, AGE_CARD, AGE_WEIGHTS, AgeFacts, age_text, check_age
from AGE2HIELib.bundle.clinical_facts import CLINICAL, CLINICAL_CARD, ClinicalFacts, check_clinical, clinical_text
from AGE2HIELib.bundle.metadata import INFERENCE, METADATA, check_facts, inference_text, metadata_text
from AGE2HIELib.bundle.model_facts import ModelFacts
from AGE2HIELib.bundle.reading import CARD, LICENCE, SCHEMA, SEEN, Bundle, read_bundle, write_manifest
from AGE2HIELib.bundle.training_cases import CASES, SET_COVERAGE, cases_text, counts
from AGE2HIELib.bundle.weights import check_weights, pack_weights
from AGE2HIELib.clinical.variables import BY_NAME
from AGE2HIELib.errors import ModelError
from AGE2HIELib.networks.age_head import LOG_OFFSET_YEARS, YEARS, AgeHead
from AGE2HIELib.system.places import resource_path

if TYPE_CHECKING:
    import torch

_DEMONSTRATION = (
    "> **Synthetic: not for clinical use.** This model was trained on synthetic images only. Its number is a "
    "demonstration score and says nothing about any child."
)
_RESEARCH = "> **Research use only.** This model is not a medical device."


def model_card(facts: ModelFacts, members: int, results: str) -> str:
    """Markdown; ``results`` is the part that only training knows: how it was trained and how well it does."""
    spec = facts.spec
    spacing = " x ".join(f"{mm:g}" for mm in spec.grid.spacing_mm)
    shape = " x ".join(str(n) for n in spec.grid.shape)
    channels = "\n".join(
        f"| {c.name} | ({c.name} - {c.offset:g}) / {c.scale:g}, clipped to {c.low:g} .. {c.high:g} |"
        for c in spec.channels
    )
    return f"""# {facts.name} {facts.version}

{_DEMONSTRATION if facts.demonstration else _RESEARCH}

{facts.description}

## Use
{facts.intended_use}

## Trained on
{facts.trained_on}

Made with `{facts.made_with}`.

## Input
{shape} cells of {spacing} mm in the atlas's frame, right-anterior-superior.

| channel | scale |
| --- | --- |
{channels}

ADC is in 1e-6 mm2/s. Accepted origins of the z map: {", ".join(facts.z_origins)}.

## Output
{members} members of the network `{facts.network}` ({_arguments(facts)}); the mean of their logits is calibrated:
probability = sigmoid(intercept + slope x mean logit), for each kind of z-map by itself:

{_readings(facts)}

Saliency is taken at `{facts.saliency_layer}`.

{_sets(facts)}

{results.strip()}

## Authors and licence
{facts.authors}. {facts.copyright}; see `LICENSE`.
"""


def age_card(facts: AgeFacts) -> str:
    """``docs/age.md``: the same for the network of brain age that a bundle carries."""
    spec, learned = facts.spec, facts.trained_on
    shape, spacing = (" x ".join(f"{n:g}" for n in numbers) for numbers in (spec.grid.shape, spec.grid.spacing_mm))
    synthetic = "> **Synthetic: not for clinical use.** It saw synthetic scans only, and says nothing about anybody."
    return f"""# Brain age

{synthetic if facts.demonstration else _RESEARCH}

A network that learned brain age alone. The members may have started from another one.
`age2hie explain T1 --target age` shows where in a T1-weighted scan it sees age. No outcome is predicted from it.

## Trained on
{facts.trained_on_words}. The mean absolute error is {facts.held_out_words}; a year-scale error hides infants. Ages
beyond {learned.youngest_years:.1f} to {learned.oldest_years:.1f} years are none that it knows.

## Input
A T1-weighted scan of any unit: masked, evened, placed in the T1 template ({facts.placement}), in spreads from the
brain's median, on {shape} cells of {spacing} mm.

## Output
Years, by the network `{facts.network}` with the head `{facts.head.kind}` ({_head(facts.head)}). Saliency is taken at
`{facts.saliency_layer}`.
"""


def clinical_card(facts: ClinicalFacts) -> str:
    """``docs/clinical.md``: the same for clinical variables beside the image."""
    assumed = f"> **Synthetic: not for clinical use.** {facts.assumption}" if facts.assumption else _RESEARCH
    kinds, (first, *_) = ", ".join(facts.fusions), facts.fusions.values()
    table = "| variable | logits for each standard deviation | standard deviation |\n| --- | --- | --- |"
    for name, coefficient, sd in zip(first.names, first.coefficients, first.sd, strict=True):
        unit = BY_NAME[name].unit
        table += f"\n| {BY_NAME[name].title} | {coefficient:+.2f} | {sd:.3g}{f' {unit}' if unit else ''} |"
    return f"""# Clinical variables

{assumed}

What `age2hie predict --clinical FILE` adds to the image's logit: ridge logistic regression on what each variable says
beyond what the image leads one to expect; what is not known is averaged over. With nothing known the number is the
image's alone. Learned from out-of-fold numbers of {facts.cases} infants ({facts.adverse} adverse), for each kind of
z-map by itself ({kinds}); made with `{facts.made_with}`.

{table}

The coefficients are those for z-maps of the kind {next(iter(facts.fusions))}, with every variable known.
"""


def _readings(facts: ModelFacts) -> str:
    lines = ["| z-map | intercept | slope | at a prevalence of | threshold |", "| --- | --- | --- | --- | --- |"]
    for kind, reading in facts.readings.items():
        platt = reading.calibration
        numbers = f"{platt.intercept:.4g} | {platt.slope:.4g} | {platt.prevalence:.3g} | {reading.threshold:.3g}"
        lines.append(f"| {kind} | {numbers} |")
    return "\n".join(lines)


def _head(head: AgeHead) -> str:
    if head.kind == "huber":
        learned = "age" if head.target == YEARS else f"the logarithm of age + {LOG_OFFSET_YEARS:g} years"
        return f"linear in {learned}"
    bins = head.bins
    last = bins.first_years + bins.count * bins.width_years
    return f"{bins.count} bins of {bins.width_years:g} years from {bins.first_years:g} to {last:g}"


def _sets(facts: ModelFacts) -> str:
    if facts.cases is None:
        return (
            "No scores of left-out cases are kept: every outcome is called indeterminate, and no distance is checked."
        )
    ranked = "; ".join(_counted(kind, *counts(scores)) for kind, scores in facts.cases.scores.items())
    return f"""Sets of outcomes are conformal, for each outcome by itself, at {SET_COVERAGE:.0%}: the mean logit is
ranked among those of cases that were scored by networks which had not learned from them ({ranked}). A scan is warned of
when it lies farther than {facts.cases.distance_limit:g} from the training cases: {facts.cases.distance_basis}"""


def _counted(kind: str, favourable: int, adverse: int) -> str:
    return f"z-map {kind}: {favourable} favourable, {adverse} adverse"


def _arguments(facts: ModelFacts) -> str:
    return ", ".join(f"{key} {value}" for key, value in facts.network_arguments.items())


def write_bundle(
    folder: Path,
    *,
    facts: ModelFacts,
    members: Sequence[Mapping[str, torch.Tensor]],
    results: str,
    licence: str,
    seen: Sequence[str] = (),
    age_weights: Mapping[str, torch.Tensor] | None = None,
    overwrite: bool = False,
) -> Bundle:
    """Write a bundle beside ``folder`` and rename it at the end, so that no half of one is ever found.

    Args:
        folder: where it will lie; its parent exists.
        facts: ``facts.age`` describes the network of ``age_weights``.
        members: ``state_dict`` of each network; kept as float16, so calibrate on ``load_members`` of a bundle.
        results: Markdown for the model card: how the model was trained and how well it does.
        licence: the text of ``LICENSE``.
        seen: hashes of the subjects and images that any part of the model has learned from; kept in ``SEEN``.
        age_weights: ``state_dict`` of the network that learned brain age, where the bundle carries it.
        overwrite: replace what lies at ``folder``.
    """
    if folder.exists() and not overwrite:
        raise ModelError(f"The folder {folder.name!r} is already there. Choose another one, or ask for overwriting.")
    if (facts.age is None) != (age_weights is None):
        raise ValueError("a network of age comes with its description, and a description with its network")
    check_facts(facts)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        new_folder = Path(scratch, "bundle")
        _write_files(new_folder, facts, members, results, licence)
        if facts.age is not None and age_weights is not None:
            _write_age(new_folder, facts.age, age_weights)
        if facts.clinical is not None:
            _write_clinical(new_folder, facts.clinical, facts)
        if seen:
            (new_folder / SEEN).write_text(json.dumps(sorted(seen), indent=0) + "\n", encoding="utf-8")
        _put_in_place(new_folder, folder, Path(scratch))
    return read_bundle(folder)


def add_age(folder: Path, age: AgeFacts, weights: Mapping[str, torch.Tensor]) -> Bundle:
    """Give a bundle its network of brain age, or another one; everything else in it stays as it is.

    Args:
        folder: of a whole bundle.
        age, weights: as ``facts.age`` and ``age_weights`` of ``write_bundle``.
    """
    read_bundle(folder)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        new_folder = Path(shutil.copytree(folder, Path(scratch, "bundle")))
        _write_age(new_folder, age, weights)
        _put_in_place(new_folder, folder, Path(scratch))
    return read_bundle(folder)


def add_clinical(folder: Path, clinical: ClinicalFacts, version: str) -> Bundle:
    """Give a bundle its fusion with clinical variables, or another one, and a version of its own; weights, calibration
    and everything else in it stay as they are.

    Args:
        folder: of a whole bundle.
        clinical: as ``facts.clinical`` of ``write_bundle``.
        version: the bundle's new one.
    """
    before = read_bundle(folder)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        made = Path(shutil.copytree(folder, Path(scratch, "bundle")))
        _write_clinical(made, clinical, before)
        content = json.loads((made / METADATA).read_text(encoding="utf-8"))
        content["version"] = version
        content["changelog"] = {version: "clinical variables beside the image", **content["changelog"]}
        card = (made / CARD).read_text(encoding="utf-8")
        texts = {
            METADATA: json.dumps(content, indent=2, ensure_ascii=False) + "\n",
            CARD: card.replace(f"# {before.name} {before.version}", f"# {before.name} {version}", 1),
        }
        _write_contents(made, {name: text.encode() for name, text in texts.items()})
        _put_in_place(made, folder, Path(scratch))
    return read_bundle(folder)


def _put_in_place(made: Path, folder: Path, scratch: Path) -> None:
    """Seal what was written, and read it as a user's machine will before it takes anybody's place."""
    write_manifest(made)
    check_weights(read_bundle(made))
    if folder.exists():
        folder.rename(scratch / "replaced")
    made.rename(folder)


def _write_files(
    made: Path, facts: ModelFacts, members: Sequence[Mapping[str, torch.Tensor]], results: str, licence: str
) -> None:
    names = tuple(f"models/member_{number}.pt" for number in range(len(members)))
    texts = {
        METADATA: metadata_text(facts, names),
        INFERENCE: inference_text(facts, names),
        CARD: model_card(facts, len(members), results),
        LICENCE: licence,
        SCHEMA: resource_path("models", "metadata_schema.json").read_text(encoding="utf-8"),
    }
    if facts.cases is not None:
        texts[CASES] = cases_text(facts.cases)
    contents = {name: text.encode() for name, text in texts.items()}
    contents |= {name: pack_weights(state) for name, state in zip(names, members, strict=True)}
    _write_contents(made, contents)


def _write_age(made: Path, age: AgeFacts, weights: Mapping[str, torch.Tensor]) -> None:
    check_age(age)
    texts = {AGE: age_text(age), AGE_CARD: age_card(age)}
    contents = {name: text.encode() for name, text in texts.items()}
    _write_contents(made, {**contents, AGE_WEIGHTS: pack_weights(weights)})


def _write_clinical(made: Path, clinical: ClinicalFacts, facts: ModelFacts) -> None:
    check_clinical(clinical, tuple(facts.readings))
    texts = {CLINICAL: clinical_text(clinical), CLINICAL_CARD: clinical_card(clinical)}
    _write_contents(made, {name: text.encode() for name, text in texts.items()})


def _write_contents(made: Path, contents: Mapping[str, bytes]) -> None:
    for name, content in contents.items():
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
