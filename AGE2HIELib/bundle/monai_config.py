"""``configs/inference.json``: the network as MONAI's tools build it.

MONAI runs what stands in such a file: a text that begins with ``$`` as Python, ``_target_`` as a call of whatever it
names, ``%`` as the content of another file. Nothing here evaluates it, but whoever runs a bundle in MONAI may do so
because ``age2hie model verify`` has accepted it. So a bundle is refused unless the file says, key by key, what the
export writes for the network in the metadata; that is one constructor of ours and one of MONAI's, and no expression.
"""

from __future__ import annotations

import json
from typing import Any

from AGE2HIELib.bundle.model_facts import ModelFacts
from AGE2HIELib.bundle.schema import parsed_table, shortened
from AGE2HIELib.errors import ModelError

INFERENCE = "configs/inference.json"


def inference_text(facts: ModelFacts, members: tuple[str, ...]) -> str:
    """The file's content, in ASCII; ``members`` are paths inside the bundle."""
    content = {
        "bundle_root": ".",
        "device": "cpu",
        "members": list(members),
        "network_def": {
            "_target_": "AGE2HIELib.networks.registry.build_network",
            "name": facts.network,
            "arguments": dict(facts.network_arguments),
        },
        "inferer": {"_target_": "monai.inferers.SimpleInferer"},
    }
    return json.dumps(content, indent=2) + "\n"


def check_inference(content: bytes, facts: ModelFacts, members: tuple[str, ...]) -> None:
    """Raises ModelError where the file says anything but what ``inference_text`` writes for this model.

    The arguments and the members' names stand in the metadata, too, where ``check_no_program`` has looked at them.
    """
    if not content.isascii():  # MONAI reads in the computer's own encoding, in which other signs may mean other things
        raise ModelError(f"{INFERENCE} holds signs beyond ASCII, which no export writes. {_REMEDY}")
    found, written = parsed_table(content, INFERENCE), json.loads(inference_text(facts, members))
    place = _difference(found, written)
    if place is not None:
        keys, there, expected = place
        where = ", ".join(map(repr, keys)) or "at its top"
        raise ModelError(
            f"{INFERENCE}, {where}: it says {shortened(there)}, where the export writes {shortened(expected)}. "
            f"MONAI may run what stands there. {_REMEDY}"
        )


_REMEDY = "Do not run this bundle; export the model again."
_ABSENT = "nothing"


def _difference(
    found: Any, written: Any, keys: tuple[str | int, ...] = ()
) -> tuple[tuple[str | int, ...], Any, Any] | None:
    """Where two contents of JSON differ first, what is there and what should be; True is not 1, nor 1.0."""
    if type(found) is not type(written) or (isinstance(written, list) and len(found) != len(written)):
        return keys, found, written
    if isinstance(written, dict):
        for key in [*written, *(found.keys() - written.keys())]:
            if (key in found) != (key in written):
                return (*keys, key), found.get(key, _ABSENT), written.get(key, _ABSENT)
        parts = [(key, found[key], written[key]) for key in written]
    elif isinstance(written, list):
        parts = list(zip(range(len(written)), found, written, strict=True))
    else:
        return None if found == written else (keys, found, written)
    differences = (_difference(there, here, (*keys, key)) for key, there, here in parts)
    return next((difference for difference in differences if difference is not None), None)
