"""The panel's words in the user's language, as Slicer has it in its settings.

``Resources/Translations`` holds a .ts file for each language, which ``make translations`` brings up to date as
Slicer's own extraction would (Utilities/Scripts/update_translations.py of its sources), and the .qm file that Qt's
lrelease makes of it. They are machine translations that no native speaker has read; what is not translated is shown in
English.
"""

from __future__ import annotations

import slicer

LANGUAGES = ("de", "fr", "es", "ja", "zh")
_ENABLED = "Internationalization/Enabled"


def loadTranslations(folder: str) -> None:
    """At the module's start, before its first word is shown. A Slicer without translations does nothing."""
    enabled = str(slicer.app.userSettings().value(_ENABLED)).lower() == "true"
    if enabled and hasattr(slicer.app, "loadTranslations"):
        slicer.app.loadTranslations(folder)
