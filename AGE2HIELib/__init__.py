"""Two-year outcome of newborns with hypoxic-ischemic encephalopathy, from diffusion MRI. Research use only.

``import AGE2HIELib as hie`` gives the names of ``__all__``. Each is imported when it is first used, so that the package
itself takes a millisecond. Names of files are ``pathlib.Path``; ADC is in 1e-6 mm^2/s, and geometry in RAS+ mm.

The examples in the docstrings run in a folder in which these two commands were given. They make a synthetic newborn and
its result::

    age2hie phantom --format mha --injury bgt --acquisition 6mm --seed 7 --output newborn
    age2hie predict newborn/adc.mha --output result
"""

TYPE_CHECKING = False  # true for type checkers; the module typing takes longer to import than this package
if TYPE_CHECKING:
    from AGE2HIELib.errors import InputError
    from AGE2HIELib.pipeline.analysis import analyse
    from AGE2HIELib.pipeline.earlier import read_placement
    from AGE2HIELib.pipeline.explanation import explain
    from AGE2HIELib.pipeline.inputs import load_model, read_scan
    from AGE2HIELib.pipeline.prediction import Outcome, check, predict
    from AGE2HIELib.pipeline.request import Request
    from AGE2HIELib.preprocess.adc import adc_map
    from AGE2HIELib.preprocess.atlas import load_atlas
    from AGE2HIELib.preprocess.zmap import z_map
    from AGE2HIELib.release import __version__
    from AGE2HIELib.volume import Volume

__all__ = [
    "InputError",
    "Outcome",
    "Request",
    "Volume",
    "__version__",
    "adc_map",
    "analyse",
    "check",
    "explain",
    "load_atlas",
    "load_model",
    "predict",
    "read_placement",
    "read_scan",
    "z_map",
]

_HOMES = {
    "InputError": "errors",
    "Outcome": "pipeline.prediction",
    "Request": "pipeline.request",
    "Volume": "volume",
    "__version__": "release",
    "adc_map": "preprocess.adc",
    "analyse": "pipeline.analysis",
    "check": "pipeline.prediction",
    "explain": "pipeline.explanation",
    "load_atlas": "preprocess.atlas",
    "load_model": "pipeline.inputs",
    "predict": "pipeline.prediction",
    "read_placement": "pipeline.earlier",
    "read_scan": "pipeline.inputs",
    "z_map": "preprocess.zmap",
}

if not TYPE_CHECKING:  # a type checker that saw this would take every misspelt name for one of ours

    def __getattr__(name: str) -> object:
        """A name of ``__all__``, from the file where it is defined."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """What is meant for others; submodules that happen to be loaded by now are not."""
    return sorted(__all__)
