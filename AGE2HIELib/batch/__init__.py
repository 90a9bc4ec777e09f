"""Many scans in one call: the cases of a folder, the worker processes that read them, and the table of results."""
