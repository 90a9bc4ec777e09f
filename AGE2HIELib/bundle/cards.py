"""The model cards of a bundle: what a reader must know before using a model (Mitchell et al. 2019,
doi:10.1145/3287560.3287596).

``docs/README.md`` of the outcome, ``docs/age.md`` of the network of brain age, ``docs/clinical.md`` of the clinical
variables.
"""

from __future__ import annotations

import re

from AGE2HIELib.bundle.age_facts import AgeFacts
from AGE2HIELib.bundle.clinical_facts import ClinicalFacts
from AGE2HIELib.bundle.model_facts import ModelFacts, patterns, z_kinds
from AGE2HIELib.bundle.training_cases import SET_COVERAGE, counts
from AGE2HIELib.clinical.variables import BY_NAME
from AGE2HIELib.networks.age_head import LOG_OFFSET_YEARS, YEARS, AgeHead

_DEMONSTRATION = (
    "> **Synthetic: not for clinical use.** This model was trained on synthetic images only. Its number is a "
    "demonstration score and says nothing about any child."
)
_RESEARCH = "> **Research use only.** This model is not a medical device."

_MORPHOMETRY = """
It is then deformed to the template; the logarithm of the change of volume is the second channel."""
_SETS = "Sets of outcomes are conformal"
_RESTS = re.compile(r"Calibration, threshold and sets of outcomes rest[^\n]*")  # the training writes it as one line


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
probability = sigmoid(intercept + slope x mean logit), for each kind of z-map by itself{_by_sequences(facts)}:

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
brain's median, on {shape} cells of {spacing} mm.{_MORPHOMETRY if spec.has_morphometry else ""}

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
image's alone. Learned from {facts.cases} infants whom the networks had not seen ({facts.adverse} adverse), for each
kind of input by itself ({kinds}); made with `{facts.made_with}`.

{table}

The coefficients are those for z-maps of the kind {next(iter(facts.fusions))}, with every variable known.
"""


def _by_sequences(facts: ModelFacts) -> str:
    return " and for what is there beside it" if facts.spec.sequences else ""


def _readings(facts: ModelFacts) -> str:
    lines = ["| z-map | intercept | slope | at a prevalence of | threshold |", "| --- | --- | --- | --- | --- |"]
    for kind, reading in facts.readings.items():
        platt = reading.calibration
        numbers = f"{platt.intercept:.4g} | {platt.slope:.4g} | {platt.prevalence:.3g} | {reading.threshold:.3g}"
        lines.append(f"| {kind} | {numbers} |")
    for z_kind in z_kinds(facts.z_origins):
        lacking = (kind for kind in patterns(z_kind, facts.spec.sequences) if kind not in facts.readings)
        lines += [f"| {kind} | too few infants: as {z_kind} | | | |" for kind in lacking]
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
    return f"""{_SETS}, for each outcome by itself, at {SET_COVERAGE:.0%}: the mean logit is
ranked among those of cases that were scored by networks which had not learned from them ({ranked}). A scan is warned of
when it lies farther than {facts.cases.distance_limit:g} from the training cases: {facts.cases.distance_basis}"""


def _counted(kind: str, favourable: int, adverse: int) -> str:
    return f"z-map {kind}: {favourable} favourable, {adverse} adverse"


def _arguments(facts: ModelFacts) -> str:
    return ", ".join(f"{key} {value}" for key, value in facts.network_arguments.items())


def recalibrated_card(card: str, after: ModelFacts, infants: str) -> str:
    """A model card with the version, the calibration and the sets of ``after`` where others stood, and with whom they
    rest on: ``infants``, in words.
    """
    title, rest = card.split("\n", 1)
    title = title.rsplit(" ", 1)[0] + f" {after.version}"
    paragraphs = rest.split("\n\n")
    for number, paragraph in enumerate(paragraphs):
        for begins, words in (("| z-map | intercept |", _readings(after)), (_SETS, _sets(after))):
            if paragraph.startswith(begins):
                paragraphs[number] = words
        paragraphs[number] = _RESTS.sub(
            f"Calibration, threshold and sets of outcomes rest on {infants}, as the exported networks answer to them.",
            paragraphs[number],
        )
    return f"{title}\n" + "\n\n".join(paragraphs)
