"""Another computer that runs the networks: kept in the user's own settings, and never in a scene.

A scene is saved and handed on: were it kept there, who opens somebody's scene would send scans to that computer.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer

from AGE2HIEUI.library import addLibraryToPath

_GROUP = "AGE2HIE/elsewhere/"


@dataclass(frozen=True)
class Elsewhere:
    """As it was typed; without an address the networks run here, and nothing is sent anywhere."""

    address: str = ""
    certificate: str = ""
    tokenFile: str = ""

    @property
    def named(self) -> bool:
        """Whether the networks are to run elsewhere: this computer needs no torch then."""
        return bool(self.address)

    @property
    def request(self) -> dict[str, Any]:
        """Parts of a request; the other computer chooses its device."""
        if not self.named:
            return {}
        return {
            "worker": self.address,
            "worker_certificate": Path(self.certificate) if self.certificate else None,
            "worker_token": Path(self.tokenFile) if self.tokenFile else None,
            "device": "auto",
        }

    @property
    def host(self) -> str:
        """Host and port that scans go to. Raises InputError where something is missing or wrong."""
        addLibraryToPath()
        from AGE2HIELib.elsewhere.address import worker_of

        asked = self.request
        worker = worker_of(asked.get("worker"), asked.get("worker_certificate"), asked.get("worker_token"))
        return worker.name if worker is not None else ""


def storedElsewhere() -> Elsewhere:
    """What the user typed last."""
    stored = slicer.app.userSettings()
    return Elsewhere(*(str(stored.value(_GROUP + name) or "") for name in ("address", "certificate", "tokenFile")))


def storeElsewhere(chosen: Elsewhere) -> None:
    """Where the token lies, not the token."""
    for name, text in vars(chosen).items():
        slicer.app.userSettings().setValue(_GROUP + name, text)
