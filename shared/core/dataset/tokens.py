"""How many tokens an example has."""

from collections.abc import Sequence

from shared.core.dataset.texts import texts_of


def estimated_tokens(messages: Sequence[tuple[str, str]]) -> int:
    """Return an estimate for an example in the chat template."""
    return texts_of("".join([role[0] for role, _ in messages]), [text for _, text in messages]).tokens
