"""How a displacement changes volume, from point to point.

ITK's own filter (DisplacementFieldJacobianDeterminant) takes derivatives along voxel axes and leaves out the image's
direction: on our grids, whose voxel axes point to RAS while displacements are LPS, it turns stretching into shrinking.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk


def jacobian_determinant(field: sitk.Image) -> np.ndarray:
    """Determinant of the derivative of ``x + u(x)``, (I, J, K); 1 keeps volume, 0 or less folds.

    Args:
        field: displacement u in mm (LPS+, as SimpleITK has it), on a grid of any direction.
    """
    displacement = sitk.GetArrayViewFromImage(field).transpose(2, 1, 0, 3)
    index_from_point = np.linalg.inv(np.reshape(field.GetDirection(), (3, 3)) * field.GetSpacing())
    rows = [_derivative(displacement[..., component], index_from_point) for component in range(3)]
    for component, row in enumerate(rows):
        row[component] += 1.0
    first, second, third = rows  # written out: numpy's determinant of many small matrices takes four times as long
    return np.asarray(
        first[0] * (second[1] * third[2] - second[2] * third[1])
        + first[1] * (second[2] * third[0] - second[0] * third[2])
        + first[2] * (second[0] * third[1] - second[1] * third[0])
    )


def _derivative(values: np.ndarray, index_from_point: np.ndarray) -> np.ndarray:
    """``(3, I, J, K)``: by each coordinate of space."""
    along_axes = np.stack(np.gradient(np.ascontiguousarray(values)))
    return np.asarray(np.tensordot(index_from_point.T, along_axes, axes=1))
