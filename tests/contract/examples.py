"""A run with every field filled, as the contract tests use it."""

from datetime import UTC, datetime

from shared.core.run import Checked, Run, State

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
CHECKED = Checked(
    base_model="Phi-4-mini-instruct",
    training_examples=54,
    validation_examples=6,
    tokens=4321,
    content_hash="00ff",
    hyperparameters={"num_train_epochs": "1", "per_device_train_batch_size": "1", "learning_rate": "0.00002"},
    system_message='Du heißt "Ann" 🙂\n',
    owner="ann@example.com",
    notify="bob@example.com,cid@tunedrop.example",
    trained_tokens=4321,
    training_cost=0.13,
    hosting_per_day=19.2,
    currency="EUR",
)
RUN = Run(
    id="r" + "0" * 20,
    model="support",
    dataset="Über uns/support.jsonl",
    etag="0x8DC0",
    created=START,
    state=State.RECEIVED,
    since=START,
    checked=CHECKED,
)
