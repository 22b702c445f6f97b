"""Secrets in texts: keys, tokens, connection strings and private keys, by the forms that issuers give them."""

import math
import re
import string
from collections import Counter

from shared.core.dataset.scanning import Pattern, Run, Thing, named

_CODE = "S04"
_KEY = Run(f"{string.ascii_letters}{string.digits}+/_~%.=-", 20)
_STAND_INS = re.compile(
    r"(?i)example|sample|placeholder|your|changeme|change_me|dummy|redacted|xxxx|\*\*\*|\.\.\.|1234567890|abcdef|"
    r"insert|replace|passw|secret_?here"
)
_IN_ITS_PLACE = re.compile(  # <name>, {name}, #{name}#; $NAME, ${NAME}, $(command)
    r"[#%@]?(?:<.*>|\{.*\})\W*\Z|\$(?:[{(]|[A-Za-z_:.]+[0-9]*\W*\Z)", re.DOTALL
)
_REPEATED = re.compile(r"(.)\1{5}")  # real keys in OpenSSH's form have such runs, shorter secrets hardly ever
_KEYWORD = re.compile(r"(?i)(?:key|secret|token|passw(?:or)?d|pwd|credential)s?[\"'`\]]{0,2}\s?\Z")
_PASSWORD = re.compile(r"(?i)(?:password|pwd)\Z")
_LEAST_BITS = 3  # for each character, of what looks like a key by its form
_BITS_PER_CHARACTER = 3.5  # random base64 has about 5 in 40 characters, words and paths have less than 3.5
_OF_TUTORIALS = (  # the token on jwt.io, and the key of the storage emulator
    "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq",
)


def credential_patterns() -> tuple[Pattern, ...]:
    """Return the table of patterns."""
    return (
        _private(r"(?!OPENSSH)[A-Z ]{0,24}PRIVATE KEY(?: BLOCK)?-----(?:\\n|\s)"
                 r"(?:(?!-----END)[^\0]){0,200}?([A-Za-z0-9+/\\\n=]{48})"),
        _private(r"OPENSSH PRIVATE KEY-----(?:(?!-----END)[^\0]){0,60}?b3BlbnNzaC1rZXktdjE"  # all begin so
                 r"[A-Za-z0-9+/\\\s=]{60}([A-Za-z0-9+/\\\s=]{60})"),
        _issued("a storage account's connection string", r"AccountKey=([A-Za-z0-9+/]{86}==)", "AccountKey="),
        _issued("a shared access key", r"SharedAccessKey=([A-Za-z0-9+/]{43}=)", "SharedAccessKey="),
        _issued("a shared access signature", r"sig=((?:[A-Za-z0-9_+/-]|%[0-9A-Fa-f]{2}){43,100})", "sig="),
        _issued("an Azure AI key", r"[A-Za-z0-9]{52}JQQJ9[A-Za-z0-9]{27}", "JQQJ9"),
        _issued("a client secret of Entra ID", r"[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}", "8Q~", "7Q~"),
        _issued("an AWS access key", r"(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])", "AKIA", "ASIA"),
        _issued("a GitHub token", r"gh[pousr]_[A-Za-z0-9]{36}", "ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        _issued("a GitHub token", r"github_pat_[A-Za-z0-9_]{60,90}", "github_pat_"),
        _issued("a GitLab token", r"glpat-[A-Za-z0-9_-]{20}", "glpat-"),
        _issued("a Slack token", r"xox[abeoprs]-[A-Za-z0-9-]{20,200}", "xox"),
        _issued("a Slack webhook", r"hooks\.slack\.com/services/T\w{6,12}/B\w{6,12}/\w{20,28}", "hooks.slack.com"),
        _issued("an OpenAI or Anthropic key", r"sk-(?:(?:proj|svcacct|ant|or)-)?[A-Za-z0-9_-]{32,200}", "sk-"),
        _issued("a Stripe key", r"[rs]k_live_[A-Za-z0-9]{20,120}", "k_live_"),
        _issued("a Google API key", r"AIza[A-Za-z0-9_-]{35}", "AIza"),
        _issued("a Hugging Face token", r"hf_[A-Za-z0-9]{34}", "hf_"),
        _issued("an npm token", r"npm_[A-Za-z0-9]{36}", "npm_"),
        _issued("a PyPI token", r"pypi-AgEI[A-Za-z0-9_-]{50,250}", "pypi-AgEI"),
        _issued("a SendGrid key", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", "SG."),
        _issued("a JSON web token", r"eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\."
                r"[A-Za-z0-9_-]{20,1000}", "eyJ"),
        Pattern(_CODE, re.compile(r"://[^\0\s:/@\"'<>]{0,80}:([^\0\s:/@\"'>]{6,120})@[\w.-]{2,}"), _in_url, ("://",)),
        Pattern(_CODE, re.compile(r"=([^\0;\s\"']{8,120})"), _in_connection_string, ("=",)),
        Pattern(_CODE, re.compile(r"(?i)\bbearer\s{1,4}([A-Za-z0-9+/_~.=-]{20,200})"), _bearer,
                ("earer", "EARER"), run=_KEY),
        Pattern(_CODE, re.compile(r"[:=]\s?[\"'`]?([A-Za-z0-9+/_~.=-]{20,200})"), _assigned, run=_KEY),
    )  # fmt: skip


def _private(form: str) -> Pattern:
    """Return the pattern of a private key; the group is a part of it that differs from key to key."""

    def judge(match: re.Match[str]) -> Thing | None:
        is_made_up = _STAND_INS.search(match[0]) or _bits(match[1]) < _LEAST_BITS
        return None if is_made_up else Thing("a private key", match[0])

    return Pattern(_CODE, re.compile("-----BEGIN " + form), judge, ("PRIVATE KEY",), run=_KEY)


def _issued(what: str, form: str, *anchors: str) -> Pattern:
    """Return the pattern of a secret that its issuer gives a form of its own."""
    regex = re.compile(form)
    group = 1 if regex.groups else 0

    def judge(match: re.Match[str]) -> Thing | None:
        value = match[group]
        is_part = match.string[match.start() - 1 : match.start()].isalnum()
        is_word = form.startswith("sk-") and not _mixed(value)
        if is_part or is_word or _bits(value) < _LEAST_BITS or any(known in value for known in _OF_TUTORIALS):
            return None
        return None if _is_stand_in(value) else named(what, group)(match)

    return Pattern(_CODE, regex, judge, anchors, run=_KEY)


def _in_url(match: re.Match[str]) -> Thing | None:
    """Take the password of a URL, unless it is a word that stands for one."""
    return Thing("a password in a URL", match[1]) if _is_secret(match[1], bits=2.5) else None


def _in_connection_string(match: re.Match[str]) -> Thing | None:
    """Take a password that stands with a server in a connection string."""
    if not _PASSWORD.search(match.string, max(0, match.start() - 8), match.start()):
        return None
    near = match.string[max(0, match.start() - 200) : match.end() + 200]
    if ";" not in near or not re.search(r"(?i)server=|data source=|host=|user id=|uid=", near):
        return None
    return Thing("a connection string with a password", match[1]) if _is_secret(match[1], bits=2.5) else None


def _bearer(match: re.Match[str]) -> Thing | None:
    """Take what a client shows to be let in; a JSON web token has a form of its own."""
    value = match[1]
    if value.startswith("eyJ") or not _is_secret(value, bits=_LEAST_BITS) or not _mixed(value):
        return None
    return Thing("a bearer token", value)


def _assigned(match: re.Match[str]) -> Thing | None:
    """Take a random text that is assigned to something which is named like a secret."""
    if not _KEYWORD.search(match.string, max(0, match.start() - 16), match.start()):
        return None
    value = match[1].rstrip("=.")
    known = any(each.startswith(value[:40]) or value in each for each in _OF_TUTORIALS)
    if known or not _is_secret(value, bits=_BITS_PER_CHARACTER) or not _mixed(value):
        return None
    return Thing("something assigned to a key, token or password", value)


def _mixed(value: str) -> bool:
    """Tell whether letters and digits are mixed as in no word, name, path or version."""
    digits = sum(map(str.isdigit, value))
    changes = len(re.findall(r"[A-Za-z][0-9]|[0-9][A-Za-z]", value))
    return digits >= 3 and changes >= 3 and "/" not in value[:2] and value.count(".") < 3


def _is_secret(value: str, bits: float) -> bool:
    """Tell whether a text is random enough, and no word that stands for a secret."""
    return not _is_stand_in(value) and _bits(value) >= bits and not _is_word(value)


def _is_stand_in(value: str) -> bool:
    """Tell whether this says that a secret should stand here."""
    return bool(_STAND_INS.search(value) or _REPEATED.search(value) or _IN_ITS_PLACE.match(value))


def _is_word(value: str) -> bool:
    """Tell whether this is written like a word or a name."""
    return value.isalpha() and (value.islower() or value.isupper() or value.istitle())


def _bits(value: str) -> float:
    """Return the entropy of the characters, in bits for each."""
    counts, length = Counter(value), len(value)
    return -sum(count / length * math.log2(count / length) for count in counts.values())
