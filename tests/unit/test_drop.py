"""What lies beside a dropped dataset takes part in its check."""

import json
from dataclasses import replace

import pytest

from shared.core.run import State
from tests.unit.world import GOOD, World, example

MANIFEST = b"held_out: exam.held-out.jsonl"


@pytest.mark.parametrize(
    ("exam", "state", "reason"),
    [
        (example(99), State.SERVING, ""),
        (example(3), State.REJECTED, "line 4: the same example as in line 1 of exam.held-out.jsonl"),
        (None, State.REJECTED, "the manifest names exam.held-out.jsonl; there is no such file beside the dataset"),
    ],
)
def test_a_held_out_file_lies_in_the_datasets_folder_and_starts_no_run(exam, state, reason):
    world = World()
    world.drop("exam.held-out.jsonl", example(3).encode())  # in another folder
    world.drop("support/1.yaml", MANIFEST)
    if exam is not None:
        world.drop("support/exam.held-out.jsonl", exam.encode())
    run_id = world.receive(world.drop("support/1.jsonl"))
    world.tick(8)
    assert world.runs.known_ids() == {run_id}
    assert world.run(run_id).state is state
    assert reason in " ".join(world.run(run_id).reasons)


@pytest.mark.parametrize("dataset", ["support.jsonl", "support/1.jsonl"])
def test_a_manifest_that_would_not_be_read_rejects_the_dataset(dataset):
    world = World()
    world.drop(dataset.replace(".jsonl", ".yml"), b"budget: 5")
    run_id = world.receive(world.drop(dataset))
    world.tick(8)
    assert world.run(run_id).state is State.REJECTED
    assert "is not read: nothing that it says would hold" in world.run(run_id).reasons[0]


def test_the_same_dataset_with_another_held_out_file_is_another_drop():
    world = World()
    world.drop("support.yaml", MANIFEST)
    for number in (98, 99):
        world.drop("exam.held-out.jsonl", example(number).encode())
        run_id = world.receive(world.drop())
        world.tick(8)
        assert world.run(run_id).state is State.SERVING


@pytest.mark.parametrize(
    ("default_base_model", "state"), [("Phi-4-mini-instruct", State.REJECTED), ("Phi-4", State.SERVING)]
)
def test_the_same_file_is_trained_on_again_for_another_default_base_model(default_base_model, state):
    world = World()
    world.receive(world.drop())
    world.tick(8)
    later = replace(world, default_base_model=default_base_model)
    run_id = later.receive(later.drop())
    later.tick(8)
    assert later.run(run_id).state is state
    assert ("serve as 'support' already" in " ".join(later.run(run_id).reasons)) == (state is State.REJECTED)


def test_a_dataset_is_compared_with_the_one_of_the_served_model():
    world = World()
    short = "".join(map(example, range(60)))
    ids = []
    for content in (short, short.replace("It is", "It is " + "so " * 200)):
        ids.append(world.receive(world.drop(content=content.encode())))
        world.tick(8)
    first, second = (json.loads(world.datasets.read(f"{run_id}/report.json")) for run_id in ids)
    assert "drift" not in first["measures"]
    assert second["measures"]["drift"]["compared_with"] == ids[0]
    assert [found["code"] for found in second["findings"] if found["code"].startswith("Q08")] == ["Q08"]


def test_of_a_huge_manifest_no_more_is_read_than_tells_that_it_is_one():
    world = World()
    pieces = []
    chunks = world.datasets.chunks

    def counting(path, etag=None):
        for piece in chunks(path, etag):
            pieces.extend([piece] if path.endswith(".yaml") else [])
            yield piece

    world.datasets.chunks = counting
    world.drop("support.yaml", b"#" * 2**20)
    run_id = world.receive(world.drop(content=GOOD))
    world.tick(2)
    assert "larger than 16384 bytes" in world.run(run_id).reasons[0]
    assert len(pieces) == 1
