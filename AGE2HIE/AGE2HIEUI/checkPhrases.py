"""The quality gate's words: the checks' names, what to do, limits and values (see ``phrases``)."""

from __future__ import annotations

from AGE2HIEUI.phrases import Phrases


def _(phrase: str) -> str:
    """Marks a text for translation, which ``Phrases`` does when it is shown."""
    return phrase


CHECKS = Phrases(
    "AGE2HIEUI.checkPhrases",
    (
        _("modality and unit"),
        _("voxel size"),
        _("brain volume"),
        _("largest cut through the brain"),
        _("voxels missing in a slice"),
        _("voxels without a value"),
        _("voxels with an implausible ADC"),
        _("median ADC of the brain"),
        _("striping between slices"),
        _("step between slices"),
        _("signal lost in a slice of one volume"),
        _("signal of one volume beside its shell"),
        _("postnatal age"),
        _("brain mask beside the one found"),
        _("brain found in the ADC map alone"),
        _("ADC of fluid"),
        _("distance from the training cases"),
        _("field of view"),
        _("overlap with the atlas brain"),
        _("stretch of the placement"),
        _("similarity to the atlas"),
        _("folding of the placement"),
        _("fine detail shared by z-map and ADC"),
        _("change of ADC where z changes by 1"),
        _("The values are not those of an ADC map. Choose the ADC map or the raw diffusion series."),
        _("The signal is missing in part of the brain. Look at the raw volumes, or use another series."),
        _("The map is noisy or not an ADC map. Fit it from the raw series, or use another scan."),
        _("Is this a newborn's ADC map? Adults' is lower."),
        _("Check the header's spacing, or use a scan with thinner slices."),
        _("Is this a newborn's whole brain? Give a brain mask with --mask."),
        _(
            "Skull or scalp may lie in the brain mask. Look at the outline; give a brain mask with --mask, a "
            "skull-stripped ADC map, or the raw series."
        ),
        _(
            "Is the map's scale right (unit, b-value)? Compare fluid in the ventricles: about 3000. Override this if "
            "the scale is right."
        ),
        _("Part of the brain is missing. Use a scan that holds all of it, or give a brain mask with --mask."),
        _("Low ADC may have returned to normal, so that injury is missed. Use an earlier scan, or other sequences."),
        _("A slice has lost its signal, or the file is not whole. Use another series."),
        _(
            "The infant moved while a slice was taken, or its signal failed. Look at the raw volumes, and leave the "
            "damaged one out or use another series."
        ),
        _(
            "One volume is far brighter or darker than the others of its b-value: it may have another b-value than is "
            "stated, or another gain. Look at the raw volumes; leave it out, or correct the b-values."
        ),
        _("The infant moved, or the signal failed in some slices. Look at the raw volumes; use another series."),
        _("The scan does not hold the whole brain."),
        _("Look at the brain mask over the scan; placement in {atlas} failed or the brain is not whole."),
        _(
            "Mirrored front to back the scan would resemble the atlas more: its header may be wrong. Convert it again "
            "from the DICOM files."
        ),
        _(
            "The z-map is turned round, or of another scan. Give the one of this scan in its own orientation, or leave "
            "--z-adc out: one is made from the atlas."
        ),
        _(
            "The z-map is not in standard deviations: it may have been multiplied when it was saved. Give it as it was "
            "made, or leave --z-adc out: one is made from the atlas."
        ),
        _("Look at the mask over the scan. Override this if it lies on the brain: then the one found is wrong."),
        _("The network sees what its training cases had not. Look at the scan; do not rely on the number."),
        _("at most {limit}; refused over {refused}"),
        _("at most {limit}"),
        _("at least {limit}"),
        _("{low} to {high} mm along every axis"),
        _("an ADC map in 1e-6 mm2/s, 1e-3 mm2/s or mm2/s, or diffusion-weighted volumes"),
        _("{low} to {high} ml"),
        _("{low} to {high} 1e-6 mm2/s"),
        _("before day {day}; {treatment}"),
        _("not before day {day}; {treatment}"),
        _("before day {day}"),
        _("cooled"),
        _("not cooled"),
        _("cooled or not is not known"),
        _("fitted from diffusion-weighted volumes"),
        _("none known"),
    ),
)
