"""What stands between a click and a worker: packages that are missing, an input that cannot be written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from slicer.i18n import tr as _

from AGE2HIEUI.codes import Code
from AGE2HIEUI.inputs import UnusableNode
from AGE2HIEUI.install import NotInstalled, ensurePackages
from AGE2HIEUI.protocol import Failure

T = TypeVar("T")


class NotReady(Exception):
    """A worker that cannot be started yet; carries the message for the user."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def ready(
    requirementsFile: Path, prepare: Callable[[], T], beforeInstalling: Callable[[], None], *, networks: bool = True
) -> T:
    """Install what is missing, then what ``prepare`` gives; ``networks``: whether they run on this computer. Raises
    NotReady.
    """
    try:
        ensurePackages(requirementsFile, beforeInstalling, networks=networks)
        return prepare()
    except NotInstalled as error:
        raise NotReady(Failure(Code.PACKAGES, str(error), error.remedy)) from error
    except (UnusableNode, OSError) as error:
        raise NotReady(
            Failure(Code.NOT_WRITTEN, str(error), _("Choose another scan, or free some disk space."))
        ) from error
