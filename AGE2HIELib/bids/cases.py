"""The cases of a BIDS dataset: for each visit its diffusion scan and its T1-weighted image, with ages and masks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from AGE2HIELib.bids.dataset import DESCRIPTION, Dataset, Visit, images, open_dataset, subjects, visits
from AGE2HIELib.bids.infants import InfantRow, infant_of, read_infant_tables
from AGE2HIELib.bids.names import BidsFile
from AGE2HIELib.bids.selection import (
    DIFFUSION_SPACES,
    DWI,
    NATIVE_SPACES,
    T1W,
    T2W,
    ChosenScan,
    EntityFilter,
    choose_anatomical,
    choose_diffusion,
)
from AGE2HIELib.errors import InputError
from AGE2HIELib.tables.age_tables import AgeTable

_FREE = ("desc", "space", "res", "label")  # entities in which a mask may differ from its image


@dataclass(frozen=True)
class BidsCase:
    """One scan of one visit; ``problem`` says why none can be read.

    Attributes:
        kind: dwi (an ADC map as well) or T1w.
        masks: brain masks of derivatives that may lie on its grid, the likeliest first.
        sequences: beside a diffusion scan, ``t1`` and ``t2`` of the visit, or why none can be chosen; for the models
            that read them.
    """

    visit: Visit
    kind: str
    chosen: ChosenScan | None
    problem: str = ""
    masks: tuple[BidsFile, ...] = ()
    infant: InfantRow = field(default_factory=InfantRow)
    sequences: Mapping[str, ChosenScan | str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.visit.name}_{self.kind}"


@dataclass(frozen=True)
class Wanted:
    """Which cases are asked for: labels without their prefix, all of them where there is none."""

    subjects: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    entities: EntityFilter = field(default_factory=EntityFilter)
    t1: bool = True


def find_derivatives(dataset: Dataset, named: Sequence[Path], *, output: Path) -> tuple[Dataset, ...]:
    """The datasets that masks are taken from: those that are named, else each below ``derivatives``.

    Raises:
        InputError: a folder that is named is no BIDS dataset.
    """
    below = sorted((dataset.root / "derivatives").glob(f"*/{DESCRIPTION}"))
    folders = named or [path.parent for path in below if path.parent.resolve() != output.resolve()]
    found = [open_dataset(folder, name=_uri_name(folder)) for folder in folders]
    return ((dataset, *found)) if dataset.is_derivative else tuple(found)


def find_bids_cases(dataset: Dataset, derivatives: Sequence[Dataset], wanted: Wanted) -> tuple[BidsCase, ...]:
    """Cases in the order of subjects and sessions; a subject with no scan at all is a case with a problem.

    Raises:
        InputError: a label is asked for that is not there, or participants.tsv cannot be read.
    """
    labels = _labels(dataset, wanted)
    participants = read_infant_tables(dataset)
    found: list[BidsCase] = []
    sessions: set[str] = set()
    for subject in labels:
        every = visits(dataset, subject)
        sessions.update(visit.session for visit in every)
        asked = [visit for visit in every if not wanted.sessions or visit.session in wanted.sessions]
        mine = [case for visit in asked for case in _cases_of(dataset, derivatives, participants, visit, wanted)]
        if not mine and asked:
            what = "neither a diffusion scan nor a T1-weighted image" if wanted.t1 else "no diffusion scan"
            problem = f"sub-{subject} holds {what}. Leave it out."
            mine = [BidsCase(Visit(subject, "", asked[0].folder), DWI, None, problem)]
        found += mine
    for session in wanted.sessions:
        if session not in sessions:
            known = ", ".join(sorted(sessions - {""})[:6]) or "none"
            raise InputError(f"--session-label names {session}, which no subject has (there are: {known}). Correct it.")
    if not found:
        raise InputError(
            f"'{dataset.root.name}' holds no scan that was asked for. Name a BIDS dataset with sub-* folders."
        )
    return tuple(found)


def _labels(dataset: Dataset, wanted: Wanted) -> list[str]:
    known = subjects(dataset)
    for label in wanted.subjects:
        if label not in known:
            near = ", ".join(get_close_matches(label, known, n=3, cutoff=0.4)) or ", ".join(known[:3])
            raise InputError(
                f"--participant-label names {label}, and there is no sub-{label}. Correct it (near: {near})."
            )
    return list(dict.fromkeys(wanted.subjects)) or known


def _cases_of(
    dataset: Dataset, derivatives: Sequence[Dataset], participants: AgeTable | None, visit: Visit, wanted: Wanted
) -> Iterator[BidsCase]:
    for kind, choose in ((DWI, choose_diffusion), (T1W, choose_anatomical)):
        if kind == T1W and not wanted.t1:
            continue
        try:
            chosen = choose(dataset, visit, wanted.entities)
            if chosen is None and kind == T1W:
                chosen = _prepared_t1(derivatives, visit, wanted.entities)
            if chosen is None:
                continue
            masks = tuple(_masks(derivatives, visit, chosen.image, kind))
            infant = infant_of(dataset, participants, visit, chosen.image)
        except InputError as problem:
            yield BidsCase(visit, kind, None, str(problem))
        else:
            beside = _sequences(dataset, derivatives, visit, wanted.entities) if kind == DWI else {}
            yield BidsCase(visit, kind, chosen, "", masks, infant, beside)


def _sequences(
    dataset: Dataset, derivatives: Sequence[Dataset], visit: Visit, entities: EntityFilter
) -> dict[str, ChosenScan | str]:
    found: dict[str, ChosenScan | str] = {}
    for name, suffix in (("t1", T1W), ("t2", T2W)):
        try:
            chosen = choose_anatomical(dataset, visit, entities, suffix)
            if chosen is None and suffix == T1W:
                chosen = _prepared_t1(derivatives, visit, entities)
        except InputError as problem:
            found[name] = str(problem)
        else:
            found |= {name: chosen} if chosen is not None else {}
    return found


def _prepared_t1(derivatives: Sequence[Dataset], visit: Visit, entities: EntityFilter) -> ChosenScan | None:
    """``desc-preproc_T1w`` of the first derivatives that have one, in the infant's own space or that of b0."""
    found = (choose_anatomical(other, there, entities) for other, there in _same_visit(derivatives, visit))
    return next((chosen for chosen in found if chosen is not None), None)


def _same_visit(derivatives: Sequence[Dataset], visit: Visit) -> Iterator[tuple[Dataset, Visit]]:
    for other in derivatives:
        folder = other.root / f"sub-{visit.subject}"
        yield other, Visit(visit.subject, visit.session, folder / f"ses-{visit.session}" if visit.session else folder)


def _masks(derivatives: Sequence[Dataset], visit: Visit, image: BidsFile, kind: str) -> Iterator[BidsFile]:
    """``desc-brain_mask`` of the visit, of whose name nothing speaks against the image."""
    spaces = (image.name.entities.get("space", "").lower(), *(DIFFUSION_SPACES if kind == DWI else NATIVE_SPACES[:4]))
    for other, there in _same_visit(derivatives, visit):
        for datatype in ("dwi", "anat") if kind == DWI else ("anat",):
            for mask in images(other, there, datatype):
                own = mask.name.entities
                if (mask.name.suffix, own.get("desc")) != ("mask", "brain") or not _agree(mask, image):
                    continue
                space = own.get("space", "").lower()
                if space in spaces and (kind == T1W or space or datatype == "dwi"):
                    yield mask


def _agree(mask: BidsFile, image: BidsFile) -> bool:
    theirs = image.name.entities
    return all(theirs.get(key, value) == value for key, value in mask.name.entities.items() if key not in _FREE)


def _uri_name(folder: Path) -> str:
    """As ``DatasetLinks`` may call it."""
    letters = "".join(one if one.isalnum() else "-" for one in folder.resolve().name).strip("-")
    return "derivatives" if letters in ("", "raw") else letters
