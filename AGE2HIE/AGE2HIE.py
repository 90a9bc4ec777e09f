"""What Slicer looks for by name; everything else is in AGE2HIEUI."""

import os
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule, ScriptedLoadableModuleTest

from AGE2HIEUI.layouts import registerLayouts
from AGE2HIEUI.logic import Logic
from AGE2HIEUI.resume import resume
from AGE2HIEUI.translations import loadTranslations
from AGE2HIEUI.widget import Widget

SAMPLE_FILE = "SyntheticNewborn.nrrd"
SAMPLE_SHA256 = "718767e8ec05cd95506cc22f55a3f80137303dc4139de44a73ef7a742ec87475"
SAMPLE_NAME = "AGE2HIESyntheticNewborn"


class AGE2HIE(ScriptedLoadableModule):
    """The module as it stands in Slicer's list."""

    def __init__(self, parent: Any) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        loadTranslations(str(Path(__file__).resolve().parent / "Resources" / "Translations"))
        self.parent.title = _("HIE Outcome (AGE2HIE)")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Diffusion")]
        self.parent.dependencies = []
        self.parent.contributors = ["The AGE2HIE developers"]
        self.parent.helpText = _(
            "Reads the diffusion MRI of a newborn with hypoxic-ischemic encephalopathy: a calibrated score for an "
            "adverse outcome at two years, where in the brain the evidence lies, and whether to believe it. "
            "Research use only; the bundled model has seen synthetic newborns only."
        )
        self.parent.acknowledgementText = _("The method follows AGE2HIE (Bao, He, Grant, Ou; arXiv 2411.05188).")
        slicer.app.connect("startupCompleted()", registerSampleData)
        slicer.app.connect("startupCompleted()", registerLayouts)
        slicer.app.connect("startupCompleted()", resume)


class AGE2HIEWidget(Widget):
    """Slicer names the module after this class."""

    def makeLogic(self) -> Any:
        return AGE2HIELogic()


class AGE2HIELogic(Logic):
    """Slicer names the parameter node after this class."""


class AGE2HIETest(ScriptedLoadableModuleTest):
    """The whole path on the sample data: load, click, wait, look."""

    def setUp(self) -> None:
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        self.setUp()
        self.test_predictionOfTheSampleData()

    def test_predictionOfTheSampleData(self) -> None:
        """A synthetic newborn's raw scan gives a demonstration score, five volumes and a table."""
        from AGE2HIEUI.selfTest import predictSampleData

        self.delayDisplay(_("Predicting the synthetic newborn"))
        registerSampleData()
        predictSampleData(self, SAMPLE_NAME)
        self.delayDisplay(_("Test passed"))


def registerSampleData() -> None:
    """A synthetic newborn that comes with the extension, so that it can be tried without network."""
    import SampleData

    resources = Path(__file__).resolve().parent / "Resources"
    SampleData.SampleDataLogic.registerCustomSampleDataCategory("AGE2HIE", title=_("AGE2HIE"))
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="AGE2HIE",
        sampleName=SAMPLE_NAME,
        thumbnailFileName=os.path.join(resources, "Icons", SAMPLE_NAME + ".png"),
        uris=(resources / "SampleData" / SAMPLE_FILE).as_uri(),
        fileNames=SAMPLE_FILE,
        checksums="SHA256:" + SAMPLE_SHA256,
        nodeNames=_("Synthetic newborn"),
    )
