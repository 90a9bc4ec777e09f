"""The files of a request in memory: the scan and what belongs to it, the model, the atlas."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from AGE2HIELib.bundle.model_facts import for_z_map
from AGE2HIELib.bundle.reading import Bundle, read_bundle
from AGE2HIELib.bundle.weights import load_members
from AGE2HIELib.clinical.reading import ClinicalFile
from AGE2HIELib.errors import InputError
from AGE2HIELib.inference.prevalence import check_prevalence
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_on_grid, sha256_of_image
from AGE2HIELib.io.source import Source, read_source
from AGE2HIELib.pipeline.clinical import clinical_of
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.sequences import NOTHING_GIVEN, GivenSequences, read_sequences
from AGE2HIELib.preprocess.atlas import Atlas, load_atlas
from AGE2HIELib.preprocess.network_input import SEQUENCES
from AGE2HIELib.quality import Quality
from AGE2HIELib.result.software import Elsewhere
from AGE2HIELib.system.places import find_model
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Volume

if TYPE_CHECKING:
    from AGE2HIELib.elsewhere.networks import NetworksElsewhere
    from AGE2HIELib.networks.staged import StagedNetwork


@dataclass(frozen=True)
class Scan:
    """A scan and the maps that were given with it.

    Attributes:
        source: what was read, in the stored voxel order.
        z_adc, mask: z-map and brain mask in canonical voxel order; None where none was given.
        z_adc_sha256, mask_sha256: of the files that were given.
        verdict: what the gate said of the earlier result that source, z-map and mask come from; None for a scan. It
            stands, and the maps are not held against the scan again.
        clinical: what is known of the infant besides; None where nothing was named.
        sequences: T1 and T2 of the infant, on their own grids; empty where none were given.
    """

    source: Source
    z_adc: Volume | None = None
    mask: Volume | None = None
    z_adc_sha256: str | None = None
    mask_sha256: str | None = None
    verdict: Quality | None = None
    clinical: ClinicalFile | None = None
    sequences: GivenSequences = NOTHING_GIVEN

    @property
    def z_is_released(self) -> bool:
        """Whether the z-map is another group's; that of an earlier result may be our own."""
        return self.z_adc is not None and (self.verdict is None or self.z_adc_sha256 is not None)


@dataclass(frozen=True)
class HieModel:
    """A verified bundle with its networks on a device.

    Attributes:
        warnings: say where another device had been asked for.
        prevalence: the share of adverse outcomes that numbers are wanted for; None for that of the calibration.
        elsewhere: asks the networks on another computer; ``members`` is empty then, and torch is not needed here.
    """

    bundle: Bundle
    members: tuple[StagedNetwork, ...]
    device: str
    warnings: tuple[str, ...] = ()
    prevalence: float | None = None
    elsewhere: NetworksElsewhere | None = None

    @property
    def computer(self) -> Elsewhere | None:
        """Of the networks, where it is another one."""
        return self.elsewhere.computer if self.elsewhere is not None else None


@dataclass(frozen=True)
class LoadingModel:
    """A verified bundle whose networks are loaded in another thread, beside the work that needs none of them: torch
    takes a second to import.
    """

    bundle: Bundle
    loading: Future[HieModel]

    def ready(self) -> HieModel:
        """The model, once it is there; raises what went wrong in loading it."""
        return self.loading.result()


Model = HieModel | LoadingModel


@dataclass(frozen=True)
class Inputs:
    """Everything that a request names, read and verified."""

    scan: Scan
    model: Model
    atlas: Atlas


def read_scan(
    path: Path,
    *,
    series: str | None = None,
    z_adc: Path | None = None,
    mask: Path | None = None,
    t1: Path | None = None,
    t2: Path | None = None,
) -> Scan:
    """The input and what belongs to it, which must lie on its grid.

    Args:
        path: a DICOM folder, a 4D NIfTI with its ``.bval`` beside it, a DWI NRRD, or a 3D ADC map (NIfTI, MHA, NRRD,
            DICOM).
        series: which DICOM series is read, where a folder holds several.
        z_adc, mask: a released z-map and a brain mask (above 0), in any order of the scan's voxels.
        t1, t2: NIfTI, MHA or NRRD of the same infant, on any grid; only some models read them.

    Returns:
        ``source`` holds the series or the ADC (1e-6 mm^2/s) in the voxel order of the file; z-map and mask are in
        canonical order, the one closest to RAS+.

    Raises:
        InputError: a file cannot be read as a scan, or lies on another grid.

    >>> from pathlib import Path
    >>> import AGE2HIELib as hie
    >>> scan = hie.read_scan(Path("newborn/adc.mha"))
    >>> scan.source.kind, scan.source.dwi is None, scan.source.adc.array.ndim, scan.source.adc_unit_found
    ('adc-mha', True, 3, '1e-6 mm2/s')
    """
    source = read_source(path, series=series)
    released = read_on_grid(z_adc, source.stored, what="z-map") if z_adc else None
    brain = read_on_grid(mask, source.stored, what="brain mask") if mask else None
    if brain is not None and not (brain.array > 0).any():
        raise InputError("The brain mask is empty. Give one in which the brain is above 0, or leave --mask out.")
    return Scan(
        source,
        to_canonical(released.like(np.nan_to_num(released.array))) if released else None,
        to_canonical(brain.like(brain.array > 0)) if brain else None,
        sha256_of_image(z_adc) if z_adc else None,
        sha256_of_image(mask) if mask else None,
        sequences=read_sequences({"t1": t1, "t2": t2}),
    )


def read_scan_of(request: Request, stages: Stages) -> Scan:
    with stages("read"):
        clinical = clinical_of(request)  # the first to be refused: nothing else takes as little time
        beside = {name: getattr(request, name) for name in ("z_adc", "mask", *SEQUENCES)}
        return replace(read_scan(request.scan, series=request.series, **beside), clinical=clinical)


def read_atlas_of(request: Request, stages: Stages) -> Atlas:
    with stages("read"):
        return load_atlas(request.atlas)


def load_model_of(request: Request, stages: Stages) -> HieModel:
    folder = find_model(request.model)
    with stages("model"):
        check_prevalence(request.prevalence)
        return _networks_of(read_bundle(folder), request)


def load_model(folder: Path | None = None, *, device: str = "auto", prevalence: float | None = None) -> HieModel:
    """A checked bundle with its weights in memory, on the CPU where a GPU lacks room.

    Args:
        folder: of a bundle, or the name of an installed model; None for the demonstration model.
        device: auto, cpu, cuda or mps.
        prevalence: share of adverse outcomes that numbers are wanted for; None for that of the calibration.

    Raises:
        ModelError: a file of the bundle is missing, changed or not allowed in it.
        InputError: the prevalence is no share, or the device is not there.

    >>> import AGE2HIELib as hie
    >>> model = hie.load_model(device="cpu")
    >>> model.bundle.demonstration, model.device, len(model.members) > 1
    (True, 'cpu', True)
    """
    check_prevalence(prevalence)
    return _networks_here(read_bundle(find_model(folder)), device, prevalence)


def load_model_beside(request: Request, stages: Stages) -> LoadingModel:
    """``load_model_of`` as far as it takes no time; the rest goes on in a thread."""
    with stages("model"):
        check_prevalence(request.prevalence)
        bundle = read_bundle(find_model(request.model))
        worker = ThreadPoolExecutor(1)
        loading = worker.submit(_networks_of, bundle, request)
        worker.shutdown(wait=False)
        return LoadingModel(bundle, loading)


def _networks_of(bundle: Bundle, request: Request) -> HieModel:
    """Here, or on another computer where the request names one; no connection is opened unless it does."""
    from AGE2HIELib.elsewhere.address import worker_of

    worker = worker_of(request.worker, request.worker_certificate, request.worker_token)
    if worker is None:
        return _networks_here(bundle, request.device, request.prevalence)
    from AGE2HIELib.elsewhere.networks import find_networks  # what speaks with others is loaded for nobody else

    elsewhere, ran = find_networks(worker, bundle)
    return HieModel(bundle, (), ran.device, ran.notes, request.prevalence, elsewhere)


def _networks_here(bundle: Bundle, device: str, prevalence: float | None) -> HieModel:
    # torch takes a second: only who predicts waits for it
    from AGE2HIELib.inference.device import choose_device, with_cpu_fallback

    chosen = choose_device(device)
    return with_cpu_fallback(
        lambda: HieModel(bundle, load_members(bundle, chosen), chosen, prevalence=prevalence),
        lambda note: model_on_cpu(bundle, note, prevalence),
        chosen,
    )


def model_on_cpu(bundle: Bundle, note: str, prevalence: float | None) -> HieModel:
    """``note`` says why it is not where it was asked for."""
    return HieModel(bundle, load_members(bundle, "cpu"), "cpu", (note,), prevalence)


def model_for_z(model: HieModel, atlas: Atlas, *, released: bool) -> HieModel:
    """The model as it is read with z-maps of this origin; ModelError where it was not trained on such."""
    return replace(model, bundle=for_z_map(model.bundle, atlas, released=released))
