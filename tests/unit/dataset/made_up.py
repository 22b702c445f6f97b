"""Secrets and numbers that are made up when the tests run, so that none stands in the repository."""

import base64
import random
import string

LETTERS, HEX = string.ascii_letters + string.digits, "0123456789abcdef"
BASE64 = LETTERS + "+/"


def made_up(length: int, alphabet: str = LETTERS, seed: int = 1) -> str:
    """A random text, the same in every run."""
    return "".join(random.Random(f"{seed}{length}").choices(alphabet, k=length))


def card(start: str, length: int = 16) -> str:
    """A number with Luhn's check digit."""
    body = start + made_up(length - 1 - len(start), string.digits)
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body))]
    total = sum(value - 9 if value > 9 else value for value in doubled)
    return body + str(-total % 10)


def iban(country: str, body: str) -> str:
    """An account number with its check digits."""
    digits = "".join(str(int(character, 36)) for character in f"{body}{country}00")
    return f"{country}{98 - int(digits) % 97:02}{body}"


def in_fours(text: str, between: str = " ") -> str:
    """Groups of four."""
    return between.join(text[start : start + 4] for start in range(0, len(text), 4))


def private_key() -> str:
    """A private key in PEM's form."""
    return pem("RSA", "\n".join(made_up(64, BASE64, seed) for seed in range(4)))


def openssh_key(kind: bytes = b"ssh-ed25519", size: int = 200) -> str:
    """A private key without a passphrase, as ssh-keygen writes it: lengths of four bytes before most things."""
    begin = b"".join(len(part).to_bytes(4) + part for part in (b"none", b"none", b""))
    public = (1).to_bytes(4) + (51).to_bytes(4) + len(kind).to_bytes(4) + kind + (32).to_bytes(4)
    body = base64.b64encode(b"openssh-key-v1\0" + begin + public + random.Random(1).randbytes(size)).decode()
    return pem("OPENSSH", "\n".join(body[start : start + 70] for start in range(0, len(body), 70)))


def pem(kind: str, body: str) -> str:
    """What stands around a private key."""
    dashes = "-" * 5
    return f"{dashes}BEGIN {kind} PRIVATE KEY{dashes}\n{body}\n{dashes}END {kind} PRIVATE KEY{dashes}"
