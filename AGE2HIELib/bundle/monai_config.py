"""``configs/inference.json``: the network as MONAI's tools build it."""

from __future__ import annotations

import json

from AGE2HIELib.bundle.model_facts import ModelFacts

INFERENCE = "configs/inference.json"


def inference_text(facts: ModelFacts, members: tuple[str, ...]) -> str:
    """The network for MONAI's ConfigParser; without ``$`` expressions, so parsing it runs nothing but constructors."""
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
