# What of Slicer the module uses, for mypy: Slicer states no types. Scene, nodes and widgets stay Any.
from typing import Any

vtkMRMLNode = Any
vtkMRMLScalarVolumeNode = Any

def __getattr__(name: str) -> Any: ...
