"""DICOM in: which files make a series, which b-values they state, and their conversion by dcm2niix."""
