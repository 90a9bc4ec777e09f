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
    along_axes = np.stack(np.gradient(displacement, axis=(0, 1, 2)), axis=-1)  # [..., component, voxel axis]
    return np.asarray(np.linalg.det(np.eye(3) + along_axes @ index_from_point))
