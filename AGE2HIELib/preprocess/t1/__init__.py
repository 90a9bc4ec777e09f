"""The same for T1-weighted scans of any age: brain mask, placement in the template, scaling."""
