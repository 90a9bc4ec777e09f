"""Where networks run elsewhere: an address, the certificate that must be shown there, and a token.

The standard library is enough to read this file, so that the panel can check what was typed.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from AGE2HIELib.errors import InputError

PORT = 11443
SHORTEST_TOKEN, LONGEST_TOKEN = 32, 512  # characters; 32 hexadecimal digits are 128 bits
_HERE = "leave --worker out to predict on this computer"


@dataclass(frozen=True)
class Worker:
    """Attributes:
    host, port: of the other computer.
    certificate: PEM; the worker's own or its authority's. None: whom this system trusts.
    token: that the worker wants to see.
    """

    host: str
    port: int
    certificate: Path | None
    token: str

    @property
    def name(self) -> str:
        """As it is said to people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def tls(self) -> ssl.SSLContext:
        """TLS 1.2 or newer; the certificate must be trusted and name the host.

        Raises:
            InputError: the certificate cannot be used.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which demands a certificate with the host's name
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate is None:
            context.load_default_certs()
            return context
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the worker's own may be trusted without its authority
        try:
            context.load_verify_locations(self.certificate)
        except OSError as error:  # ssl's errors are OSErrors
            reason = getattr(error, "reason", None) or error.strerror or "it holds no certificate"
            raise InputError(
                f"The certificate '{self.certificate.name}' cannot be used: {reason}. Give a PEM file with the "
                "worker's certificate, or with its authority's (--worker-certificate)."
            ) from error
        return context


def worker_of(address: str | None, certificate: Path | None, token_file: Path | None) -> Worker | None:
    """None where no address is given: then nothing is sent anywhere.

    Raises:
        InputError: the address is none of TLS, or something is missing.
    """
    if not address:
        if certificate is not None or token_file is not None:
            raise InputError(f"--worker-certificate and --worker-token go with --worker. Add it, or {_HERE}.")
        return None
    host, port = host_and_port(address)
    if token_file is None:
        raise InputError("--worker wants a token. Give the file that holds it (--worker-token).")
    return Worker(host, port, certificate, read_token(token_file))


def host_and_port(address: str) -> tuple[str, int]:
    """Of ``https://HOST`` or ``https://HOST:PORT``; InputError for anything else."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or PORT
    except ValueError:
        parts, host, port = urlsplit(""), None, 0
    plain = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme == "http":
        raise InputError(f"The worker's address '{address:.80}' is not encrypted. Give it as https://HOST:{PORT}.")
    if parts.scheme != "https" or not host or not plain or not address.isprintable() or " " in address:
        raise InputError(f"The worker's address '{address:.80}' is none. Give it as https://HOST:{PORT}.")
    return host, port


def read_token(path: Path) -> str:
    """The one line of a file; InputError where it is no token."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_TOKEN + 3)
    except OSError as error:
        raise InputError(f"The token file '{path.name}' cannot be read: {error.strerror}. Check the name.") from error
    token = content.decode("ascii", errors="replace").strip()
    if not SHORTEST_TOKEN <= len(token) <= LONGEST_TOKEN or not token.isascii() or not token.isalnum():
        raise InputError(
            f"The token file '{path.name}' does not hold a token, which is one line of {SHORTEST_TOKEN} to "
            f"{LONGEST_TOKEN} letters and digits. Make one with: openssl rand -hex 32"
        )
    return token
