"""``explain``: several saliency maps of one scan side by side, and where they agree, in an output folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from AGE2HIELib.pipeline.admission import Withheld
from AGE2HIELib.pipeline.outcome_maps import WithheldError, explain_outcome_into
from AGE2HIELib.pipeline.request import AGE, Request
from AGE2HIELib.system.outputs import output_folder
from AGE2HIELib.system.progress import Progress, Silent


@dataclass(frozen=True)
class Explained:
    """``headline`` is what the maps explain, where nothing else says it; ``lost`` is what is missing of the extras."""

    headline: str
    lost: tuple[str, ...]


def explain(
    request: Request, output: Path, *, overwrite: bool = False, progress: Progress | None = None
) -> Explained | Withheld:
    """Write the maps into a new folder; nothing is written for a scan that the gate withholds: there is no number to
    explain.

    Args:
        request: ``methods`` names the maps; ``input`` is a scan, or a folder that ``predict`` has made.
        output: the folder.
        overwrite: replace an earlier result.
        progress: told of every stage; None for nobody.

    Raises:
        InputError: the scan, the request or the output cannot be used.

    >>> from pathlib import Path
    >>> import AGE2HIELib as hie
    >>> hie.explain(hie.Request(Path("result"), methods=("hirescam", "layercam")), Path("maps"))
    Explained(headline='', lost=())
    >>> sorted(path.name for path in Path("maps").glob("saliency_*"))
    ['saliency_hirescam.nii.gz', 'saliency_layercam.nii.gz']
    """
    request.check()
    explain_into = explain_outcome_into
    if request.target == AGE:
        from AGE2HIELib.pipeline.age_maps import check_age_request, explain_age_into  # brings torch

        check_age_request(request)
        explain_into = explain_age_into
    try:
        with output_folder(output, overwrite=overwrite, inputs=request.files) as folder:
            headline, lost = explain_into(folder, request, progress or Silent())
    except WithheldError as error:
        return error.withheld
    return Explained(headline, lost)
