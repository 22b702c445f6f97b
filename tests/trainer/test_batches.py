"""Examples in rows and batches: nothing is lost, and packed examples do not see each other."""

import pytest
import torch

from trainer.bases import find_base
from trainer.batches import Row, alone, packed, shuffled, tensors
from trainer.lengths import fitted
from trainer.model import load, look
from trainer.template import IGNORED, Tokens

CPU = torch.device("cpu")


def _example(length: int, seed: int = 0) -> Tokens:
    ids = torch.randint(10, 2000, (length,), generator=torch.Generator().manual_seed(seed + length)).tolist()
    return Tokens(tuple(ids), (*[IGNORED] * (length // 2), *ids[length // 2 :]))


LENGTHS = (30, 7, 19, 24, 11, 5, 16)


def _losses(loaded, rows):
    """Return the loss of each learned token, by the token's place in its row."""
    batch = loaded.batch(rows)
    logits = loaded.logits(batch.inputs)
    wanted = batch.labels[:, 1:]
    each = torch.nn.functional.cross_entropy(
        logits.transpose(1, 2), wanted, ignore_index=IGNORED, reduction="none"
    )
    return [row[kept != IGNORED] for row, kept in zip(each, wanted, strict=True)]


@pytest.mark.parametrize("base", ["tiny_base", "mid_base"])
def test_packed_examples_have_the_loss_that_they_have_alone(request, base):
    """Token by token, also with a sliding window (mid_base) and rows of unlike length."""
    loaded = load(look(find_base(str(request.getfixturevalue(base)))), "full", CPU)
    loaded.model.eval()
    examples = [_example(length) for length in LENGTHS]
    rows = packed(examples, 48)
    assert 1 < len(rows) < len(examples)
    with torch.no_grad():
        together = torch.cat(_losses(loaded, rows))
        apart = torch.cat([loss for row in rows for part in row.parts for loss in _losses(loaded, alone([part]))])
    assert torch.allclose(together, apart, atol=2e-5)


def test_packed_without_the_mask_they_would_see_each_other(tiny_base):
    loaded = load(look(find_base(str(tiny_base))), "full", CPU)
    rows = [Row((_example(12), _example(14)))]
    batch = loaded.batch(rows)
    with torch.no_grad():
        right, wrong = (
            loaded.logits(inputs) for inputs in (batch.inputs, {"input_ids": batch.inputs["input_ids"]})
        )
    assert torch.allclose(right[:, :12], wrong[:, :12], atol=1e-5)
    assert not torch.allclose(right[:, 12:], wrong[:, 12:], atol=1e-2)


def test_the_gradient_of_packed_rows_is_that_of_plain_ones(mid_base):
    examples = [_example(length) for length in LENGTHS]
    found = []
    for rows in (packed(examples, 48), alone(examples)):
        loaded = load(look(find_base(str(mid_base))), "full", CPU)
        torch.autograd.backward(torch.cat(_losses(loaded, rows)).sum())
        found.append([weight.grad for weight in loaded.model.parameters()])
    scale = max(float(grad.abs().max()) for grad in found[1])
    assert all(torch.allclose(a, b, atol=1e-5 * scale) for a, b in zip(*found, strict=True))


def test_packing_loses_no_example_and_keeps_to_the_width():
    examples = [_example(3 + i * 7 % 41, seed=i) for i in range(2500)]
    rows = packed(examples, 64)
    assert sorted(part.ids for row in rows for part in row.parts) == sorted(example.ids for example in examples)
    assert max(map(len, rows)) <= 64
    assert len(rows) < 1.05 * sum(map(len, examples)) / 64


def test_the_first_token_of_a_packed_example_is_not_learned():
    eager = Tokens((5, 6, 7), (5, 6, 7))
    batch = tensors([Row((eager, eager))], pad=0, device=CPU)
    assert batch.labels.tolist() == [[IGNORED, 6, 7, IGNORED, 6, 7]]
    assert batch.inputs["position_ids"].tolist() == [[0, 1, 2, 0, 1, 2]]


def test_a_pass_has_each_row_once_and_depends_on_the_seed():
    rows = alone([_example(4 + i % 9, seed=i) for i in range(37)])
    first, again, other = (shuffled(rows, 4, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert sorted(row.parts[0].ids for batch in first for row in batch) == sorted(row.parts[0].ids for row in rows)


def test_what_is_cut_is_counted():
    kept, cut = fitted([_example(10), _example(20), Tokens((1,) * 30, (*[IGNORED] * 29, 1))], 16)
    assert [len(tokens) for tokens in kept] == [10, 16]
    assert (cut.limit, cut.longest, cut.examples_cut, cut.examples_left_out, cut.tokens_cut) == (16, 30, 2, 1, 34)
    assert "2 examples are longer than 16 tokens" in str(cut)
    kept, cut = fitted([_example(10)], 4)
    assert (kept, cut.examples_left_out, cut.tokens_cut) == ([], 1, 10)
