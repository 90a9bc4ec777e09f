"""How a healthy brain changes from birth to 97 years on T1: every curve that the synthetic subjects follow.

Curves are tables of (age in years, value), joined smoothly and without overshoot. Where a source is named, the course
(what rises, what falls, when it turns) is the source's; the amounts are set so that the images look right and age can
be read from them about as well as from real scans. They are no measurements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from AGE2HIELib.phantom.structures import VALUE

OLDEST_YEARS = 97.0
WHITE_AT_BIRTH = 53.0  # T1 signal, arbitrary units: adult white matter is about 100, unmyelinated darker than cortex


@dataclass(frozen=True)
class AgeCurve:
    """A quantity over age, constant beyond its ends."""

    years: tuple[float, ...]
    values: tuple[float, ...]

    def at(self, age_years: float) -> float:
        within = np.clip(age_years, self.years[0], self.years[-1])
        return float(PchipInterpolator(self.years, self.values)(within))


# Brain with the fluid of its sulci, ml, both sexes. Doubles in the first year (Knickmeyer 2008,
# doi:10.1523/JNEUROSCI.3479-08.2008); adult size by 12 years, slow loss after 50 (Bethlehem 2022,
# doi:10.1038/s41586-022-04554-y). Tissue is lost faster than this: sulci and ventricles take its room.
BRAIN_ML = AgeCurve((0, 0.5, 1, 2, 5, 12, 20, 50, 75, 97), (400, 660, 850, 1000, 1170, 1290, 1320, 1310, 1240, 1160))

# Factors on the template's calibres and widths: slow widening from 20, faster from 55 (Fjell 2013,
# doi:10.1016/j.neurobiolaging.2013.04.006; Bethlehem 2022). Amounts chosen: lateral ventricles of about 2 % of the
# brain at 20 and 5 % at 85.
VENTRICLE_SCALE = AgeCurve((0, 1, 6, 18, 40, 55, 70, 85, 97), (1.0, 0.95, 0.86, 0.9, 1.05, 1.18, 1.4, 1.68, 1.9))
SULCUS_WIDTH = AgeCurve((0, 1, 6, 18, 40, 55, 70, 85, 97), (1.0, 0.85, 0.72, 0.82, 1.0, 1.13, 1.35, 1.65, 1.9))
SUBARACHNOID_MM = AgeCurve((0, 6, 18, 40, 60, 80, 97), (1.0, 0.6, 0.6, 0.8, 1.1, 1.6, 2.0))  # in the template frame

# In the template frame, where an adult brain is two thirds of its size. Thinning from childhood on, all life long
# (Frangou 2022, doi:10.1002/hbm.25364).
CORTEX_MM = AgeCurve((0, 0.5, 1, 3, 6, 18, 40, 60, 80, 97), (2.7, 2.5, 2.45, 2.4, 2.3, 2.0, 1.8, 1.65, 1.45, 1.3))

# Cortex, signal; chosen. In old age its contrast to white matter falls (Salat 2009,
# doi:10.1016/j.neuroimage.2009.06.074), mostly because white matter darkens.
CORTEX_SIGNAL = AgeCurve((0, 0.6, 2, 10, 40, 97), (68, 67, 65, 63, 62.5, 64))
# Darkening of white matter around the ventricles, share of its signal (small-vessel disease, from about 50 years on).
PERIVENTRICULAR_LOSS = AgeCurve((0, 45, 60, 75, 97), (0.0, 0.0, 0.05, 0.14, 0.26))
# Iron brightens the lentiform nucleus (putamen and pallidum): fast until 30, then slowly (Hallgren and Sourander 1958,
# doi:10.1111/j.1471-4159.1958.tb12607.x); share of the signal.
LENTIFORM_IRON = AgeCurve((0, 2, 10, 20, 30, 60, 97), (0.0, 0.01, 0.05, 0.085, 0.105, 0.13, 0.14))


@dataclass(frozen=True)
class Myelination:
    """``T1 signal = birth + fast * (1 - 2^-((age + ahead) / half)) + slow * course(age)``.

    Attributes:
        birth: signal of the tissue without myelin.
        fast: gain of the first years. The order of the regions is that of Barkovich 1988
            (doi:10.1148/radiology.166.1.3336675) and Paus 2001 (doi:10.1016/S0361-9230(00)00434-2): brainstem, internal
            capsule and cerebellum around birth, occipital before frontal before temporal.
        half_years: in which half of what is missing is gained.
        ahead_years: how much earlier than birth it began, in years.
        slow: gain up to the peak, lost again in old age: parabolas with peaks at 28 to 42 years (Yeatman 2014,
            doi:10.1038/ncomms5932; Westlye 2010, doi:10.1093/cercor/bhp280).
        peak_years: age of the highest signal.
    """

    birth: float
    fast: float
    half_years: float
    ahead_years: float
    slow: float
    peak_years: float

    def signal(self, age_years: float) -> float:
        fast = 1 - 2 ** (-max(age_years + self.ahead_years, 0.0) / self.half_years)
        return self.birth + self.fast * fast + self.slow * self._course(age_years)

    def _course(self, age_years: float) -> float:
        """0 at birth, 1 at the peak, about -0.6 at the oldest age: loss runs further than it gained."""
        if age_years <= self.peak_years:
            return 1 - (1 - age_years / self.peak_years) ** 2
        return float(1 - 1.6 * ((age_years - self.peak_years) / (OLDEST_YEARS - self.peak_years)) ** 1.5)


MYELINATION: Mapping[int, Myelination] = {
    VALUE["frontal white matter"]: Myelination(WHITE_AT_BIRTH, 32, 0.9, 0.0, 15, 40),
    VALUE["parietal white matter"]: Myelination(WHITE_AT_BIRTH, 33, 0.75, 0.0, 13, 36),
    VALUE["temporal white matter"]: Myelination(WHITE_AT_BIRTH, 31, 1.05, 0.0, 14, 42),
    VALUE["occipital white matter"]: Myelination(WHITE_AT_BIRTH, 34, 0.6, 0.0, 11, 30),
    VALUE["corpus callosum"]: Myelination(WHITE_AT_BIRTH, 39, 0.45, -0.1, 11, 34),
    VALUE["posterior limb of the internal capsule"]: Myelination(64, 25, 0.3, 0.2, 7, 32),
    VALUE["anterior limb of the internal capsule"]: Myelination(60, 28, 0.5, 0.0, 8, 34),
    VALUE["brainstem"]: Myelination(63, 22, 0.35, 0.3, 6, 34),
    VALUE["cerebellum"]: Myelination(63, 11, 0.4, 0.1, 4, 34),
    VALUE["thalamus"]: Myelination(68, 9, 0.6, 0.2, 5, 34),
    VALUE["lentiform nucleus"]: Myelination(67, 5, 0.8, 0.0, 2, 34),
    VALUE["caudate nucleus"]: Myelination(66, 1, 0.8, 0.0, 1, 34),
}
FLUID_SIGNAL: Mapping[int, float] = {
    VALUE["lateral ventricle"]: 24.0,
    VALUE["third and fourth ventricle"]: 26.0,
    VALUE["cerebrospinal fluid"]: 27.0,
}
