"""Normative atlases of ADC, built from healthy newborns' scans or taken from published images."""
