"""Who signed in with Entra ID, as App Service authentication tells the app in a header."""

import base64
import binascii
from typing import Any

import msgspec

LONGEST = 16_384  # characters of the header
ROLES = frozenset({"roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"})
IDS = frozenset({"oid", "http://schemas.microsoft.com/identity/claims/objectidentifier"})


class _Claim(msgspec.Struct):
    """One claim of the token."""

    typ: str
    val: str


class _Principal(msgspec.Struct):
    """The header's content, so far as it is needed; App Service has checked the token that it comes from."""

    auth_typ: str
    claims: list[_Claim]


def read_principal(header: str) -> tuple[str, frozenset[str]] | None:
    """Return the object id and the app roles of who signed in, or None for a header that tells none."""
    if len(header) > LONGEST:
        return None
    try:
        content: Any = base64.b64decode(header, validate=True)
        principal = msgspec.json.decode(content, type=_Principal)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
    object_id = next((claim.val for claim in principal.claims if claim.typ in IDS), "")
    if principal.auth_typ != "aad" or not object_id:
        return None
    return object_id, frozenset(claim.val for claim in principal.claims if claim.typ in ROLES)
