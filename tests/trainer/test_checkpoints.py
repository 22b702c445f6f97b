"""A checkpoint counts only when it is whole and of the same training; the one before stays until then."""

import shutil
from dataclasses import replace

import pytest
import torch

from trainer.bases import find_base
from trainer.checkpoints import LIST, OPTIMIZER, WEIGHTS, Checkpoints
from trainer.errors import UserError
from trainer.fingerprint import fingerprint
from trainer.state import Best, State


def _save(checkpoints: Checkpoints, step: int, best: Best | None = None) -> State:
    state = State(step=step, epoch=0.5, tokens=9, seconds=1.5, train_loss=2.0, best=best, base={"eval_loss": 4.0})
    weights = {"a": torch.full((3,), float(step))}
    checkpoints.save(state, weights, {"state": {0: {"exp_avg": torch.ones(3) * step}}})
    return state


@pytest.fixture
def checkpoints(tmp_path):
    return Checkpoints(tmp_path / "checkpoints", "mark")


def _steps(tmp_path):
    return sorted(int(folder.name[5:]) for folder in (tmp_path / "checkpoints").iterdir())


def test_what_was_saved_comes_back(checkpoints):
    state = _save(checkpoints, 7, Best(3, 0.2, 1.25, since=2))
    assert checkpoints.newest() == state
    assert checkpoints.weights(7)["a"].tolist() == [7.0] * 3
    assert checkpoints.optimizer(7)["state"][0]["exp_avg"].tolist() == [7.0] * 3


def test_the_newest_replaces_the_one_before(checkpoints, tmp_path):
    for step in (5, 100, 20):
        _save(checkpoints, step)
        assert _steps(tmp_path) == [step]


def _torn_after(whole, torn, count, share):
    """Copy what a kill leaves: the first `count` files, the last of them only to a share of its bytes."""
    torn.mkdir()
    for name in (WEIGHTS, OPTIMIZER, LIST)[:count]:
        shutil.copy(whole / name, torn / name)
    if count:
        last = (WEIGHTS, OPTIMIZER, LIST)[count - 1]
        content = (whole / last).read_bytes()
        (torn / last).write_bytes(content[: int(len(content) * share)])


@pytest.mark.parametrize(
    ("count", "share"), [(0, 1), (1, 0), (1, 0.5), (1, 1), (2, 0.5), (2, 1), (3, 0), (3, 0.5), (3, 0.98)]
)
def test_a_kill_at_any_moment_leaves_the_checkpoint_before(checkpoints, tmp_path, count, share):
    _save(checkpoints, 20)
    shutil.copytree(tmp_path / "checkpoints", tmp_path / "elsewhere")
    before = State.of_json(_save(checkpoints, 10).as_json())
    whole, torn = (tmp_path / at / "step-00000020" for at in ("elsewhere", "checkpoints"))
    _torn_after(whole, torn, count, share)
    assert checkpoints.newest() == before
    _save(checkpoints, 20)  # the training goes on and comes to the same step again
    assert checkpoints.newest().step == 20


@pytest.mark.parametrize("name", [WEIGHTS, OPTIMIZER])
def test_a_file_that_is_not_what_was_written_does_not_count(checkpoints, tmp_path, name):
    _save(checkpoints, 10)
    file = tmp_path / "checkpoints" / "step-00000010" / name
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert checkpoints.newest() is None
    assert checkpoints.left_over()


def test_the_best_stays_beside_the_newest(tmp_path):
    checkpoints = Checkpoints(tmp_path / "checkpoints", "mark", keep_best=True)
    best = Best(10, 1.0, 1.5)
    _save(checkpoints, 10, best)
    for step in (20, 30):
        newest = _save(checkpoints, step, replace(best, since=step // 10 - 1))
        assert _steps(tmp_path) == [10, step]
    assert checkpoints.newest() == newest
    shutil.rmtree(tmp_path / "checkpoints" / "step-00000010")
    assert checkpoints.newest() is None


def test_another_trainings_checkpoint_is_not_taken(checkpoints, tmp_path):
    _save(checkpoints, 10)
    other = Checkpoints(tmp_path / "checkpoints", "another mark")
    assert other.newest() is None
    assert other.left_over()
    other.clear()
    assert not other.left_over()


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="no checkpoint can be written"):
        _save(Checkpoints(tmp_path / "file" / "checkpoints", "mark"), 1)


def test_the_fingerprint_is_of_options_data_and_base(options, mid_base, tmp_path):
    def mark(changed=options, base=options.base_model, processes=1):
        return fingerprint(changed, find_base(str(base)), processes)

    shutil.copy(options.train, tmp_path / "moved.jsonl")
    same = [
        mark(),
        mark(replace(options, threads=2, output=tmp_path, train=tmp_path / "moved.jsonl", save_steps=9)),
    ]
    others = [
        mark(replace(options, asked=replace(options.asked, learning_rate=1e-3))),
        mark(replace(options, asked=replace(options.asked, lora_r=4))),
        mark(replace(options, method="lora")),
        mark(base=mid_base),
        mark(processes=2),
    ]
    options.train.write_text(options.train.read_text() * 2, encoding="utf-8")
    others.append(mark())
    assert len(set(same)) == 1
    assert len({*same, *others}) == 1 + len(others)
