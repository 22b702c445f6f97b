"""Turns a conversation into tokens as Phi-3 reads them, and marks those that the model must learn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trainer.errors import UserError
from trainer.examples import Example, Message

END = "<|end|>"
IGNORED = -100  # torch's cross-entropy passes over this label
MARK = "\ue000"  # for private use in Unicode: begins what stands for a text while the template is filled in

# <|user|>, a new line, the text, <|end|>, a new line; then <|assistant|> when an answer is wanted.
PHI3_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] in ['system', 'user', 'assistant'] %}"
    "{{ '<|' + message['role'] + '|>\n' + message['content'] + '<|end|>\n' }}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}"
)


@dataclass(frozen=True)
class Tokens:
    """A conversation's tokens; a label is the token itself where it is learned, else IGNORED."""

    ids: tuple[int, ...]
    labels: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def first(self, count: int) -> "Tokens":
        """Return only the first tokens."""
        return Tokens(self.ids[:count], self.labels[:count])

    def learned(self) -> int:
        """Return how many tokens are learned: the very first has nothing before it to predict it from."""
        return sum(label != IGNORED for label in self.labels[1:])


def rendered(tokenizer: Any, messages: Sequence[Message], *, ask: bool) -> str:
    """Return the conversation as one text; `ask` ends it where the model's answer starts."""
    chat = [{"role": message.role, "content": message.content} for message in messages]
    return str(tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=ask))


def tokens_of(tokenizer: Any, example: Example) -> Tokens:
    """Return an example's tokens with each answer, up to and including its <|end|>, to be learned."""
    spans = _answer_spans(tokenizer, example, rendered(tokenizer, example.messages, ask=False))
    ids, starts = _encoded(tokenizer, example.messages, ask=False)
    learned = [any(first <= start < last for first, last in spans) for start in starts]
    return Tokens(
        tuple(ids), tuple(each if wanted else IGNORED for each, wanted in zip(ids, learned, strict=True))
    )


def prompt_ids(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """Return the tokens after which the model's answer starts."""
    return _encoded(tokenizer, messages, ask=True)[0]


def plain_ids(tokenizer: Any, text: str) -> list[int]:
    """Return a text's tokens; control words in it stay plain text."""
    return list(tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])


def _encoded(tokenizer: Any, messages: Sequence[Message], *, ask: bool) -> tuple[list[int], list[int]]:
    """Return the conversation's tokens, and where in its text each starts."""
    ids: list[int] = []
    starts: list[int] = []
    at = 0
    for text, plain in _pieces(tokenizer, messages, ask=ask):
        how = {"add_special_tokens": False, "split_special_tokens": plain, "return_offsets_mapping": True}
        encoded = tokenizer(text, **how)
        ids += encoded["input_ids"]
        starts += [at + start for start, _ in encoded["offset_mapping"]]
        at += len(text)
    return ids, starts


def _pieces(tokenizer: Any, messages: Sequence[Message], *, ask: bool) -> Iterator[tuple[str, bool]]:
    """Yield the conversation's text piece by piece, with whether it is plain, as scorer/checkpoint.py reads it.

    A text in which there are control words (of HTML's <s>, say) is a piece of its own: as part of the whole the
    tokenizer would take them for the template's.
    """
    controls = [MARK, *map(str, tokenizer.added_tokens_decoder.values())]
    tricky = [i for i, message in enumerate(messages) if any(word in message.content for word in controls)]
    shown = [replace(each, content=f"{MARK}{i}{MARK}") if i in tricky else each for i, each in enumerate(messages)]
    frame = rendered(tokenizer, shown, ask=ask)
    for i in tricky:
        before, found, after = frame.partition(f"{MARK}{i}{MARK}")
        if found:  # a template may leave a role out
            yield before, False
            yield messages[i].content, True
            frame = after
    yield frame, False


def _answer_spans(tokenizer: Any, example: Example, text: str) -> list[tuple[int, int]]:
    spans = []
    for i, message in enumerate(example.messages):
        if message.role == "assistant":
            before = rendered(tokenizer, example.messages[:i], ask=True)
            if not text.startswith(before) or END not in text[len(before) :]:
                raise UserError(
                    "the base model's chat template",
                    "does not write the conversation as Phi-3 does",
                    f"use a Phi-3 model whose template closes each message with {END}",
                )
            spans.append((len(before), text.index(END, len(before)) + len(END)))
    return spans
