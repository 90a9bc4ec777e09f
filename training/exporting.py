"""The bundle that ``age2hie`` and MONAI load, made from the networks that were trained on all cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from AGE2HIELib.bundle.model_facts import ATLAS, NO_Z, ModelFacts, Reading
from AGE2HIELib.bundle.writing import write_bundle
from AGE2HIELib.preprocess.atlas import load_atlas
from training.cohorts.synthetic_hie import STATEMENT
from training.evaluating import ensemble_logits, export_decisions, export_scores
from training.exporting_age import explained_layer, exported_age
from training.finetuning import PRETRAINING_OF, Fit, export_split, exported_network, pretrained_file
from training.known_cases import known_cases
from training.learning.transfer import outcome_arguments
from training.preparing.inputs import adc_spec
from training.preparing.store import Prepared, load_prepared
from training.pretraining import load_pretrained
from training.run_folder import RunFolder, read_record
from training.seen import seen_in
from training.z_kinds import fed_z_kinds


def export(run: RunFolder, folder: Path, *, results: str) -> None:
    """Write the bundle; ``results`` is the Markdown that the card ends with, the measured figures."""
    settings, cohort = run.settings, load_prepared(run.prepared_hie)
    split = export_split(settings, cohort.table)
    members = [exported_network(Fit(settings.export.arm, split, n), run, cohort) for n in range(len(split.inner))]
    kinds = fed_z_kinds(settings, cohort.table)
    logits = ensemble_logits(run, cohort.table)
    decisions, scores = export_decisions(logits), export_scores(logits)
    asked = [kind for kind in kinds if kind != NO_Z]  # no user's scan comes without a z-map
    remembered = known_cases(members, split, cohort, asked, scores, synthetic=settings.synthetic)
    age = exported_age(run)
    arguments = outcome_arguments(settings.network)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_bundle(
        folder,
        facts=ModelFacts(
            name=settings.export.name,
            version=settings.export.version,
            description=_description(settings.synthetic),
            trained_on=_trained_on(run, cohort.table),
            intended_use=_intended_use(settings.synthetic),
            made_with=str(read_record(run.root)["command"]),
            demonstration=settings.synthetic,
            spec=adc_spec(settings.input.spacing_mm, settings.network.poolings),
            z_origins=z_origins(run, kinds),
            readings={kind: Reading(decisions[kind].calibration, decisions[kind].threshold) for kind in kinds},
            network=settings.network.name,
            network_arguments=arguments,
            saliency_layer=explained_layer(members[0], settings.input.spacing_mm),
            cases=remembered,
            age=None if age is None else age.facts,
        ),
        members=[member.state_dict() for member in members],
        results=results,
        licence=Path(__file__).resolve().parent.parent.joinpath("LICENSE.txt").read_text(encoding="utf-8"),
        seen=_seen(run, cohort),
        age_weights=None if age is None else age.weights,
        overwrite=True,
    )


def z_origins(run: RunFolder, kinds: Sequence[str]) -> tuple[str, ...]:
    """What the z channel held while training, the atlas by its SHA-256."""
    atlas = load_atlas(run.settings.input.atlas_folder).sha256
    return tuple(atlas if kind == ATLAS else kind for kind in kinds)


def _seen(run: RunFolder, cohort: Prepared) -> list[str]:
    pretrained: tuple[str, ...] = ()
    if run.settings.export.arm in PRETRAINING_OF:
        pretrained = load_pretrained(pretrained_file(run, run.settings.export.arm), run.settings).seen
    return sorted({*seen_in(cohort.table), *pretrained})


def _trained_on(run: RunFolder, table: pd.DataFrame) -> str:
    sites = ", ".join(f"{len(part)} from {site}" for site, part in table.groupby("site"))
    infants = f"{len(table)} infants ({sites}), {int(table['adverse'].sum())} adverse"
    if not run.settings.synthetic:
        return infants
    phantoms = infants.replace("infants", "procedural phantoms").replace(" from ", " in the style of ")
    return f"synthetic only: {phantoms}, simulated outcomes; no child was scanned"


def _description(synthetic: bool) -> str:
    if synthetic:
        return "Shows what age2hie does. Learned from synthetic infants: not for clinical use."
    return "Two-year outcome of newborns with hypoxic-ischemic encephalopathy, from ADC maps. Research use only."


def _intended_use(synthetic: bool) -> str:
    if synthetic:
        return f"Demonstration and tests of the software. {STATEMENT}"
    return "Research on groups like the one it was trained on. Not for decisions about a patient."
