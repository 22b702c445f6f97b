"""The private certificate authority of one local cloud: Azure's clients send tokens over TLS only."""

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificates:
    """Where the PEM files are: the authority that clients trust, and the servers' certificate and key."""

    ca: Path
    certificate: Path
    key: Path


def new_certificates(folder: Path) -> Certificates:
    """Write a new authority and a server certificate for localhost; the authority's own key is forgotten."""
    folder.mkdir(parents=True, exist_ok=True)
    files = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server-key.pem")
    authority = trustme.CA(organization_name="TuneDrop local cloud")
    issued = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(str(files.ca))
    files.key.touch(mode=0o600)
    issued.private_key_pem.write_to_path(str(files.key))
    for number, blob in enumerate(issued.cert_chain_pems):
        blob.write_to_path(str(files.certificate), append=number > 0)
    return files
