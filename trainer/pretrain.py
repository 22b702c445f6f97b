"""Makes the small base model under trainer/base from nothing: `python -m trainer.pretrain`."""

import argparse
import itertools
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, Phi3Config, Phi3ForCausalLM, PreTrainedTokenizerFast
from transformers.utils import logging as transformers_logging

from trainer.bases import OWN_BASE
from trainer.batches import alone, shuffled
from trainer.corpus import conversations
from trainer.examples import CONTROL_TOKENS
from trainer.loop import rate_share
from trainer.model import Loaded
from trainer.template import END, PHI3_TEMPLATE, Tokens, rendered

TEXT_END = "<|endoftext|>"
VOCABULARY = 2048
CONTEXT = 1024
TOKENIZER_ROWS = 12_000
BATCH = 32
RATE = 3e-3
TEST_SEED = 999  # the corpus with this seed is only measured, never learned


def small_tokenizer(seed: int, rows: int = TOKENIZER_ROWS) -> PreTrainedTokenizerFast:
    """Return a byte-level tokenizer trained on the corpus; any text can be written with it."""
    plain = Tokenizer(models.BPE())
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    read = itertools.islice(conversations(seed), rows)
    texts = (message.content for row in read for message in row.messages)
    plain.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            # as in Phi-3, these swallow the new line after them
            special_tokens=[AddedToken(name, rstrip=True, special=True) for name in CONTROL_TOKENS],
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=plain,
        eos_token=TEXT_END,
        bos_token=TEXT_END,
        pad_token=TEXT_END,
        model_max_length=CONTEXT,
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = PHI3_TEMPLATE
    return tokenizer


def small_model(tokenizer: Any, width: int = 128, layers: int = 4, heads: int = 4) -> Phi3ForCausalLM:
    """Return an untrained Phi-3 small enough for a processor."""
    text_end = tokenizer.eos_token_id
    config = Phi3Config(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=width * 3,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=CONTEXT,
        original_max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=text_end,
        eos_token_id=text_end,
        pad_token_id=text_end,
    )
    model = Phi3ForCausalLM(config)
    ends = [tokenizer.convert_tokens_to_ids(END), text_end]
    model.generation_config = GenerationConfig(bos_token_id=text_end, eos_token_id=ends, pad_token_id=text_end)
    return model


def pretrain(rows: int, seed: int, folder: Path) -> None:
    """Train the small model once through `rows` made-up conversations and save it."""
    torch.manual_seed(seed)
    tokenizer = small_tokenizer(seed, min(rows, TOKENIZER_ROWS))
    loaded = Loaded(small_model(tokenizer), tokenizer)
    weights = [weight for weight in loaded.model.parameters() if weight.dim() > 1]
    others = [weight for weight in loaded.model.parameters() if weight.dim() <= 1]
    groups = [{"params": weights, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.95))
    steps, tokens, started = math.ceil(rows / BATCH), 0, time.monotonic()
    for step, batch in enumerate(_batches(tokenizer, rows, seed)):
        for group in optimizer.param_groups:
            group["lr"] = RATE * rate_share(step / steps, 0.03, 1 / steps)
        loss = _loss(loaded, batch)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(loaded.model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        tokens += sum(len(row.ids) for row in batch)
        if step % 200 == 0:
            spent = time.monotonic() - started
            print(
                f"step {step}/{steps} loss {float(loss.detach()):.3f} {tokens / spent:.0f} tokens/s",
                flush=True,
            )
    print(
        f"{tokens} tokens in {time.monotonic() - started:.0f} s; perplexity {_perplexity(loaded):.2f}",
        flush=True,
    )
    loaded.model.half()
    loaded.model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _tokens(tokenizer: Any, rows: int, seed: int) -> Iterator[Tokens]:
    for row in itertools.islice(conversations(seed), rows):
        ids = tuple(tokenizer(rendered(tokenizer, row.messages, ask=False))["input_ids"])
        yield Tokens(ids, ids)  # everything is learned here, questions too


def _batches(tokenizer: Any, rows: int, seed: int) -> Iterator[list[Tokens]]:
    found = _tokens(tokenizer, rows, seed)
    while part := list(itertools.islice(found, BATCH * 40)):
        yield from shuffled(part, BATCH, seed)


def _loss(loaded: Loaded, batch: list[Tokens]) -> torch.Tensor:
    given = loaded.batch(alone(batch))
    logits = loaded.logits(given.inputs)
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), given.labels[:, 1:].flatten())


@torch.no_grad()
def _perplexity(loaded: Loaded) -> float:
    losses = [float(_loss(loaded, batch)) for batch in _batches(loaded.tokenizer, BATCH * 10, TEST_SEED)]
    return math.exp(sum(losses) / len(losses))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m trainer.pretrain", description="Make the small base model.")
    parser.add_argument("--rows", type=int, default=80_000, help="made-up conversations to learn from")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, default=OWN_BASE)
    given = parser.parse_args()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    torch.set_num_threads(given.threads)
    pretrain(given.rows, given.seed, given.output)


if __name__ == "__main__":
    main()
