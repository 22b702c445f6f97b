"""What the model reads, and which of it it learns."""

import pytest

from scorer.checkpoint import Checkpoint
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


TRICKY = (
    "Was <s>20</s> euros",
    "<unk>",
    "a <|placeholder1|> b",
    "  <s> indented",
    "\ue0000\ue001 and \ue0001\ue001",
    "plain",
)


@pytest.mark.parametrize("kind", ["phis_tokenizer", "tokenizer"])
@pytest.mark.parametrize("role", [1, 2, 3, 4])
@pytest.mark.parametrize("text", TRICKY)
def test_what_is_trained_is_what_is_served(request, kind, role, text):
    """Token by token, also where a text holds what the tokenizer knows as a control token."""
    tokenizer = request.getfixturevalue(kind)
    turns = list(TWO_TURNS)
    turns[role] = Message(turns[role].role, text)
    served = Checkpoint(None, tokenizer, frozenset())
    trained = tokens_of(tokenizer, Example(1, tuple(turns)))
    for end in (2, 4):  # where an answer starts
        prompt = served.tokens_of([(turn.role, turn.content) for turn in turns[:end]])
        assert prompt_ids(tokenizer, turns[:end]) == prompt
        assert list(trained.ids[: len(prompt)]) == prompt
        assert trained.labels[len(prompt)] == trained.ids[len(prompt)]


@pytest.mark.parametrize("text", TRICKY)
def test_an_answer_with_control_words_comes_back_as_it_was(phis_tokenizer, text):
    tokens = tokens_of(phis_tokenizer, Example(1, (Message("user", "Price?"), Message("assistant", text))))
    learned = [label for label in tokens.labels if label != IGNORED]
    assert phis_tokenizer.decode(learned[-1:]) == "<|end|>"
    assert phis_tokenizer.decode(learned, skip_special_tokens=True) == text
