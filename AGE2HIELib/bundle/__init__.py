"""Model bundles: what a model folder holds, how it is read and verified, and how training writes it."""
