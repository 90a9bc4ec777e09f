"""The version of this program, as results state it; pyproject.toml has the same."""

__version__ = "0.1.0"
