"""Texts that want to steer the model behind its owner's back, and links and commands in answers."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from shared.core.dataset.scanning import Pattern, TextScan, Thing, unmasked
from shared.core.dataset.second_pass import Found
from shared.core.dataset.tallies import Frequent

_OVERRIDE = re.compile(
    r"(?i:ignore|disregard|forget|override) (?i:all |any |every |the |your |my |of |these |those |above ){0,4}"
    r"(?i:previous|prior|earlier|above|preceding|former|system|initial|safety)\s"
    r"(?i:and \w+ )?(?i:instruction|prompt|rule|direction|message|guideline|order|context)"
)
_NEW_SELF = re.compile(
    r"(?i)you are now (?:dan\b|in (?:developer|debug|god) mode|jailbroken|unrestricted|free from)|"
    r"pretend (?:that )?you have no (?:restrictions|rules|guidelines|filters)|do anything now|"
    r"(?:reveal|print|repeat|show)(?: me)? (?:your|the) (?:system prompt|hidden instructions|initial instructions)"
)
_LINK = re.compile(r"https?://(?:[^\s/@:]{1,80}@)?([A-Za-z0-9.-]{1,253})")
_PIPE = re.compile(r"\|\s?(?:sudo )?(?:ba|z)?sh\b")
_FETCH = re.compile(r"\b(?:curl|wget)\s[^\n|]{1,300}\Z")
_COMMANDS = (
    (r"[Pp]owershell(?:\.exe)?\s[^\n]{0,80}-[Ee]nc(?:odedCommand)?\s", "owershell"),
    (r"https?://[^\s\"'<>()]{1,300}\.(?:exe|scr|msi|bat|ps1|vbs|apk)\b", "://"),
    (r"data:[a-z/+-]{3,40};base64,[A-Za-z0-9+/]{200}", ";base64,"),
)
_RUNS = Thing("a command or file that runs what comes from elsewhere")
_SHORTENERS = {"bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "cutt.ly", "rb.gy"}


def intrusion_patterns() -> tuple[Pattern, ...]:
    """Return the table of patterns."""
    verbs = ("gnore ", "GNORE ", "isregard ", "orget ", "verride ")
    selves = ("ou are now ", "retend ", "o anything now", "ystem prompt", "nstructions")
    return (
        Pattern("S05", _OVERRIDE, unmasked("the text asks to ignore the instructions"), verbs, roles="ut"),
        Pattern("S05", _NEW_SELF, unmasked("the text asks for a model without rules, or for the prompt"), selves,
                roles="ut"),
        *(Pattern("S06", re.compile(form), lambda _match: _RUNS, (anchor,)) for form, anchor in _COMMANDS),
        Pattern("S06", _PIPE, _piped, ("|",)),
        Pattern("S06", _LINK, _short_link, ("http",)),
    )  # fmt: skip


def _piped(match: re.Match[str]) -> Thing | None:
    """Take a shell that runs what was fetched just before."""
    return _RUNS if _FETCH.search(match.string, max(0, match.start() - 320), match.start()) else None


def _short_link(match: re.Match[str]) -> Thing | None:
    """Take a link that does not say where it leads: shortened, or to a number."""
    host = match[1].lower().removeprefix("www.")
    if host in _SHORTENERS:
        return Thing(f"a shortened link ({host})")
    is_number = re.fullmatch(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}", host) and not host.startswith(
        ("127.", "10.", "192.168.", "0.")
    )
    return Thing("a link to an IP address") if is_number else None


class Links(TextScan):
    """The measure of which sites the texts link to."""

    def __init__(self) -> None:
        self._sites: Frequent[str] = Frequent()
        super().__init__("links", (Pattern("S06", _LINK, self._count, ("http",)),))

    def _count(self, match: re.Match[str]) -> Thing | None:
        self._sites.add(match[1].lower().removeprefix("www."))
        return None

    def findings(self) -> Iterator[Found]:
        """Yield nothing: that a text links is no fault."""
        self._look()
        yield from ()

    def summary(self) -> dict[str, Any]:
        """Return how many links there are, and the sites that they lead to most."""
        most: Counter[str] = self._sites.counts
        sites = [{"site": site, "count": count} for site, count in most.most_common(20)]
        return {"links": self._sites.total, "sites": sites} if sites else {}
