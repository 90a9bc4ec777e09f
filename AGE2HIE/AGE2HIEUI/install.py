"""The packages that a prediction needs, installed with the user's consent and never in place of Slicer's own."""

from __future__ import annotations

import importlib.util
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI.library import addLibraryToPath

_REQUESTER = "AGE2HIE"
_OF_NETWORKS = ("monai",)  # which brings torch


class NotInstalled(Exception):
    """A package is missing, and stays so: the text says why, ``remedy`` what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def ensurePackages(
    requirementsFile: Path, beforeInstalling: Callable[[], None] = lambda: None, *, networks: bool = True
) -> None:
    """Return at once where everything is there, without network; else ask and install. Raises NotInstalled.

    Args:
        beforeInstalling: called where something is missing: Slicer may be restarted before this returns.
        networks: whether they run on this computer; without them neither torch nor MONAI is needed.
    """
    requirements = slicer.packaging.load_requirements(requirementsFile)
    if networks:
        _ensureTorch(beforeInstalling)
    else:
        requirements = [one for one in requirements if not str(one).startswith(_OF_NETWORKS)]
    if all(slicer.packaging.pip_check(requirement) for requirement in requirements):
        return
    from AGE2HIELib.doctor.wheels import kept_versions

    beforeInstalling()
    with tempfile.TemporaryDirectory(prefix="age2hie-") as folder:
        constraints = Path(folder) / "constraints.txt"
        constraints.write_text(kept_versions(), encoding="utf-8")
        try:
            slicer.packaging.pip_ensure(requirements, constraints=constraints, requester=_REQUESTER)
        except subprocess.CalledProcessError as error:
            raise NotInstalled(
                _("pip could not install the packages (it ended with {code}).").format(code=error.returncode),
                _offline(),
            ) from error
        except RuntimeError as error:
            raise NotInstalled(_("The packages were not installed."), _("Click again and accept.")) from error
    missing = [str(item) for item in requirements if not slicer.packaging.pip_check(item)]
    if missing:  # in testing mode pip_ensure installs nothing and does not say so
        raise NotInstalled(_("Missing packages: {names}").format(names=", ".join(missing)), _offline())


def _ensureTorch(beforeInstalling: Callable[[], None]) -> None:
    addLibraryToPath()
    from AGE2HIELib.release import REQUIREMENTS

    least = f">={REQUIREMENTS['torch']}"
    if slicer.packaging.pip_check(f"torch{least}"):
        return
    if importlib.util.find_spec("PyTorchUtils") is None:
        raise NotInstalled(
            _("PyTorch is missing or older than this module needs."),
            _(
                "Install the extension 'PyTorch' with the Extensions Manager, restart Slicer, and click again. Without "
                "network choose a folder of packages below 'Check this computer'."
            ),
        )
    import PyTorchUtils

    beforeInstalling()
    torch = PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=True, torchVersionRequirement=least)
    if torch is None:
        raise NotInstalled(_("PyTorch was not installed."), _("Click again and accept."))


def _offline() -> str:
    return _(
        "Check the network. Without one, fetch the packages elsewhere into a folder, and choose it below 'Check this "
        "computer' with 'Install from a folder...'."
    )
