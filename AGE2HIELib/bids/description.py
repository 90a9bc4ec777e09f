"""The files at the root of the derivative dataset: what it is, what made it, and what the validator leaves aside."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from AGE2HIELib.bids.dataset import DESCRIPTION, Dataset, read_json
from AGE2HIELib.bids.work import RESULTS
from AGE2HIELib.errors import InputError
from AGE2HIELib.release import __version__
from AGE2HIELib.system.outputs import output_file, refuse_inputs

PROGRAM = "AGE2HIE"
_BIDS_VERSION = "1.10.0"  # the first with the suffix ADC
_CONTAINER = "AGE2HIE_CONTAINER"  # set in the image: the tag that it was built as
_README = f"""# {PROGRAM}: what age2hie bids has made

Research use only. Not a medical device. Maps of each scan lie in sub-*/[ses-*/]dwi and anat, each with a sidecar; a
page for each subject is sub-*.html; tables of the group, with dictionaries, are in phenotype/. {RESULTS}/ holds, for
each scan, the folder that age2hie predict makes (result.json, report.html), to which the maps are linked.
"""
# results/: a program's own folders; pages; saliency has no suffix in BIDS yet.
_IGNORED = (RESULTS, "*.html", "*_saliency.nii.gz", "*_saliency.json")


def check_output(output: Path, dataset: Dataset) -> None:
    """InputError where the output is the dataset itself, lies around it, or is another dataset."""
    refuse_inputs(output.resolve(), [dataset.root])
    path = output / DESCRIPTION
    if path.is_file():
        makers = read_json(path).get("GeneratedBy")
        if not isinstance(makers, list) or PROGRAM not in [one.get("Name") for one in makers if isinstance(one, dict)]:
            raise InputError(
                f"The output '{output.name}' is a BIDS dataset that {PROGRAM} has not made. Choose another folder."
            )
    elif output.is_dir() and any(path.name != RESULTS for path in output.iterdir() if not path.name.startswith(".")):
        raise InputError(
            f"The output '{output.name}' holds files and no {DESCRIPTION} of {PROGRAM}. Choose an empty folder."
        )


def write_description(output: Path, dataset: Dataset, derivatives: Sequence[Dataset]) -> None:
    """``dataset_description.json``, README.md and .bidsignore, where they do not say this already."""
    maker: dict[str, Any] = {"Name": PROGRAM, "Version": __version__, "Description": "age2hie bids"}
    if os.environ.get(_CONTAINER):
        maker["Container"] = {"Type": "docker", "Tag": os.environ[_CONTAINER]}
    linked = {one.name: _link(one, output) for one in (dataset, *derivatives) if one.root != output}
    content = {
        "Name": f"{PROGRAM}: {dataset.description.get('Name', 'a BIDS dataset')}",
        "BIDSVersion": _BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [maker],
        "SourceDatasets": [_source(dataset, output)],
        "DatasetLinks": linked,
    }
    if "License" in dataset.description:
        content["License"] = dataset.description["License"]
    texts = {
        DESCRIPTION: json.dumps(content, indent=2) + "\n",
        "README.md": _README,
        ".bidsignore": "\n".join(_IGNORED) + "\n",
    }
    for name, text in texts.items():
        path = output / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            with output_file(path, overwrite=True) as part:
                part.write_text(text, encoding="utf-8")


def _source(dataset: Dataset, output: Path) -> dict[str, Any]:
    doi = dataset.description.get("DatasetDOI")
    return {"DOI": doi} if isinstance(doi, str) and doi else {"URL": _link(dataset, output)}


def _link(dataset: Dataset, output: Path) -> str:
    """Relative to the output: a path of this machine would be true nowhere else."""
    try:
        return Path(os.path.relpath(dataset.root.resolve(), output.resolve())).as_posix() + "/"
    except ValueError:  # another drive of Windows
        return dataset.root.resolve().as_uri() + "/"
