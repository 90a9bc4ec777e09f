"""Synthetic newborns: anatomy, injury, scanning, and the atlas and template that are made from them."""
