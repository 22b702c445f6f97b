"""Where the app is, and the key to it: from an option or the environment, never a key from an argument."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from cli.errors import CommandError
from cli.program import PROGRAM

EXAMPLE = "https://<app>.azurewebsites.net"


@dataclass(frozen=True)
class Address:
    """Where the app is, and the key to it."""

    url: str
    key: str

    def __repr__(self) -> str:
        """Name the URL only: the key is a secret."""
        return f"Address({self.url!r})"


def address_of(url: str | None, environment: Mapping[str, str] = os.environ) -> Address:
    """Return where the app is: the URL given, else TUNEDROP_URL, and the key in TUNEDROP_KEY.

    Raises CommandError that says what is missing. A key travels over https only, or does not leave this machine.
    """
    found = url or environment.get("TUNEDROP_URL", "")
    key = environment.get("TUNEDROP_KEY", "").strip()
    if not found.strip():
        raise CommandError(f"which app? Give its URL with --url, or set TUNEDROP_URL, as in {EXAMPLE}")
    found = safe_url(found, "--url (or TUNEDROP_URL)", EXAMPLE)
    if not key:
        raise CommandError(f"no key: set TUNEDROP_KEY; `{PROGRAM} keys create --owner WHO` makes one")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise CommandError("TUNEDROP_KEY holds characters that no key has; copy it again")
    return Address(found, key)


def safe_url(url: str, option: str, example: str) -> str:
    """Return the URL without a slash at its end; raises CommandError where a secret sent to it could be read."""
    url = url.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if not host or parts.scheme not in ("http", "https") or parts.username or parts.query or parts.fragment:
        raise CommandError(f"{option} must look like {example}")
    if parts.scheme == "http" and not is_loopback(host):
        raise CommandError(f"{option} must begin with https://: over http, keys could be read on the way")
    return url


def is_loopback(host: str) -> bool:
    """Tell whether the host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
