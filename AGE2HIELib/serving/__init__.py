"""Runs networks for other computers of the same network: the other side of ``elsewhere``."""
