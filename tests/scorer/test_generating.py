"""What a checkpoint writes: the words that transformers would write, also past the end of the short rope."""

from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, Phi3Config, Phi3ForCausalLM

from scorer.checkpoint import Checkpoint, load
from scorer.generating import TooLongError, _chosen, answer
from scorer.prompt import End, Prompt, Text

BASE = Path(__file__).parents[2] / "trainer" / "base"
ASK = (("user", "Hello, who are you?"),)


@pytest.fixture(scope="module")
def base() -> Checkpoint:
    return load(BASE)


@pytest.fixture(scope="module")
def long_roped() -> Checkpoint:
    """A model with the two ropes of Phi-3's 128k models, whose short one ends after 24 tokens."""
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    torch.manual_seed(3)
    rope = {"rope_type": "longrope", "rope_theta": 10000.0, "short_factor": [1.0] * 4, "long_factor": [9.0] * 4}
    config = Phi3Config(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=4, rope_parameters=rope, initializer_range=1.0,
        max_position_embeddings=128, original_max_position_embeddings=24,
        bos_token_id=None, eos_token_id=None, pad_token_id=0,
    )  # fmt: skip
    return Checkpoint(Phi3ForCausalLM(config).eval(), tokenizer, frozenset())


def written(checkpoint: Checkpoint, **how: object) -> tuple[str, End]:
    *texts, end = answer(checkpoint, Prompt(ASK, **how))
    assert isinstance(end, End)
    return "".join(text.text for text in texts if isinstance(text, Text)), end


def by_transformers(checkpoint: Checkpoint, count: int) -> str:
    ids = torch.tensor([checkpoint.tokens_of(ASK)])
    everything = checkpoint.model.generate(ids, max_new_tokens=count, do_sample=False)
    return checkpoint.tokenizer.decode(everything[0, ids.shape[1] :], skip_special_tokens=True)


@pytest.mark.parametrize("model", ["base", "long_roped"])
def test_it_writes_what_transformers_writes(request: pytest.FixtureRequest, model: str):
    checkpoint = request.getfixturevalue(model)
    text, end = written(checkpoint, max_tokens=40, temperature=0)
    assert text == by_transformers(checkpoint, end.completion_tokens)
    assert end.prompt_tokens + end.completion_tokens > 24


def test_an_answer_ends_where_the_model_ends_it(base: Checkpoint):
    text, end = written(base, temperature=0)
    assert text
    assert (end.finish_reason, "<|" in text) == ("stop", False)


def test_an_answer_is_cut_where_it_was_asked_to_end(base: Checkpoint):
    assert written(base, temperature=0, max_tokens=3)[1].finish_reason == "length"
    whole, _ = written(base, temperature=0)
    word = whole.split()[2]
    cut, end = written(base, temperature=0, stop=(word,))
    assert (cut, end.finish_reason) == (whole[: whole.index(word)], "stop")


def test_a_seed_repeats_its_answer(base: Checkpoint):
    answers = [written(base, seed=seed, temperature=2, max_tokens=20)[0] for seed in (1, 1, 2, 3)]
    assert answers[0] == answers[1]
    assert len(set(answers)) > 1


@pytest.mark.parametrize("temperature", [1e-300, 1e-40, 1e-6, 1e-5, 1e-3])
def test_next_to_no_temperature_takes_the_likeliest_word(base: Checkpoint, temperature: float):
    """The smallest ones, as divisors, would leave no number to choose by."""
    assert written(base, temperature=temperature, seed=1)[0] == written(base, temperature=0)[0]


def test_a_narrow_choice_is_the_likeliest_word(base: Checkpoint):
    assert written(base, top_p=0.000001, seed=1)[0] == written(base, temperature=0)[0]


@pytest.mark.parametrize(
    ("how", "chosen"),
    [
        ({}, 0),
        ({"presence_penalty": 0.5}, 0),
        ({"presence_penalty": 1.5}, 1),
        ({"frequency_penalty": 0.5}, 1),
        ({"frequency_penalty": -0.5}, 0),
    ],
)
def test_a_penalty_makes_said_words_less_likely(how: dict[str, float], chosen: int):
    likely, said = torch.tensor([2.0, 1.0, 0.0]), torch.tensor([3.0, 0.0, 0.0])
    assert _chosen(likely, said, Prompt(ASK, temperature=0, **how), torch.Generator()) == chosen


@pytest.mark.parametrize(
    ("prompt", "fits"),
    [
        (Prompt(ASK, max_tokens=900), True),
        (Prompt(ASK, max_tokens=1024), False),
        (Prompt((("user", "many words " * 600),)), False),
    ],
)
def test_what_does_not_fit_is_refused_before_the_first_word(base: Checkpoint, prompt: Prompt, fits: bool):
    words = answer(base, prompt)
    if fits:
        assert isinstance(next(words), Text)
    else:
        with pytest.raises(TooLongError, match="holds 1024 tokens"):
            next(words)
