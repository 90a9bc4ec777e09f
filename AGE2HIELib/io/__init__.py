"""Images in and out.

MetaImage and NRRD are read by hand, and what nibabel, pydicom and dcm2niix read is checked, because a damaged file must
not become a scan. SimpleITK 2.5.7 says nothing of a .mha with one flipped byte in its packed stream (half of the voxels
are wrong) or of a .nii.gz that was cut short (a third of them are), and reads whatever file a detached header names.
pynrrd notices the damage; it would save the reading of NRRD's header, not the bounds on paths and sizes.
"""
