"""How far two results of the same input, model and atlas may lie apart, and still be called equal."""

from __future__ import annotations

from dataclasses import dataclass, replace

from AGE2HIELib.result.record import Result


@dataclass(frozen=True)
class Tolerance:
    """Attributes:
    score: of probability, interval, members and prediction set.
    check: of a check's value, as a part of it; also of volumes, ADC and z in the table of regions, of their largest.
    examination: of a figure of the examination.
    adc: 1e-6 mm^2/s.
    z: standard deviations.
    saliency: as a part of the map's peak.
    voxels: part of the brain, or of the regions, that may lie otherwise.
    lesion: part of the brain that may be lesion in one of them alone.
    """

    score: float
    check: float
    examination: float
    adc: float
    z: float
    saliency: float
    voxels: float
    lesion: float


# The same libraries on the same processor: every number and voxel of the demonstration, a raw phantom with 6 mm slices
# and a real infant (306) is the same on 1, 2 and 4 threads and in fresh processes.
EXACT = Tolerance(0, 0, 0, 0, 0, 0, 0, 0)
# Anything else rounds otherwise. Measured: other instructions of the processor (AVX2, SSE) change the score by at most
# 1e-7, z by 5e-6 and the map by 2e-7; two in three voxels of the scan changed by one unit in the last place of float32
# (two raw phantoms, two infants, three draws each): score 1.4e-5, checks 3e-5, ADC 0.002, z 0.0015, map 5e-4 of its
# peak, 1 voxel of the regions in 50,000. The search for the placement halves its step at turns, and has made 6e-4 of
# the score of a last digit, so the limits stand well above. No graphics card has been measured.
ELSEWHERE = Tolerance(
    score=1e-3, check=1e-3, examination=0.02, adc=0.1, z=0.02, saliency=0.01, voxels=1e-3, lesion=2e-3
)
# Of the peak, on 1 and 2 threads of one processor: the network is asked in batches, or learns in 80 steps, and one
# thread would take 1.3 to 1.6 times as long. Measured: 1.4e-7 and 0.02.
_BY_THREADS = {"occlusion": 1e-6, "noise-map": 0.05}


def tolerance_between(then: Result, now: Result) -> Tolerance:
    """For two records, by where and with what they were made."""
    base = ELSEWHERE if circumstances(then, now) or then.device != "cpu" else EXACT
    method = then.saliency.method if then.saliency else ""
    return replace(base, saliency=max(base.saliency, _BY_THREADS.get(method, 0.0)))


def circumstances(then: Result, now: Result) -> dict[str, tuple[str, str]]:
    """What was otherwise, and may be why numbers differ: by name, what was there then and what is there now."""
    pairs = {name: (then.software.get(name), version) for name, version in now.software.items()}
    pairs["age2hie"] = pairs.pop("version")
    pairs |= {"machine": (then.machine, str(now.machine)), "device": (then.device, now.device)}
    return {name: (str(one), str(other)) for name, (one, other) in pairs.items() if one != other}
