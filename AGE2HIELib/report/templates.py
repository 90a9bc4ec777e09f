"""The page templates beside this file, compiled once for many processes, as Python does with its sources.

To compile them takes half a second, a tenth of a whole prediction. What was compiled lies in ``__pycache__`` under the
versions of jinja2 and of this program, and jinja2 itself looks whether the template is still the same. Where nothing
can be written, every process compiles them anew.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import jinja2
from jinja2.bccache import Bucket

from AGE2HIELib.release import __version__


class CompiledTemplates(jinja2.FileSystemBytecodeCache):
    """jinja2's own, which a damaged file or a folder that cannot be written does not stop."""

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            super().load_bytecode(bucket)
        except Exception:  # whatever a damaged file makes of pickle: it is written anew
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)


def template_environment(filters: Mapping[str, Callable[..., Any]], compiled: Path | None = None) -> jinja2.Environment:
    """Where templates come from.

    Args:
        filters: by the name that templates know them by.
        compiled: folder for what was compiled; where Python keeps that of this file unless given.
    """
    folder = compiled or Path(cache_from_source(__file__)).parent
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=CompiledTemplates(str(folder), f"jinja2-{jinja2.__version__}-age2hie-{__version__}-%s.cache"),
    )
    environment.filters.update(filters)
    return environment
