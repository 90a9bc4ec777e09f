"""What a caller asks of one scan: the command line, the Slicer panel, a batch, a script, a reproduction alike.

The standard library is enough to read this file, so that the panel and ``--help`` can do so at once.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from AGE2HIELib.errors import InputError
from AGE2HIELib.infant import InfantFacts

ADVERSE, FAVOURABLE, AGE = TARGETS = ("adverse", "favourable", "age")
SALIENCY_METHODS = (
    "hirescam",
    "gradcam",
    "gradcam++",
    "layercam",
    "integrated-gradients",
    "smooth-integrated-gradients",
    "occlusion",
    "noise-map",
)
# Maps that some networks hold: of slices, of patches, of regions, of autoencoders.
ATTENTION, LOCAL, RESIDUALS, EVIDENCE, ANOMALY = NETWORK_METHODS = (
    "attention",
    "local",
    "regional-residuals",
    "regional-evidence",
    "anomaly",
)
DEFAULT_METHODS = ("hirescam", "layercam", "integrated-gradients")


@dataclass(frozen=True)
class Request:
    """One call of ``predict``, ``check``, ``explain`` or ``analyse``; the defaults are those of the command line.

    >>> from pathlib import Path
    >>> import AGE2HIELib as hie
    >>> request = hie.Request(Path("newborn/adc.mha"), age_days=3.5, override=("postnatal age",))
    >>> request.argv()  # the same for ``age2hie predict``
    ('--age-days=3.5', '--override=postnatal age', '--', 'newborn/adc.mha')

    The functions that take a request raise InputError for values that cannot be:

    >>> hie.Request(prevalence=1.5).check()
    Traceback (most recent call last):
    AGE2HIELib.errors.InputError: --prevalence is 1.5; ...

    Attributes:
        input: the scan, or for ``explain`` a folder that ``predict`` has made; None for a scan in memory.
        series: which series of a DICOM folder is read.
        align: auto, on or off: whether the volumes of a diffusion series are aligned.
        mask, z_adc: brain mask and released z-map on the scan's grid.
        t1, t2: T1 and T2 of the same infant on any grid, for the models that read them.
        model: folder of a model bundle or name of an installed model; None for the demonstration model.
        atlas: folder of an atlas; None for the bundled one.
        device: auto, cpu, cuda or mps.
        age_days: days after birth at the scan; None takes it from the dates in DICOM, where they are there.
        gestation_weeks: gestational age at birth.
        cooled: whether the infant was cooled; None where it is not known.
        clinical: file of clinical variables of the infant (``docs/clinical.md``); of ``batch`` a table of all infants.
        keep_clinical: keep their values in the record, but for the age at the scan.
        prevalence: share of adverse outcomes that the number is wanted for; None for that of the calibration.
        override: names of warnings of the quality gate that do not keep the number back.
        examine: examine the explanation as well, which takes most of a minute for each map.
        saliency: ``predict``: method of the saliency map; None for the default one.
        dicom: ``predict``: write structured report, segmentations, maps and captures for the study of a DICOM scan.
        methods: ``explain``: methods of the saliency maps that are compared.
        target: ``explain``: what is explained, one of ``TARGETS``.
        layer: ``explain``: block of the network for the CAM methods; None for the model's own.
        share: ``explain``: part of a map's evidence that counts as marked.
        worker: address of another computer that runs the networks, ``https://HOST:PORT``; None for this one.
        worker_certificate: PEM file by which it is known; None for those that this system trusts.
        worker_token: file with the token that it wants.
    """

    input: Path | None = None
    series: str | None = None
    align: str = "auto"
    mask: Path | None = None
    z_adc: Path | None = None
    t1: Path | None = None
    t2: Path | None = None
    model: Path | None = None
    atlas: Path | None = None
    device: str = "auto"
    age_days: float | None = None
    gestation_weeks: float | None = None
    cooled: bool | None = None
    clinical: Path | None = None
    keep_clinical: bool = False
    prevalence: float | None = None
    override: tuple[str, ...] = ()
    examine: bool = False
    saliency: str | None = None
    dicom: bool = False
    methods: tuple[str, ...] = DEFAULT_METHODS
    target: str = ADVERSE
    layer: str | None = None
    share: float = 0.5
    worker: str | None = None
    worker_certificate: Path | None = None
    worker_token: Path | None = None

    def check(self) -> None:
        """InputError for a value with which nothing can be done, whatever the scan; asked before anything is read."""
        from AGE2HIELib.elsewhere.address import worker_of
        from AGE2HIELib.inference.prevalence import check_prevalence
        from AGE2HIELib.quality.check import check_overrides

        _ = self.timing
        every = (*SALIENCY_METHODS, *NETWORK_METHODS)
        unknown = [name for name in self.methods if name not in every]
        if unknown or not self.methods:
            known = ", ".join(every)
            raise InputError(f"--methods names {unknown or 'nothing'}. Choose from {known}, with commas.")
        if not 0 < self.share <= 1:
            raise InputError(f"--share is {self.share:g}; it must be above 0 and at most 1.")
        if self.keep_clinical and self.clinical is None:
            raise InputError("--keep-clinical keeps the values of --clinical FILE. Name the file, or leave it out.")
        if worker_of(self.worker, self.worker_certificate, self.worker_token) is not None and self.device != "auto":
            raise InputError(
                f"--device {self.device} is of this computer, and --worker chooses its own. Leave one out."
            )
        check_prevalence(self.prevalence)
        check_overrides(self.override)

    @property
    def timing(self) -> InfantFacts:
        """What the caller knows of the infant's age and treatment."""
        return InfantFacts(self.age_days, self.gestation_weeks, self.cooled)

    @property
    def scan(self) -> Path:
        """The input of a request that names one."""
        if self.input is None:
            raise InputError("The request names no scan. Give one as its input.")
        return self.input

    @property
    def files(self) -> tuple[Path, ...]:
        """Everything that is read: the output must not lie on it."""
        named = (self.input, self.z_adc, self.mask, self.t1, self.t2, self.model, self.atlas, self.clinical)
        secrets = (self.worker_certificate, self.worker_token)
        return tuple(path for path in (*named, *secrets) if path is not None)

    def argv(self) -> tuple[str, ...]:
        """The options of ``age2hie`` that ask for this, the scan last. Every option is one argument, so that no name
        can become an option.
        """
        options: list[str] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "input" or value == field.default:
                continue
            name = f"--{field.name.replace('_', '-')}"
            if field.name == "override":
                options += [f"{name}={one}" for one in value]
            elif field.name == "cooled":
                options.append(f"{name}={'yes' if value else 'no'}")
            elif isinstance(value, bool):
                options.append(name)
            else:
                options.append(f"{name}={','.join(value) if isinstance(value, tuple) else value}")
        return (*options, "--", str(self.scan))
