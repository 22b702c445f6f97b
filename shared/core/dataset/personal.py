"""Personal data in texts: only what its form, and where there is one its check digit, makes likely."""

import ipaddress
import re
import string
from collections.abc import Callable, Iterator
from itertools import cycle

from shared.core.dataset.scanning import Pattern, Run, Thing

_CODE = "S03"
_DIGITS = Run(string.digits, 6, without=b" .()-")
_CAPITALS = Run(f"{string.ascii_uppercase}{string.digits}", 15, without=b" ")
_LOCAL_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}\Z")
_LINK_START = re.compile(r"://[^\s/]{0,150}\Z")  # user and password of a URL
_EXAMPLE_DOMAIN = re.compile(r"(?i)(?:^|\.)(?:example\.(?:com|org|net)|example|test|invalid|localhost|local)\Z")
_NOBODY = re.compile(r"(?i)(?:no-?reply|do-?not-?reply|git)\Z")
_CARD = re.compile(
    r"(?<![\w.+-])(?:[0-9]{15,16}|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}"
    r"|[0-9]{4}([ -])[0-9]{6}\2[0-9]{5})(?![\w-])"
)
_PHONE = re.compile(
    r"(?<![\w.])(?:\+[1-9][0-9 ().-]{7,20}[0-9]|\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[-. ][0-9]{4}"
    r"|[2-9][0-9]{2}([-.])[2-9][0-9]{2}\1[0-9]{4})(?![\w-])"
)
_IPV4 = re.compile(r"(?<![\w.-])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w-]|\.[0-9])")
_SOCIAL_SECURITY = re.compile(r"(?<![\w-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![\w-])")
_INSEE = re.compile(r"(?<!\w)[12] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}(?!\w)")
_NO_PERSON = re.compile(r"555|[0-9]{3}555|8(?:00|33|44|55|66|77|88)")  # numbers of films, free hotlines
_VERSION = re.compile(  # or a site: not a person's computer
    r"(?i)(?:://|(?:\bv|\bver|version|release|build|section|chapter|firmware|§)\W{0,2})\Z"
)
_TEST_CARDS = re.compile(r"(?:4242){4}|41{15}|40{14}2|5555555555554444|378282246310005|6011111111111117|(\d)\1+")
_CARD_ISSUERS = re.compile(r"4|5[1-5]|2[2-7]|3[47]|6011|65")
_RESOLVERS = {"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9"}
_SMALL = 16  # four numbers below are a version rather than an address
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
    "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26, "IT": 27,
    "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24,
    "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26,
}  # fmt: skip
_TEST_IBANS = {"DE89370400440532013000", "GB29NWBK60161331926819", "GB82WEST12345698765432"}
_ODD = dict(zip("0123456789ABCDEFGHIJ", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21) * 2, strict=True)) | dict(
    zip("KLMNOPQRSTUVWXYZ", (2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23), strict=True)
)
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def personal_patterns() -> tuple[Pattern, ...]:
    """Return the table of patterns."""
    iban = r"(?<![^\W_])(?=([A-Z]{2}[0-9]{2} ?(?:[A-Z0-9]{4} ?){2,7}[A-Z0-9]{1,4}(?![A-Za-z0-9])))"
    return (
        Pattern(_CODE, re.compile(r"@((?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24})"), _email, ("@",)),
        Pattern(_CODE, re.compile(r"[0-9][0-9 .()-]{5,}[0-9]"), _number, run=_DIGITS),
        Pattern(_CODE, re.compile(iban), _iban, run=_CAPITALS),
        Pattern(_CODE, re.compile(r":[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{2,34}"), _ipv6, (":",)),
        Pattern(_CODE, re.compile(r"[0-9]{7}[A-Z](?![A-Za-z0-9])"), _dni, run=_DIGITS),
        Pattern(
            _CODE,
            re.compile(r"[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z](?!\w)"),
            _fiscal_code,
            run=_CAPITALS,
        ),
    )


def _email(match: re.Match[str]) -> Thing | None:
    """Take an e-mail address, unless its domain is one for examples or nobody reads what comes in."""
    local = _LOCAL_PART.search(match.string, max(0, match.start() - 65), match.start())
    in_link = _LINK_START.search(match.string, max(0, match.start() - 160), match.start())
    if local is None or in_link or _EXAMPLE_DOMAIN.search(match[1]) or _NOBODY.match(local[0]):
        return None
    return Thing("an e-mail address", local[0] + match[0])


def _number(match: re.Match[str]) -> Thing | None:
    """Take a payment card, a phone number, an IP address or a national number, if that is what it is."""
    for what, form, is_one in _NUMBERS:
        for found in _all_of(form, match):
            if is_one(found):
                return Thing(what, found[0])
    return None


def _all_of(form: re.Pattern[str], row: re.Match[str]) -> Iterator[re.Match[str]]:
    """Yield what has this form in a row of numbers, also where two overlap: one that is none hides no other."""
    start = max(0, row.start() - 2)
    while found := form.search(row.string, start, row.end() + 1):
        yield found
        start = found.start() + 1


def is_card(text: str) -> bool:
    """Tell whether this is a payment card's number: issuer, length and Luhn's check digit; no test number."""
    digits = re.sub(r"\D", "", text)
    if not _CARD_ISSUERS.match(digits) or _TEST_CARDS.fullmatch(digits):
        return False
    if len(digits) != (15 if digits[0] == "3" else 16):
        return False
    doubled = (int(digit) * weight for digit, weight in zip(reversed(digits), cycle((1, 2)), strict=False))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _is_phone(text: str) -> bool:
    """Tell whether this may be somebody's number: no fictional one, no free hotline, not one digit only."""
    digits = re.sub(r"\D", "", text)
    national = digits[1:] if text.startswith("+1") else digits
    american = len(national) == 10 and (not text.startswith("+") or text.startswith("+1"))
    if re.fullmatch(r"\+[0-9]+\.[0-9]+", text) or (american and _NO_PERSON.match(national)):
        return False
    return 9 <= len(digits) <= 15 and len(set(digits)) > 3 and "123456" not in digits


def _is_social_security(match: re.Match[str]) -> bool:
    """Tell whether it is called an American number."""
    before = match.string[max(0, match.start() - 60) : match.start()]
    return bool(re.search(r"(?i)\bssn\b|social security", before))


def _is_address(match: re.Match[str]) -> bool:
    """Tell whether this is somebody's IP address: no version, no private or documentation range, no resolver."""
    numbers = [int(part) for part in match[0].split(".")]
    before = match.string[max(0, match.start() - 12) : match.start()]
    if max(numbers) > 255 or all(number < _SMALL for number in numbers) or _VERSION.search(before):
        return False
    if match[0] in _RESOLVERS or any(len(part) > 1 and part[0] == "0" for part in match[0].split(".")):
        return False
    address = ipaddress.ip_address(match[0])
    return address.is_global and not address.is_multicast


_NUMBERS: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], bool]], ...] = (
    ("a payment card number", _CARD, lambda found: is_card(found[0])),
    ("an IP address", _IPV4, _is_address),
    ("a French social security number", _INSEE, lambda found: is_insee(found[0])),
    ("a US social security number", _SOCIAL_SECURITY, _is_social_security),
    ("a phone number", _PHONE, lambda found: _is_phone(found[0])),
)


def _ipv6(match: re.Match[str]) -> Thing | None:
    """Take an IPv6 address that the whole internet knows."""
    before = re.search(r"(?<![\w:])[0-9A-Fa-f]{0,4}\Z", match.string[max(0, match.start() - 5) : match.start()])
    value = (before[0] if before else "") + match[0].rstrip(":")
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    is_short = value.count(":") < 4  # "::1", and what C++ writes between names
    return None if is_short or not address.is_global or address.is_multicast else Thing("an IP address", value)


def _iban(match: re.Match[str]) -> Thing | None:
    """Take an account number, unless it is one of those in textbooks."""
    found = iban_in(match[1])
    return None if found is None or found in _TEST_IBANS else Thing("an IBAN", found)


def iban_in(text: str) -> str | None:
    """Return the IBAN with which a text begins: country, length and check digits; None if there is none."""
    length = _IBAN_LENGTHS.get(text[:2], 0)
    value = text.replace(" ", "")[:length]
    if not length or len(value) != length:
        return None
    digits = "".join(str(int(character, 36)) for character in value[4:] + value[:4])
    return value if int(digits) % 97 == 1 else None


def is_insee(text: str) -> bool:
    """Tell whether this is a French social security number: a month, and the check digits."""
    digits = text.replace(" ", "")
    return 1 <= int(digits[3:5]) <= 12 and 97 - int(digits[:13]) % 97 == int(digits[13:])


def _dni(match: re.Match[str]) -> Thing | None:
    """Take a Spanish identity number with the right letter."""
    before = match.string[max(0, match.start() - 2) : match.start()]
    first = before[-1:]
    if (before[:1].isalnum() and len(before) > 1) or not (first.isdigit() or first in tuple("XYZ")):
        return None
    number = int(str("XYZ".find(first)) if first in tuple("XYZ") else first) * 10**7 + int(match[0][:7])
    is_textbook = number == 12345678
    right = _DNI_LETTERS[number % 23] == match[0][-1] and not is_textbook
    return Thing("a Spanish identity number", first + match[0]) if right else None


def _fiscal_code(match: re.Match[str]) -> Thing | None:
    """Take an Italian fiscal code with the right check letter."""
    code = match[0]
    odd = sum(_ODD[character] for character in code[:15:2])
    even = sum(int(c) if c.isdigit() else ord(c) - ord("A") for c in code[1:15:2])
    before = match.string[match.start() - 1 : match.start()]
    right = chr(ord("A") + (odd + even) % 26) == code[15] and not before.isalnum()
    return Thing("an Italian fiscal code", code) if right else None
