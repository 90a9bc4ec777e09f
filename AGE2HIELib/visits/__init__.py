"""Two scans of one infant: the second brought to the first, and what changed."""
