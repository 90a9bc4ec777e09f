"""What of the scores of Weeke and Trivedi can be asked of diffusion: which items, never a total.

Both weigh items of T1, T2 and diffusion (Weeke also spectroscopy); the sum of some of them is no value of either score.
"""

from __future__ import annotations

from collections.abc import Mapping

from AGE2HIELib.result.findings import InjuryScore
from AGE2HIELib.scores import places
from AGE2HIELib.scores.burden import Burden
from AGE2HIELib.scores.rules import NOT_INJURED, asked, missing_places

# Deep grey matter, white matter and cortex, cerebellum: the three parts of the score.
_WEEKE = {
    "thalamus": (places.THALAMUS,),
    "basal ganglia": (places.LENTIFORM, places.CAUDATE),
    "posterior limb of the internal capsule": (places.POSTERIOR_LIMB,),
    "brainstem": (places.BRAINSTEM,),
    "perirolandic cortex": (places.PERIROLANDIC,),
    "hippocampus": (places.HIPPOCAMPUS,),
    "cortex": (places.ALL_CORTEX, places.INSULA),
    "white matter": (places.ALL_WHITE, places.CINGULUM),
    "corpus callosum": (places.CALLOSUM,),
    "cerebellum": (places.CEREBELLUM, places.VERMIS),
}
# Five regions, the first of them with four parts.
_TRIVEDI = {
    "caudate nucleus": (places.CAUDATE,),
    "globus pallidus and putamen": (places.LENTIFORM,),
    "thalamus": (places.THALAMUS,),
    "posterior limb of the internal capsule": (places.POSTERIOR_LIMB,),
    "white matter": (places.ALL_WHITE,),
    "cortex": (places.ALL_CORTEX,),
    "cerebellum": (places.CEREBELLUM, places.VERMIS),
    "brainstem": (places.BRAINSTEM,),
}


def weeke_items(burden: Burden) -> InjuryScore:
    """Items of Weeke 2018 that diffusion and the atlas's labels allow."""
    return _counted(
        burden,
        _WEEKE,
        name="weeke_items",
        title="Weeke: diffusion items",
        cannot_see="T1 and T2, haemorrhage, punctate lesions, optic radiation, spectroscopy: the total is not given",
        source="Weeke 2018 (PMID 29246356); when an item counts is our own rule (docs/scores.md)",
    )


def trivedi_items(burden: Burden) -> InjuryScore:
    """The diffusion items of Trivedi 2017, a third of all."""
    return _counted(
        burden,
        _TRIVEDI,
        name="trivedi_items",
        title="Trivedi: diffusion items",
        cannot_see="the same regions in T1 and T2: the total and its grade are not given",
        source="Trivedi 2017 (doi:10.1007/s00247-017-3893-y); when an item counts is our own rule (docs/scores.md)",
    )


def _counted(
    burden: Burden, asks: Mapping[str, tuple[str, ...]], *, name: str, title: str, cannot_see: str, source: str
) -> InjuryScore:
    """Items whose first place the atlas lacks are left out, and named."""
    lacking = [item for item, of in asks.items() if missing_places(burden, of[0])]
    items = tuple(asked(burden, item, *of) for item, of in asks.items() if item not in lacking)
    injured = sum(item.value != NOT_INJURED for item in items)
    left_out = f"; without {', '.join(lacking)}, for which there is no label here" if lacking else ""
    return InjuryScore(
        name=name,
        title=title,
        value=f"{injured} of {len(items)}" if items else "",
        range=f"0 to {len(items)} of {len(items)}",
        meaning=f"{injured} of {len(items)} items that diffusion can show are injured{left_out}",
        items=items,
        cannot_see=cannot_see,
        source=source,
    )
