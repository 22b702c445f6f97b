"""What the model reads, and which of it it learns."""

import pytest

from trainer.errors import UserError
from trainer.examples import Example, Message
from trainer.template import IGNORED, prompt_ids, rendered, tokens_of

TWO_TURNS = (
    Message("system", "Be brief."),
    Message("user", "Is it wet?"),
    Message("assistant", "Yes, it is."),
    Message("user", "Why?"),
    Message("assistant", "It rained."),
)


def test_the_text_is_phi_3s_own_format(tokenizer):
    assert rendered(tokenizer, TWO_TURNS, ask=False) == (
        "<|system|>\nBe brief.<|end|>\n"
        "<|user|>\nIs it wet?<|end|>\n"
        "<|assistant|>\nYes, it is.<|end|>\n"
        "<|user|>\nWhy?<|end|>\n"
        "<|assistant|>\nIt rained.<|end|>\n"
        "<|endoftext|>"
    )


def test_a_question_ends_where_the_answer_starts(tokenizer):
    assert rendered(tokenizer, TWO_TURNS[1:2], ask=True) == "<|user|>\nIs it wet?<|end|>\n<|assistant|>\n"
    assert tokenizer.decode(prompt_ids(tokenizer, TWO_TURNS[1:2])[-1:]) == "<|assistant|>"


def test_every_answer_is_learned_up_to_its_end_and_nothing_else(tokenizer):
    tokens = tokens_of(tokenizer, Example(1, TWO_TURNS))
    first = tokenizer("Yes, it is.<|end|>")["input_ids"]
    second = tokenizer("It rained.<|end|>")["input_ids"]
    assert [label for label in tokens.labels if label != IGNORED] == first + second
    assert tokens.learned() == len(first) + len(second)
    assert all(label in (IGNORED, token) for token, label in zip(tokens.ids, tokens.labels, strict=True))


def test_the_answer_follows_its_prompt_token_by_token(tokenizer):
    tokens = tokens_of(tokenizer, Example(1, TWO_TURNS))
    prompt = prompt_ids(tokenizer, TWO_TURNS[:-1])
    assert list(tokens.ids[: len(prompt)]) == prompt
    assert tokens.labels[len(prompt)] == tokens.ids[len(prompt)]
    assert tokens.labels[len(prompt) - 1] == IGNORED


@pytest.mark.parametrize("text", ["Größe: 5 µm", "水やり", "🌱🌻", "a\tb  c", "{'json': [1, 2]}"])
def test_any_text_survives_the_tokenizer(tokenizer, text):
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_a_template_without_phi_3s_marks_is_refused(tokenizer):
    class Other:
        def apply_chat_template(self, chat, **_):
            return " ".join(message["content"] for message in chat)

    with pytest.raises(UserError, match="does not write the conversation as Phi-3 does"):
        tokens_of(Other(), Example(1, TWO_TURNS))
