"""Brain imaging data structure (BIDS): which scans a dataset holds, and the derivative dataset of their results."""
