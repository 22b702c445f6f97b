"""Counts tokens with the base model's own tokenizer, where its file is at hand."""

from pathlib import Path

from shared.core.dataset.texts import TOKENS_PER_MESSAGE
from shared.core.dataset.tokens import Messages, Tokens


class NoTokenizer(Exception):
    """Tokens cannot be counted with this file; the message says why."""


def exact_tokens(path: Path) -> Tokens:
    """Return what counts as this `tokenizer.json` does; raises NoTokenizer.

    The texts are counted exactly. What the chat template puts around a message is taken for 4 tokens, as ever.
    """
    try:
        from tokenizers import Tokenizer
    except ModuleNotFoundError as missing:
        raise NoTokenizer("the package tokenizers is not installed; it is in requirements-local.txt") from missing
    try:
        tokenizer = Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise NoTokenizer(f"{path} cannot be read: {wrong}") from wrong
    except Exception as wrong:  # the package raises this very class for a file that is no tokenizer
        raise NoTokenizer(f"{path} is no tokenizer.json: {wrong}") from wrong

    def count(messages: Messages, /) -> int:
        encoded = tokenizer.encode_batch([text for _, text in messages], add_special_tokens=False)
        return sum(len(each) for each in encoded) + TOKENS_PER_MESSAGE * len(messages)

    return Tokens(count, "exact")
