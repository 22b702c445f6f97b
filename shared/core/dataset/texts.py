"""The texts of one example as one run of bytes: what they weigh in tokens, and what must not stand in them."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from shared.core.base_models import BaseModel, all_control_tokens
from shared.core.dataset.findings import Fault

BYTES_PER_TOKEN = 3.44  # of UTF-8, over English chats: characters / 4 was measured to be 14 % low
TOKENS_PER_MESSAGE = 4  # role, separator and line ends of the chat template
LEFTOVERS = ("[INST]", "[/INST]", "<<SYS>>", "\nHuman:")  # what templates of other models leave behind
_64_BITS = 2**64 - 1
_CONTROL_BYTES = bytes({*range(1, 32)} - {9, 10, 13})


class Texts(NamedTuple):
    """What an example says, without spelling: equal for examples that only differ in escapes and white space."""

    body: bytes  # who speaks (a letter per message), then all texts; joined with NUL, which no text holds
    messages: int
    tokens: int  # estimated, in the chat template

    def hashes(self) -> tuple[int, int]:
        """Return the hashes of prompt and example; no text holds NUL."""
        roles, *texts = self.body.decode().split("\0")
        return hashes_of(roles, texts)


def turns(messages: int) -> str:
    """Return the initials of the roles where user and assistant take turns, behind the system's if odd."""
    return "s" * (messages % 2) + "ua" * (messages // 2)


def hashes_of(roles: str, texts: Sequence[str]) -> tuple[int, int]:
    """Return 64 bits that tell the prompt (all but the last text), and 64 that tell the whole example.

    They are the fastest there are, and so the same in this process only. The number of texts tells the roles where
    these take turns.
    """
    said = tuple(texts) if roles == turns(len(texts)) else ((roles,), *texts)
    return hash(said[:-1]) & _64_BITS, hash(said) & _64_BITS


def lasting_hash(roles: str, texts: Sequence[str]) -> int:
    """Return 64 bits that tell the prompt in every process and release: they decide the split."""
    prompt = "\0".join((roles, *texts[:-1])).encode()
    return int.from_bytes(sha256(prompt).digest()[:8])


def texts_of(roles: str, texts: Sequence[str]) -> Texts:
    """Return the texts of an example; `roles` has one letter per message. Raises UnicodeEncodeError."""
    body = "\0".join((roles, *texts)).encode()
    return Texts(body, len(texts), estimate(len(body), len(texts)))


def estimate(size: int, messages: int) -> int:
    """Return the estimated tokens of an example whose texts have so many bytes."""
    return int(size / BYTES_PER_TOKEN) + TOKENS_PER_MESSAGE * messages


def may_hold_tokens(body: bytes) -> bool:
    """Tell quickly whether a closer look for control tokens is worth its time (single bytes are found fastest)."""
    return (
        (b"<" in body and (b"<|" in body or b"<<SYS>>" in body))
        or (b"[" in body and b"INST]" in body)
        or (b"\n" in body and b"\nHuman:" in body)
    )


def text_faults(texts: Texts, profile: BaseModel) -> Iterator[Fault]:
    """Yield what stands in the texts and must not."""
    if may_hold_tokens(texts.body):
        yield from _token_faults(texts, profile)
    yield from _control_character_faults(texts)


def _token_faults(texts: Texts, profile: BaseModel) -> Iterator[Fault]:
    """Yield the control tokens, those of the base model before those of others."""
    all_texts = [text.decode() for text in texts.body.split(b"\0")[1:]]
    foreign = sorted(all_control_tokens() - set(profile.control_tokens)) + list(LEFTOVERS)
    for code, tokens, owner in (("R24", profile.control_tokens, profile.name), ("R24b", foreign, "another model")):
        for place, text in enumerate(all_texts):
            found = [token for token in tokens if token in text]
            if found:
                reason = f"{found[0].strip()} is a control token of {owner}"
                yield Fault(code, f"$.messages[{place}].content", reason)


def _control_character_faults(texts: Texts) -> Iterator[Fault]:
    """Yield NULs and other control characters."""
    body = texts.body
    if body.count(b"\0") != texts.messages:
        yield Fault("F07", "$.messages", "a text holds a NUL character")
    elif len(body.translate(None, _CONTROL_BYTES)) != len(body):
        yield Fault("F07b", "$.messages", "a text holds a control character")
