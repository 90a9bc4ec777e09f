"""Coded terms of the atlas's regions: SNOMED CT as DICOM PS3.16 lists it, and our own scheme where it lists none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from highdicom.sr import CodedConcept
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from AGE2HIELib.report.hospital.coding import ours


@dataclass(frozen=True)
class Anatomy:
    """A structure, and the part of the brain that it belongs to where the structure's own code does not say so."""

    structure: Code | CodedConcept
    part: Code | CodedConcept | None = None
    category: Code | CodedConcept = codes.SCT.AnatomicalStructure


_SCT = codes.SCT
_LOBES = {
    "frontal": _SCT.FrontalLobe,
    "parietal": _SCT.ParietalLobe,
    "temporal": _SCT.TemporalLobe,
    "occipital": _SCT.OccipitalLobe,
}
_TISSUES = {"cortex": _SCT.CerebralCortex, "white matter": _SCT.CerebralWhiteMatter}
_KNOWN = {
    **{f"{lobe} {tissue}": Anatomy(code, part) for lobe, part in _LOBES.items() for tissue, code in _TISSUES.items()},
    # PS3.16 lists no code for these three, so that they have ours, and the structure that they are part of
    "lentiform nucleus": Anatomy(ours("lentiform-nucleus", "Lentiform nucleus"), _SCT.Brain),
    "posterior limb of the internal capsule": Anatomy(
        ours("plic", "Posterior limb of the internal capsule"), _SCT.InternalCapsule
    ),
    "anterior limb of the internal capsule": Anatomy(
        ours("alic", "Anterior limb of the internal capsule"), _SCT.InternalCapsule
    ),
    "thalamus": Anatomy(_SCT.Thalamus),
    "caudate nucleus": Anatomy(_SCT.CaudateNucleus),
    "cerebellum": Anatomy(_SCT.Cerebellum),
    "lateral ventricle": Anatomy(_SCT.LateralVentricle),
    "brainstem": Anatomy(_SCT.BrainStem),
    "third and fourth ventricle": Anatomy(_SCT.BrainVentricle),
    "cerebrospinal fluid": Anatomy(_SCT.CerebrospinalFluid, _SCT.Brain, _SCT.BodySubstance),
    "corpus callosum": Anatomy(_SCT.CorpusCallosum),
}


def anatomy_of(name: str) -> Anatomy:
    """Codes of a region by its name; a region of a user's own atlas has the standard's code where its name is there."""
    plain = " ".join(name.lower().split())
    if plain in _KNOWN:
        return _KNOWN[plain]
    if plain in _listed():
        return Anatomy(_listed()[plain])
    return Anatomy(ours("region-" + "-".join(plain.split()), name), _SCT.Brain)


@cache
def _listed() -> dict[str, Code]:
    """CID 7153, segmentation types of the central nervous system, by their meanings."""
    concepts = (getattr(codes.cid7153, keyword) for keyword in dir(codes.cid7153))
    return {concept.meaning.lower(): concept for concept in concepts if isinstance(concept, Code)}
