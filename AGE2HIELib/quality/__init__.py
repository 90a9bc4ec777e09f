"""The quality gate: what a scan is asked before a number is made from it."""

from AGE2HIELib.quality.check import Check, Quality
from AGE2HIELib.quality.gate import check_quality

__all__ = ["Check", "Quality", "check_quality"]
