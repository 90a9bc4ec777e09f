"""Injury scores: what a lesion holds of each place, and what the scores of the field say of it."""
