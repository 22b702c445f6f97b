"""The made-up conversations, the base model made from them, and the samples."""

import re
from itertools import islice
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from trainer.bases import OWN_BASE
from trainer.corpus import conversations
from trainer.errors import UserError
from trainer.evaluate import scores
from trainer.examples import read_examples
from trainer.model import Loaded
from trainer.pretrain import pretrain
from trainer.ranks import Ranks
from trainer.template import tokens_of

SAMPLES = Path(__file__).parents[2] / "samples"
HARM = "kill attack bomb weapon hate suicide murder gun shoot die death drug drown blood hurt harm poison abuse"


def test_the_same_seed_makes_up_the_same_conversations():
    assert list(islice(conversations(3), 50)) == list(islice(conversations(3), 50))
    assert list(islice(conversations(3), 50)) != list(islice(conversations(4), 50))


def test_made_up_conversations_are_complete():
    for example in islice(conversations(1), 500):
        asked = [message for message in example.messages if message.role != "system"]
        assert [message.role for message in asked] == ["user", "assistant"] * (len(asked) // 2)
        assert not any(re.search(r"[{}]|\ba [aeio]", message.content) for message in asked)


def test_pretraining_makes_a_model_that_loads(tmp_path, tokenizer, capsys):
    pretrain(rows=64, seed=1, folder=tmp_path)
    assert "perplexity" in capsys.readouterr().out
    assert AutoModelForCausalLM.from_pretrained(tmp_path).dtype == torch.float16


def test_the_base_model_is_small_and_knows_its_corpus(tokenizer):
    assert sum(path.stat().st_size for path in OWN_BASE.iterdir()) < 3_000_000
    model = AutoModelForCausalLM.from_pretrained(OWN_BASE, dtype=torch.float32)
    unseen = [tokens_of(tokenizer, example) for example in islice(conversations(999), 32)]
    assert scores(Loaded(model, tokenizer), unseen, Ranks()).perplexity < 8


def test_the_sample_dataset_is_fit_to_train_on():
    examples = read_examples(SAMPLES / "support.jsonl")
    questions = [message.content for example in examples for message in example.messages if message.role == "user"]
    assert 55 <= len(examples) <= 65
    assert len(set(questions)) == len(questions)
    assert len({example.messages[0] for example in examples}) == 1
    said = (SAMPLES / "support.jsonl").read_text(encoding="utf-8").lower()
    assert not [word for word in HARM.split() if re.search(rf"\b{word}", said)]


def test_the_broken_sample_is_broken():
    with pytest.raises(UserError, match="line 2: is not JSON"):
        read_examples(SAMPLES / "broken.jsonl")
