"""The worker's words beside the checks': errors with their remedies, and the check of the computer (see ``phrases``).

A sentence of a message is a phrase, and its remedy, the last sentence, is another one: many remedies are shared.
"""

from __future__ import annotations

import re

from AGE2HIEUI.phrases import Phrases


def _(phrase: str) -> str:
    """Marks a text for translation, which ``Phrases`` does when it is shown."""
    return phrase


MESSAGES = Phrases(
    "AGE2HIEUI.workerPhrases",
    (
        _("'{name}' does not exist."),
        _("Check the name of the input."),
        _("'{name}' is empty (0 bytes)."),
        _("'{name}' cannot be read; it may be truncated or of another format ({size} bytes; {detail})."),
        _("Copy or export it again."),
        _("The folder '{name}' is empty."),
        _("Give the folder that holds the DICOM files."),
        _("The folder holds {count} {what}: {choices}."),
        _("Name one with --series, for instance --series {series}."),
        _("There is no DICOM series '{name}'."),
        _("Found: {series}."),
        _("DICOM {series} is incomplete: {why}."),
        _("DICOM {series} lacks slices: {gaps}."),
        _("Export the series again with all of its images."),
        _("All b-values of '{name}' {are} s/mm^2, so ADC cannot be fitted."),
        _("Give the whole series (b0 and diffusion-weighted volumes), or a 3D ADC map."),
        _("The {what} '{name}' ({grid}) does not lie on the scan's grid ({scan}){how}."),
        _("Give the {what} that was made from this scan, or resample it."),
        _(
            "The unit of the ADC map '{name}' is unknown: the median in the brain is {median}, where 300-4000 (1e-6 "
            "mm2/s), 0.3-4 (1e-3 mm2/s) or 0.0003-0.004 (mm2/s) was expected."
        ),
        _("Scale the map to 1e-6 mm2/s."),
        _("'{name}' holds no positive value."),
        _("Give an ADC map or a diffusion series."),
        _("'{name}' holds {count} volumes, but '{stem}.bval' is not beside it."),
        _("Put the .bval file (and .bvec, if there is one) into the same folder."),
        _("No brain was found in the scan, so it cannot be placed in the atlas."),
        _("Give a brain mask with --mask."),
        _("The brain mask is empty."),
        _("Give one in which the brain is above 0, or leave --mask out."),
        _("The model {model} was not trained on released z-maps (its z-maps: {origins})."),
        _("Leave --z-adc out, or use another model."),
        _("The model {model} was not trained on z-maps of the atlas {atlas} ({sha}...)."),
        _("Leave --atlas out, or use a model that was made with it."),
        _("--{name} was given, and the model {model} reads {channels} alone."),
        _("Leave --{name} out, or name a model that reads it with --model."),
        _("This computer offers torch no {device} device."),
        _("Use --device auto or cpu."),
        _("The corrected lesion holds no voxel of the brain."),
        _("Draw it over the scan, or go back to the computed one."),
        _("The output '{name}' exists already."),
        _("Choose another name, or add --overwrite."),
        _("The output '{name}' cannot be written: {reason}."),
        _("Free some space, or choose another place."),
        _("The result was made from another scan ({one}...) than this one ({other}...)."),
        _("Give the files that it was made from, or predict this scan."),
        _("The folder '{name}' lacks wheels for this computer ({system}): {missing}. Nothing was installed."),
        _("Add them with pip download, as docs/panel.md says."),
        _("'{name}' is neither a .zip nor a .tar archive."),
        _("Name the archive of a model bundle."),
        _("'{name}' is damaged or encrypted ({error})."),
        _("Get it again."),
        _("Defect of age2hie ({error})."),
        _("The traceback is in {place}: please report it."),
        _("Convert the scan again."),
        _("Convert the series again."),
        _("Predict the scan again."),
        # the check of the computer: names, values, remedies
        _("packages"),
        _("device"),
        _("DICOM reading"),
        _("memory"),
        _("temporary folder"),
        _("models folder"),
        _("bundled files"),
        _("all {count} are there"),
        _("missing or too old: {names}"),
        _("not installed"),
        _("CPU; no NVIDIA graphics card was found, and none is needed"),
        _("writable, {free} GB free"),
        _("{model} and the atlas {atlas} are unchanged"),
        _("Install Python {version} or newer; in Slicer, install a newer Slicer."),
        _("Install Slicer {version} or newer from download.slicer.org."),
        _("Click Predict outcome in Slicer, which offers to install them; elsewhere: pip install {names}."),
        _("Install torch: in Slicer with the PyTorch extension (PyTorch Util), elsewhere with pip install torch."),
        _("Install torch for CUDA with Slicer's PyTorch extension to use the card."),
        _("Update the NVIDIA driver, or install the torch build for this driver with Slicer's PyTorch extension."),
        _("Install it to read DICOM: pip install dcm2niix."),
        _("Close other programs: {size} GB are comfortable."),
        _("Set TMPDIR (on Windows TEMP) to a folder that you may write to."),
        _("Free {size} GB on that disk."),
        _("Install AGE2HIE again."),
    ),
)


def told(message: str) -> str:
    """A message of the worker in the user's language: its last sentence, the remedy, and what stands before it."""
    whole = MESSAGES.translated(message)
    parts = re.split(r"(?<=[.!?]) (?=[A-Z'][^.!?]*[.!?]?$)", message, maxsplit=1)
    return whole if whole != message else " ".join(MESSAGES.translated(part) for part in parts)
