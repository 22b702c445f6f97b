"""Cuts examples to the tokens that the model reads, and counts what that costs."""

from collections.abc import Sequence
from dataclasses import dataclass

from trainer.template import Tokens


@dataclass(frozen=True)
class Cut:
    """What was lost because examples are longer than `limit` tokens."""

    limit: int
    longest: int
    examples_cut: int
    examples_left_out: int
    tokens_cut: int

    def __str__(self) -> str:
        return (
            f"{self.examples_cut} examples are longer than {self.limit} tokens (the longest has {self.longest}) "
            f"and were cut there; {self.examples_left_out} had no answer before the cut and were left out; "
            f"{self.tokens_cut} tokens are lost"
        )


def fitted(examples: Sequence[Tokens], limit: int) -> tuple[list[Tokens], Cut]:
    """Return the first `limit` tokens of each example that has something to learn there, and what was lost."""
    shorter = [tokens.first(limit) for tokens in examples]
    kept = [tokens for tokens in shorter if tokens.learned()]
    lost = sum(len(tokens) for tokens in examples) - sum(len(tokens) for tokens in kept)
    cut = sum(len(tokens) > limit for tokens in examples)
    return kept, Cut(limit, max(map(len, examples)), cut, len(examples) - len(kept), lost)
