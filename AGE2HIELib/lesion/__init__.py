"""Lesions: which voxels, how many millilitres, where and on which side."""
