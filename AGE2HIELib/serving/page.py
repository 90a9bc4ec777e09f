"""The reference page of the worker's settings, docs/reference/serve.md, made from the class that is read."""

from __future__ import annotations

from AGE2HIELib.node.page import settings_page
from AGE2HIELib.serving.settings import ServeSettings


def serve_page() -> str:
    return settings_page(ServeSettings, "worker")
