"""Saliency maps: the methods, what regions they name, and how far a map can be believed."""
