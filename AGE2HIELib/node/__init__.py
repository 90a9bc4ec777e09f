"""A DICOM node: studies come in from the PACS, are predicted, and what was made of them goes back."""
