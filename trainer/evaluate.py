"""Measures a model: how well it predicts held-out answers, and how many it gives word for word."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from trainer.batches import alone, in_order
from trainer.examples import Example
from trainer.model import Loaded
from trainer.ranks import Ranks
from trainer.template import IGNORED, Tokens, prompt_ids

EVAL_BATCH = 16  # examples at once, of questions to answer twice as many
AT_ONCE = 16_384  # tokens; Phi-3-mini remembers 0.4 MB for each, and predicts among 32,000
LONGEST_ANSWER = 512  # tokens that a model may answer with
LARGEST_LOSS = 80.0  # e to this power is still a number that JSON can hold


@dataclass(frozen=True)
class Scores:
    """How well a model predicts the tokens of the right answers, each given those before it."""

    eval_loss: float
    perplexity: float
    eval_token_accuracy: float
    eval_f1: float


def scores(loaded: Loaded, examples: Sequence[Tokens], team: Ranks) -> Scores:
    """Return the mean loss, the share of tokens predicted right, and the mean F1 over the examples."""
    loss, right, count, f1, rows = 0.0, 0, 0, 0.0, 0
    loaded.model.eval()
    for logits, wanted in _predictions(loaded, examples[team.rank :: team.count]):
        guess = logits.argmax(-1)
        loss += float(torch.nn.functional.cross_entropy(logits.float(), wanted, reduction="sum"))
        right += int((guess == wanted).sum())
        count += len(wanted)
        f1 += overlap(guess.tolist(), wanted.tolist())
        rows += 1
    loss, all_right, tokens, f1, all_rows = team.total([loss, right, count, f1, rows])
    mean = loss / max(tokens, 1)
    perplexity = math.exp(min(mean, LARGEST_LOSS))
    return Scores(mean, perplexity, all_right / max(tokens, 1), f1 / max(all_rows, 1))


@torch.no_grad()
def _predictions(loaded: Loaded, examples: Sequence[Tokens]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    order = sorted(examples, key=len)
    size = _at_once(max(map(len, order), default=1), EVAL_BATCH)
    for rows in in_order(order, size):
        batch = loaded.batch(alone(rows))
        for row, wanted in zip(loaded.logits(batch.inputs), batch.labels[:, 1:], strict=True):
            kept = wanted != IGNORED
            if kept.any():
                yield row[kept], wanted[kept]


def overlap(guess: Sequence[int], wanted: Sequence[int]) -> float:
    """Return the F1 of two bags of tokens: 1 when they hold the same tokens, 0 when none is shared."""
    shared = sum((Counter(guess) & Counter(wanted)).values())
    return 2 * shared / max(len(guess) + len(wanted), 1)


@dataclass(frozen=True)
class Answered:
    """How a model's own answers compare with the right ones: the share given word for word, and the mean F1."""

    exact_match: float
    f1: float


def answered(loaded: Loaded, examples: Sequence[Example], max_tokens: int, team: Ranks) -> Answered:
    """Return how the model answers the last question of each example; there must be one."""
    asked = [example.last_answer() for example in examples[team.rank :: team.count]]
    exact, f1 = 0, 0.0
    if asked:
        prompts = [prompt_ids(loaded.tokenizer, before) for before, _ in asked]
        wanted = [loaded.tokenizer(answer)["input_ids"] for _, answer in asked]
        longest = min(max(map(len, wanted)) + 2, max_tokens, LONGEST_ANSWER)
        given = answers(loaded, prompts, longest)
        exact = sum(text.strip() == answer.strip() for text, (_, answer) in zip(given, asked, strict=True))
        pairs = zip(given, wanted, strict=True)
        f1 = sum(overlap(loaded.tokenizer(text)["input_ids"], right) for text, right in pairs)
    all_exact, all_f1 = team.total([exact, f1])
    return Answered(all_exact / len(examples), all_f1 / len(examples))


def answers(loaded: Loaded, prompts: Sequence[Sequence[int]], max_new_tokens: int) -> list[str]:
    """Return the likeliest answer to each prompt."""
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    size = _at_once(max(map(len, prompts)) + max_new_tokens, EVAL_BATCH * 2)
    found: dict[int, str] = {}
    for rows in in_order(order, size):
        texts = _greedy(loaded, [prompts[i] for i in rows], max_new_tokens)
        found.update(zip(rows, texts, strict=True))
    return [found[i] for i in range(len(prompts))]


def _at_once(longest: int, most: int) -> int:
    return max(1, min(most, AT_ONCE // longest))


@torch.no_grad()
def _greedy(loaded: Loaded, prompts: Sequence[Sequence[int]], max_new_tokens: int) -> list[str]:
    width = max(len(prompt) for prompt in prompts)
    ids = torch.tensor([[*[loaded.pad] * (width - len(row)), *row] for row in prompts])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in prompts])
    loaded.model.eval()
    with loaded.precision():
        given = loaded.model.generate(
            input_ids=ids.to(loaded.model.device),
            attention_mask=mask.to(loaded.model.device),
            max_new_tokens=max_new_tokens,
            do_sample=False,
            pad_token_id=loaded.pad,
        )
    return list(loaded.tokenizer.batch_decode(given[:, width:], skip_special_tokens=True))
