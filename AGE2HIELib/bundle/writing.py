"""The export of a model: what training has made becomes a bundle folder, with its model card."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from AGE2HIELib.bundle.age_facts import AGE, AGE_CARD, AGE_WEIGHTS, AgeFacts, age_text, check_age
from AGE2HIELib.bundle.cards import age_card, clinical_card, model_card, recalibrated_card
from AGE2HIELib.bundle.clinical_facts import CLINICAL, CLINICAL_CARD, ClinicalFacts, check_clinical, clinical_text
from AGE2HIELib.bundle.metadata import INFERENCE, METADATA, OURS, check_facts, format_of, inference_text, metadata_text
from AGE2HIELib.bundle.model_facts import ModelFacts, Reading, z_and_sequences
from AGE2HIELib.bundle.reading import CARD, LICENCE, SCHEMA, SEEN, Bundle, read_bundle, write_manifest
from AGE2HIELib.bundle.training_cases import CASES, Scores, cases_text
from AGE2HIELib.bundle.weights import check_weights, pack_weights
from AGE2HIELib.errors import ModelError
from AGE2HIELib.system.places import resource_path

if TYPE_CHECKING:
    import torch


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


@dataclass(frozen=True)
class Calibrated:
    """What infants whom no network of a bundle saw say of its numbers.

    Attributes:
        readings, scores: by kind of input; kinds that are missing keep those that the bundle has.
        clinical: how clinical variables join the image; None where nothing is known of them.
        infants: who they were, in words.
    """

    readings: Mapping[str, Reading]
    scores: Mapping[str, Scores]
    clinical: ClinicalFacts | None
    infants: str


def add_calibration(folder: Path, calibrated: Calibrated, version: str) -> Bundle:
    """Let a bundle's numbers be read by other infants than before; its weights stay as they are.

    Args:
        folder: of a whole bundle that remembers its cases.
        version: the bundle's new one, or its own.

    Raises:
        ModelError: the bundle remembers no cases, or those of single networks, as before 0.6.
    """
    before = read_bundle(folder)
    if before.cases is None or any(len(of_kind) != 1 for of_kind in before.cases.scores.values()):
        raise ModelError(f"The model {before.name} remembers no cases of whole ensembles. Export it again.")
    scores = {**before.cases.scores, **{kind: (one,) for kind, one in calibrated.scores.items()}}
    cases = replace(before.cases, scores=scores)
    after = replace(
        before,
        version=version,
        readings={**before.readings, **calibrated.readings},
        cases=cases,
        clinical=_joined(before, calibrated),
    )
    check_facts(after)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        made = Path(shutil.copytree(folder, Path(scratch, "bundle")))
        content = json.loads((made / METADATA).read_text(encoding="utf-8"))
        content["version"] = version
        content["changelog"] = _told(content["changelog"], version, f"calibrated on {calibrated.infants}")
        content[OURS]["format"] = format_of(after)
        content[OURS]["readings"] = {kind: asdict(reading) for kind, reading in after.readings.items()}
        texts = {
            METADATA: json.dumps(content, indent=2, ensure_ascii=False) + "\n",
            CARD: recalibrated_card((made / CARD).read_text(encoding="utf-8"), after, calibrated.infants),
            CASES: cases_text(cases),
        }
        _write_contents(made, {name: text.encode() for name, text in texts.items()})
        for name in (CLINICAL, CLINICAL_CARD):
            (made / name).unlink(missing_ok=True)
        if after.clinical is not None:
            _write_clinical(made, after.clinical, after)
        _put_in_place(made, folder, Path(scratch))
    return read_bundle(folder)


def _joined(before: Bundle, calibrated: Calibrated) -> ClinicalFacts | None:
    """The fusions of the new calibration, with those of kinds of input whose reading stays.

    A fusion was learned beside one reading of the image and belongs to no other: without one for every kind there is
    none.
    """
    stay = before.clinical.fusions if before.clinical is not None else {}
    kept = {kind: fusion for kind, fusion in stay.items() if kind not in calibrated.readings}
    if calibrated.clinical is None:
        return None
    fusions, read = {**kept, **calibrated.clinical.fusions}, {*before.readings, *calibrated.readings}
    for kind in read - set(fusions):  # a choice of sequences that had none is fused as its kind of z-map is
        if (of_z := z_and_sequences(kind)[0]) in fusions:
            fusions[kind] = fusions[of_z]
    return replace(calibrated.clinical, fusions=fusions) if set(fusions) == read else None


def _told(changelog: Mapping[str, str], version: str, what: str) -> dict[str, str]:
    """The changelog with one thing more, of a new version or of one that is there."""
    own = "; ".join(words for words in (changelog.get(version), what) if words)
    return {version: own, **{other: words for other, words in changelog.items() if other != version}}


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
