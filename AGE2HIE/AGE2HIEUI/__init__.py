"""The Slicer side of AGE2HIE: clicks to files, files to nodes. Nothing here computes anything about a scan."""
