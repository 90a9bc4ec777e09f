"""A headless stand-in for 3D Slicer, in which scripted modules are loaded, clicked and looked at.

Real: MRML, its logics and slice views, ``slicer.util`` (package slicer-core), and Qt's widgets (PySide6-Essentials).
Stood in for, because no package holds them: the application, ``slicer.i18n``, ``slicer.packaging``,
``ScriptedLoadableModule``, ``parameterNodeWrapper``, the few ctk and qMRML widgets of ``widgets.py``, and PythonQt's
way of speaking to Qt (``label.text = "..."``, ``button.connect("clicked()", slot)``).

Where SLICER_HOST_SOURCES names a folder with a copy of Slicer's sources, its own ``i18n``, ``packaging``,
``ScriptedLoadableModule`` and ``parameterNodeWrapper`` run in place of those stand-ins (``make test-slicer``).

    host = Host.start()
    module = host.load(Path("MyModule/MyModule.py"))
    module.widget.ui.applyButton.click()
    picture = host.sliceImage("Red")

A module that works here may still fail in Slicer where a stand-in is kinder than the real thing; each stand-in follows
Slicer 5.12's source as closely as its length allows, and refuses what it does not know.
"""

from slicer_host.host import Host

__all__ = ["Host"]
