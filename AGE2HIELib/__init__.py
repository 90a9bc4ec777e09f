"""Two-year outcome of newborns with hypoxic-ischemic encephalopathy, from diffusion MRI. Research use only."""

__version__ = "0.1.0"
