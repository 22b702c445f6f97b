"""Who gets a notification by e-mail: the team, and those whom a manifest names, where that is allowed."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.core.run import Checked

THEIRS = "recipients"  # of EMAIL_DOMAINS: the domains of the team and of the sender


@dataclass(frozen=True)
class Recipients:
    """Whom to write to, and whom not although the manifest names them."""

    to: tuple[str, ...]
    unwritten: tuple[str, ...]


def addresses_in(text: str) -> tuple[str, ...]:
    """Return the addresses that a text lists, separated by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def domains_of(setting: str, team: Iterable[str], sender: str) -> frozenset[str]:
    """Return the domains that EMAIL_DOMAINS allows, in lower case."""
    if setting == THEIRS:
        return frozenset(map(_domain, [*team, sender]))
    return frozenset(domain.lower() for domain in addresses_in(setting))


def recipients_of(checked: Checked, team: Iterable[str], domains: frozenset[str]) -> Recipients:
    """Return the recipients, each once: an uploader must not be able to let the app write to the whole world."""
    to = {address.lower(): address for address in team}
    unwritten = []
    for address in (checked.owner, *addresses_in(checked.notify)):
        if "@" not in address or address.lower() in to:
            continue
        if _domain(address) in domains:
            to[address.lower()] = address
        else:
            unwritten.append(address)
    return Recipients(tuple(to.values()), tuple(dict.fromkeys(unwritten)))


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
