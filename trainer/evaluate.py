"""Measures a model: how well it predicts held-out answers, and how many it gives word for word."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from trainer.batches import alone, bounded
from trainer.examples import Example, Message
from trainer.model import Loaded
from trainer.ranks import Ranks
from trainer.template import IGNORED, Tokens, plain_ids, prompt_ids

EVAL_BATCH = 16  # examples at once, of questions to answer twice as many
AT_ONCE = 16_384  # tokens; Phi-3-mini remembers 0.4 MB for each, and predicts among 32,000
LONGEST_ANSWER = 512  # tokens that a model may answer with
LARGEST_LOSS = 80.0  # e to this power is still a number that JSON can hold
Asked = tuple[tuple[Message, ...], str]  # the messages before an answer, and that answer


@dataclass(frozen=True)
class Scores:
    """How well a model predicts the tokens of the right answers, each given those before it."""

    eval_loss: float
    perplexity: float
    eval_token_accuracy: float
    eval_f1: float


class TooLittleMemory(Exception):
    """A measurement for which at least one of the processes has too little memory."""


def scores(loaded: Loaded, examples: Sequence[Tokens], team: Ranks) -> Scores:
    """Return the mean loss, the share of tokens predicted right, and the mean F1 over the examples."""
    mine = examples[team.rank :: team.count]
    loss, right, tokens, f1, rows = _over_all(team, 5, lambda: _predicted(loaded, mine))
    mean = loss / max(tokens, 1)
    perplexity = math.exp(min(mean, LARGEST_LOSS))
    return Scores(mean, perplexity, right / max(tokens, 1), f1 / max(rows, 1))


def _over_all(team: Ranks, count: int, sums: Callable[[], Sequence[float]]) -> list[float]:
    """Return so many sums over all processes; raises TooLittleMemory in all of them where one has too little."""
    try:
        mine = [0.0, *sums()]
    except torch.OutOfMemoryError:
        mine = [1.0, *[0.0] * count]
    failed, *found = team.total(mine)
    if failed:
        torch.cuda.empty_cache()
        raise TooLittleMemory
    return found


def _predicted(loaded: Loaded, examples: Sequence[Tokens]) -> list[float]:
    """Return the sums of loss, tokens predicted right, tokens, F1 and examples."""
    loss, right, tokens, f1, rows = 0.0, 0, 0, 0.0, 0
    loaded.model.eval()
    for logits, wanted in _predictions(loaded, examples):
        guess = logits.argmax(-1)
        loss += float(torch.nn.functional.cross_entropy(logits.float(), wanted, reduction="sum"))
        right += int((guess == wanted).sum())
        tokens += len(wanted)
        f1 += overlap(guess.tolist(), wanted.tolist())
        rows += 1
    return [loss, right, tokens, f1, rows]


@torch.no_grad()
def _predictions(loaded: Loaded, examples: Sequence[Tokens]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    for places in bounded([len(tokens) for tokens in examples], EVAL_BATCH, AT_ONCE):
        batch = loaded.batch(alone([examples[place] for place in places]))
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
    mine = [example.last_answer() for example in examples[team.rank :: team.count]]
    exact, f1 = _over_all(team, 2, lambda: _compared(loaded, mine, max_tokens))
    return Answered(exact / len(examples), f1 / len(examples))


def _compared(loaded: Loaded, asked: Sequence[Asked], max_tokens: int) -> list[float]:
    """Return how many questions are answered word for word, and the sum of F1."""
    if not asked:
        return [0.0, 0.0]
    prompts = [prompt_ids(loaded.tokenizer, before) for before, _ in asked]
    wanted = [plain_ids(loaded.tokenizer, answer) for _, answer in asked]
    longest = min(max(map(len, wanted)) + 2, max_tokens, LONGEST_ANSWER)
    given = answers(loaded, prompts, longest)
    exact = sum(text.strip() == answer.strip() for text, (_, answer) in zip(given, asked, strict=True))
    pairs = zip(given, wanted, strict=True)
    return [exact, sum(overlap(plain_ids(loaded.tokenizer, text), right) for text, right in pairs)]


def answers(loaded: Loaded, prompts: Sequence[Sequence[int]], max_new_tokens: int) -> list[str]:
    """Return the likeliest answer to each prompt."""
    found: dict[int, str] = {}
    for places in bounded([len(prompt) + max_new_tokens for prompt in prompts], EVAL_BATCH * 2, AT_ONCE):
        texts = _greedy(loaded, [prompts[place] for place in places], max_new_tokens)
        found.update(zip(places, texts, strict=True))
    return [found[place] for place in range(len(prompts))]


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
