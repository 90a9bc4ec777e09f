"""The networks that a bundle may name."""
