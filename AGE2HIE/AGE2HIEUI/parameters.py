"""What the user has chosen, kept in the scene. The infant's age is not among it, nor where a scan lies on the
disk: they are asked for and never stored.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

from slicer import vtkMRMLNode, vtkMRMLScalarVolumeNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

GESTATION_UNKNOWN = 20.0  # weeks; the spin box shows "not known" at its lowest value
PREVALENCE_OF_MODEL = 0.0  # no share of any hospital; shown as words, too


class Cooled(Enum):
    """Whether the infant was cooled."""

    UNKNOWN = "unknown"
    YES = "yes"
    NO = "no"

    def label(self) -> str:
        return {"unknown": _("not known"), "yes": _("yes"), "no": _("no")}[self.value]


class SaliencyMethod(Enum):
    """How the evidence is located; the values are those of ``--saliency``."""

    HIRESCAM = "hirescam"
    GRADCAM = "gradcam"
    GRADCAM_PP = "gradcam++"
    LAYERCAM = "layercam"
    INTEGRATED_GRADIENTS = "integrated-gradients"
    SMOOTH_INTEGRATED_GRADIENTS = "smooth-integrated-gradients"
    OCCLUSION = "occlusion"
    NOISE_MAP = "noise-map"

    def label(self) -> str:
        return {
            "hirescam": _("HiResCAM (default)"),
            "gradcam": _("Grad-CAM"),
            "gradcam++": _("Grad-CAM++"),
            "layercam": _("LayerCAM"),
            "integrated-gradients": _("Integrated gradients"),
            "smooth-integrated-gradients": _("Integrated gradients with SmoothGrad (minutes)"),
            "occlusion": _("Occlusion (minutes)"),
            "noise-map": _("Tolerated noise (minutes)"),
        }[self.value]


class Target(Enum):
    """What a comparison explains; the values are those of ``--target``."""

    ADVERSE = "adverse"
    FAVOURABLE = "favourable"

    def label(self) -> str:
        return {"adverse": _("an adverse outcome"), "favourable": _("a favourable outcome")}[self.value]


class Device(Enum):
    """Where the network runs; the values are those of ``--device``."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"

    def label(self) -> str:
        names = {"auto": _("automatic"), "cpu": _("CPU"), "cuda": _("NVIDIA graphics card"), "mps": _("Apple graphics")}
        return names[self.value]


class Align(Enum):
    """Whether the volumes of a raw series are aligned; the values are those of ``--align``."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"

    def label(self) -> str:
        return {"auto": _("only where they moved"), "on": _("always"), "off": _("never")}[self.value]


class EarlierResults(Enum):
    """What happens to the results that are in the scene when a new one comes."""

    REPLACE = "replace"
    KEEP = "keep"

    def label(self) -> str:
        return {"replace": _("replace them"), "keep": _("keep them")}[self.value]


class Layer(Enum):
    """What is shown in colour over the ADC."""

    EVIDENCE = "evidence"
    DEVIATION = "deviation"
    NOTHING = "nothing"

    def label(self) -> str:
        return {
            "evidence": _("evidence for an adverse outcome"),
            "deviation": _("deviation from normal newborns"),
            "nothing": _("nothing"),
        }[self.value]


class Colours(Enum):
    """Colour map of the saliency."""

    HOT = "hot"
    COOL = "cool"
    GREEN = "green"

    def label(self) -> str:
        return {"hot": _("red to yellow"), "cool": _("blue to white"), "green": _("green")}[self.value]


@parameterNodeWrapper
class AGE2HIEParameterNode:
    """Attributes:
    inputVolume: diffusion-weighted, or an ADC map; of a node that came from DICOM the files are read.
    zAdcVolume, maskNode: optional, on the input's grid; the mask may be a segmentation, so the panel connects its
        selector itself: the wrapper's connector would offer every kind of node.
    t1Volume, t2Volume: optional, of the same infant on any grid, for models that read them.
    prevalence: share of adverse outcomes that the number is wanted for; ``PREVALENCE_OF_MODEL``: as the model was
        calibrated.
    gestationWeeks: at birth; ``GESTATION_UNKNOWN`` or less: not known.
    model: the model's folder; empty for the bundled one.
    atlasFolder: empty for the bundled one.
    layer: what is shown in colour over the ADC.
    threshold: saliency below this percentage of its peak is not shown.
    opacity: of the colours over the ADC, 0 to 1.
    examine: whether the saliency map is questioned as well.
    compareMethods: what is compared, by the values of ``SaliencyMethod`` with commas between; the panel connects its
        list itself, since the wrapper has no connector for one.
    compareShare: the percentage of each map's evidence that is shown, strongest first.
    compareOpacity: of the compared maps over the ADC, 0 to 1.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    zAdcVolume: vtkMRMLScalarVolumeNode
    maskNode: vtkMRMLNode
    t1Volume: vtkMRMLScalarVolumeNode
    t2Volume: vtkMRMLScalarVolumeNode
    gestationWeeks: Annotated[float, WithinRange(GESTATION_UNKNOWN, 45.0)] = GESTATION_UNKNOWN
    cooled: Cooled = Cooled.UNKNOWN
    model: str
    prevalence: Annotated[float, WithinRange(PREVALENCE_OF_MODEL, 0.999)] = PREVALENCE_OF_MODEL
    atlasFolder: str
    saliencyMethod: SaliencyMethod = SaliencyMethod.HIRESCAM
    device: Device = Device.AUTO
    align: Align = Align.AUTO
    earlierResults: EarlierResults = EarlierResults.REPLACE
    layer: Layer = Layer.EVIDENCE
    threshold: Annotated[float, WithinRange(0.0, 100.0)] = 30.0
    opacity: Annotated[float, WithinRange(0.0, 1.0)] = 0.7
    colours: Colours = Colours.HOT
    showAtlasOutline: bool = True
    examine: bool = False
    compareMethods: str = "hirescam,layercam,integrated-gradients"
    compareTarget: Target = Target.ADVERSE
    compareShare: Annotated[float, WithinRange(1.0, 100.0)] = 50.0
    compareOpacity: Annotated[float, WithinRange(0.0, 1.0)] = 0.7

    if TYPE_CHECKING:  # what the wrapper gives it
        parameterNode: Any

        def __init__(self, node: Any) -> None: ...
        def connectGui(self, gui: Any) -> str: ...
        def disconnectGui(self, tag: str | None) -> None: ...
