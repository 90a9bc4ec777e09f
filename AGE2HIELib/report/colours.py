"""Colour scales of the pictures: grey for ADC, diverging for z, perceptual for saliency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Grey window, 1e-6 mm^2/s, the same for every infant so that pictures compare: from the deepest lesion means (819) to
# beyond the 95th percentile of brain (2275; 56 BONBID-HIE cases).
ADC_WINDOW = (400.0, 2400.0)
Z_WINDOW = (-4.0, 4.0)  # sd: a thalamus of -1.7 is well off the middle, and -2, the lesion rule, half of the scale


@dataclass(frozen=True)
class Scale:
    """Anchor colours at even steps from ``low`` to ``high``; ``alpha`` (0..1) likewise."""

    low: float
    high: float
    anchors: tuple[tuple[int, int, int], ...]
    alpha: tuple[float, ...] = (1.0,)

    def rgb(self, values: np.ndarray) -> np.ndarray:
        """``(..., 3)`` float 0..255; values outside the scale take its end colours, NaN takes the low end."""
        position = self._position(values)
        steps = np.linspace(0, 1, len(self.anchors))
        table = np.array(self.anchors, dtype=np.float64)
        return np.stack([np.interp(position, steps, table[:, channel]) for channel in range(3)], axis=-1)

    def opacity(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(np.interp(self._position(values), np.linspace(0, 1, len(self.alpha)), self.alpha))

    def _position(self, values: np.ndarray) -> np.ndarray:
        span = max(self.high - self.low, 1e-12)
        return np.nan_to_num(np.clip((values - self.low) / span, 0, 1), nan=0.0)


def grey_scale(window: tuple[float, float]) -> Scale:
    return Scale(*window, ((0, 0, 0), (255, 255, 255)))


def adc_scale() -> Scale:
    return grey_scale(ADC_WINDOW)


def z_scale() -> Scale:
    """Dark in the middle, lightness rising evenly to both ends: restricted diffusion (low z) is blue to white.

    Clear up to 0.5 sd and full from 2 sd: over ADC in grey, what is ordinary shows the anatomy.
    """
    low = ((232, 246, 255), (130, 200, 250), (58, 140, 220), (42, 86, 150), (44, 56, 78))
    high = ((78, 54, 44), (160, 74, 38), (222, 116, 50), (248, 178, 96), (255, 240, 214))
    rising = (0.0, 0.0, 0.35, 0.75)  # at 0, 0.5, 1 and 1.5 sd
    full = (1.0,) * 5  # from 2 to 4 sd
    return Scale(*Z_WINDOW, (*low, (52, 52, 54), *high), alpha=(*full, *rising[:0:-1], *rising, *full))


def saliency_scale(peak: float) -> Scale:
    """The upper part of the perceptual map 'inferno' (van der Walt and Smith, CC0); the low end is transparent."""
    anchors = (
        (66, 10, 104),
        (106, 23, 110),
        (147, 38, 103),
        (188, 55, 84),
        (221, 81, 58),
        (243, 120, 25),
        (252, 165, 10),
    )
    return Scale(0.0, peak, (*anchors, (246, 215, 70), (252, 255, 164)), alpha=(0.0, 0.35, 0.65, 0.8, 0.85))


def standing_scale() -> Scale:
    """For ``explain.compare.standing``: transparent up to the weaker half of the evidence, then as saliency."""
    hot = saliency_scale(1.0)
    return Scale(0.0, 1.0, hot.anchors, (0.0, 0.0, 0.35, 0.7, 0.85))
