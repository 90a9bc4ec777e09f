"""What is set in the file of ``age2hie serve``; docs/reference/serve.md is made from this class."""

from __future__ import annotations

import os
import ssl
import stat
from dataclasses import dataclass, field
from pathlib import Path

from AGE2HIELib.elsewhere.address import PORT, read_token
from AGE2HIELib.errors import InputError
from AGE2HIELib.node.config import read_table
from AGE2HIELib.node.settings import DEVICES, LISTEN, about


@dataclass(frozen=True)
class ServeSettings:
    """The whole file."""

    certificate: Path = field(metadata=about("PEM file that is shown to callers, with its chain"))
    key: Path = field(metadata=about("PEM file with its key, without a password"))
    token_file: Path = field(metadata=about("file with the token that callers must show, 32 to 512 letters and digits"))
    address: str = field(default="127.0.0.1", metadata=about(LISTEN, address=True))
    port: int = field(default=PORT, metadata=about("TCP port", between=(0, 65535)))
    device: str = field(default="auto", metadata=about("where the networks run", choices=DEVICES))
    log: Path | None = field(default=None, metadata=about("file for the log's lines (stderr)"))
    waiting: int = field(default=8, metadata=about("questions that may wait for the one at work", between=(0, 1000)))
    seconds: float = field(default=1800.0, metadata=about("longest time for an answer", between=(1, 86_400), unit="s"))
    body_mb: float = field(default=64.0, metadata=about("largest question", between=(0.1, 1000), unit="MB"))
    connections: int = field(default=16, metadata=about("connections at a time; more are closed", between=(1, 1000)))
    receive_s: float = field(
        default=30.0, metadata=about("longest time for handshake and question", between=(0.2, 3600), unit="s")
    )


def read_settings(path: Path) -> ServeSettings:
    """Relative paths are meant from the file's own folder.

    Raises:
        InputError: the file, or what it names, cannot be used.
    """
    settings = read_table(ServeSettings, path, "docs/serve.md")
    for name in ("key", "token_file"):
        _refuse_open_file(getattr(settings, name), name)
    read_token(settings.token_file)
    return settings


def server_tls(settings: ServeSettings) -> ssl.SSLContext:
    """TLS 1.2 or newer; InputError where certificate and key cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # an answer in place of a password: OpenSSL would ask for one at the terminal
        context.load_cert_chain(settings.certificate, settings.key, password=lambda: "")
    except OSError as error:  # ssl's errors are OSErrors
        reason = getattr(error, "reason", None) or error.strerror or "they do not fit"
        raise InputError(
            f"'{settings.certificate.name}' and '{settings.key.name}' cannot be used: {reason}. Check that they are "
            "PEM, and that the key belongs to the certificate and has no password."
        ) from error
    return context


def _refuse_open_file(path: Path, name: str) -> None:
    """A secret that every user of the computer can read is none; Windows tells rights otherwise."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise InputError(
            f"'{name}' names '{path.name}', which cannot be read: {error.strerror}. Check the name."
        ) from error
    if os.name == "posix" and mode & (stat.S_IROTH | stat.S_IWOTH):
        raise InputError(f"Everybody on this computer may read '{path.name}' ({name}). Close it: chmod 600 {path.name}")
