"""Counts tokens with the base model's own tokenizer, where its file is at hand."""

from pathlib import Path

from cli.errors import CommandError
from shared.core.dataset.texts import TOKENS_PER_MESSAGE
from shared.core.dataset.tokens import Messages, Tokens


def exact_tokens(path: Path) -> Tokens:
    """Return what counts as this `tokenizer.json` does; raises CommandError.

    The texts are counted exactly. What the chat template puts around a message is taken for 4 tokens, as ever.
    """
    try:
        from tokenizers import Tokenizer
    except ModuleNotFoundError as missing:
        raise CommandError(
            "--tokenizer needs the package tokenizers: pipx inject tunedrop tokenizers"
        ) from missing
    try:
        tokenizer = Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise CommandError(f"{path} cannot be read: {wrong}") from wrong
    except Exception as wrong:  # the package raises this very class for a file that is no tokenizer
        raise CommandError(f"{path} is no tokenizer.json: {wrong}") from wrong

    def count(messages: Messages, /) -> int:
        encoded = tokenizer.encode_batch([text for _, text in messages], add_special_tokens=False)
        return sum(len(each) for each in encoded) + TOKENS_PER_MESSAGE * len(messages)

    return Tokens(count, "exact")
