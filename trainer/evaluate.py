"""Measures a model: how well it predicts held-out answers, and how many it gives word for word."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from trainer.batches import in_order, tensors
from trainer.examples import Example
from trainer.model import Loaded
from trainer.template import IGNORED, Tokens, prompt_ids

EVAL_BATCH = 16
LARGEST_LOSS = 80.0  # e to this power is still a number that JSON can hold


@dataclass(frozen=True)
class Scores:
    """How well a model predicts the tokens of the right answers, each given those before it."""

    eval_loss: float
    perplexity: float
    eval_token_accuracy: float
    eval_f1: float


def scores(loaded: Loaded, examples: Sequence[Tokens], batch: int = EVAL_BATCH) -> Scores:
    """Return the mean loss, the share of tokens predicted right, and the mean F1 over the examples."""
    loss, right, count, f1 = 0.0, 0, 0, []
    loaded.model.eval()
    for logits, wanted in _predictions(loaded, examples, batch):
        guess = logits.argmax(-1)
        loss += float(torch.nn.functional.cross_entropy(logits.float(), wanted, reduction="sum"))
        right += int((guess == wanted).sum())
        count += len(wanted)
        f1.append(overlap(guess.tolist(), wanted.tolist()))
    mean = loss / max(count, 1)
    perplexity = math.exp(min(mean, LARGEST_LOSS))
    return Scores(mean, perplexity, right / max(count, 1), sum(f1) / max(len(f1), 1))


@torch.no_grad()
def _predictions(
    loaded: Loaded, examples: Sequence[Tokens], batch: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    for rows in in_order(sorted(examples, key=lambda tokens: len(tokens.ids)), batch):
        ids, labels = tensors(rows, loaded.pad, loaded.model.device)
        logits = loaded.model(input_ids=ids, use_cache=False).logits[:, :-1]
        for row, wanted in zip(logits, labels[:, 1:], strict=True):
            kept = wanted != IGNORED
            if kept.any():
                yield row[kept], wanted[kept]


def overlap(guess: Sequence[int], wanted: Sequence[int]) -> float:
    """Return the F1 of two bags of tokens: 1 when they hold the same tokens, 0 when none is shared."""
    shared = sum((Counter(guess) & Counter(wanted)).values())
    return 2 * shared / max(len(guess) + len(wanted), 1)


def exact_match(loaded: Loaded, examples: Sequence[Example], max_tokens: int) -> float:
    """Return the share of examples whose last answer the model gives word for word."""
    asked = [example.last_answer() for example in examples]
    prompts = [prompt_ids(loaded.tokenizer, before) for before, _ in asked]
    longest = max(len(loaded.tokenizer(answer)["input_ids"]) for _, answer in asked) + 2
    given = answers(loaded, prompts, min(longest, max_tokens))
    right = [text.strip() == answer.strip() for text, (_, answer) in zip(given, asked, strict=True)]
    return sum(right) / len(right)


def answers(loaded: Loaded, prompts: Sequence[Sequence[int]], max_new_tokens: int) -> list[str]:
    """Return the likeliest answer to each prompt."""
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    found: dict[int, str] = {}
    for start in range(0, len(order), EVAL_BATCH * 2):
        rows = order[start : start + EVAL_BATCH * 2]
        texts = _greedy(loaded, [prompts[i] for i in rows], max_new_tokens)
        found.update(zip(rows, texts, strict=True))
    return [found[i] for i in range(len(prompts))]


@torch.no_grad()
def _greedy(loaded: Loaded, prompts: Sequence[Sequence[int]], max_new_tokens: int) -> list[str]:
    width = max(len(prompt) for prompt in prompts)
    ids = torch.tensor([[*[loaded.pad] * (width - len(row)), *row] for row in prompts])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in prompts])
    loaded.model.eval()
    given = loaded.model.generate(
        input_ids=ids.to(loaded.model.device),
        attention_mask=mask.to(loaded.model.device),
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=loaded.pad,
    )
    return list(loaded.tokenizer.batch_decode(given[:, width:], skip_special_tokens=True))
