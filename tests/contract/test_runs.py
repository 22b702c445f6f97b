"""The contract of Runs."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.core.lifecycle import Decision
from shared.core.run import Channel, Moment, Notification, Run, State
from shared.core.run_listing import RunFilter
from shared.errors import Conflict, NotFound
from shared.gateways.run_table import RunTable
from shared.ports import CLAIM_HOLDS, Job, Runs
from tests.contract.examples import START
from tests.fakes import FakeRuns

LATER = timedelta(minutes=1)


@pytest.fixture
def runs(either) -> Runs:
    return either(FakeRuns, lambda real: RunTable(real.settings, real.credential))


def entering(
    run: Run, state: State, *, minutes: int = 1, told: bool = False, reasons: tuple[str, ...] = ()
) -> Decision:
    changed = replace(run, state=state, since=START + minutes * LATER, reasons=reasons)
    return Decision(changed, tuple(Notification(changed, channel) for channel in Channel) if told else ())


def test_what_is_added_comes_back_whole(runs: Runs, run: Run):
    assert runs.add(run)
    assert runs.get(run.id).run == run


def test_a_run_is_added_once(runs: Runs, run: Run):
    runs.add(run)
    assert not runs.add(replace(run, model="other"))
    assert runs.get(run.id).run.model == run.model
    assert len(runs.history(run.id)) == 1


def test_an_unknown_run_is_not_found(runs: Runs, run: Run):
    with pytest.raises(NotFound):
        runs.get(run.id)
    assert runs.history(run.id) == []
    assert runs.outbox(run.id) == []


def test_a_saved_decision_comes_back_whole(runs: Runs, run: Run):
    runs.add(run)
    decision = entering(run, State.REJECTED, reasons=("line 3: no messages", "line 9: not JSON"))
    runs.save(decision, runs.get(run.id).version)
    assert runs.get(run.id).run == decision.run


def test_a_save_with_an_outdated_version_changes_nothing(runs: Runs, run: Run):
    runs.add(run)
    version = runs.get(run.id).version
    first = entering(run, State.TRAINING, told=True)
    runs.save(first, version)
    with pytest.raises(Conflict):
        runs.save(entering(run, State.FAILED, minutes=2, told=True), version)
    assert runs.get(run.id).run == first.run
    assert {notification.run.state for notification in runs.outbox(run.id)} == {State.TRAINING}
    assert [moment.state for moment in runs.history(run.id)] == ["received", "training"]


def test_a_run_that_was_never_added_is_not_saved(runs: Runs, run: Run):
    other = replace(run, id="r" + run.id[:0:-1])
    runs.add(run)
    with pytest.raises(Conflict):
        runs.save(entering(other, State.TRAINING), runs.get(run.id).version)


def test_the_jobs_status_and_metrics_are_noted_and_nothing_else(runs: Runs, run: Run):
    runs.add(run)
    runs.note_job(run.id, Job("Running", metrics={"train_loss": 0.25}), runs.get(run.id).version)
    assert runs.get(run.id).run == replace(run, job_status="Running", metrics={"train_loss": 0.25})
    assert len(runs.history(run.id)) == 1


def test_since_when_a_job_is_missing_is_noted_until_it_is_seen_again(runs: Runs, run: Run):
    runs.add(run)
    runs.note_job(run.id, Job("NotFound", missing_since=START), runs.get(run.id).version)
    assert runs.get(run.id).run == replace(run, job_status="NotFound", missing_since=START)
    runs.note_job(run.id, Job("Running"), runs.get(run.id).version)
    assert runs.get(run.id).run == replace(run, job_status="Running")


def test_a_note_with_an_outdated_version_changes_nothing(runs: Runs, run: Run):
    runs.add(run)
    version = runs.get(run.id).version
    runs.note_job(run.id, Job("Running"), version)
    with pytest.raises(Conflict):
        runs.note_job(run.id, Job("Queued"), version)
    assert runs.get(run.id).run.job_status == "Running"


def test_a_note_about_an_unknown_run_is_refused(runs: Runs, run: Run):
    runs.add(run)
    with pytest.raises(NotFound):
        runs.note_job("r" + "e" * 20, Job("Running"), runs.get(run.id).version)


def test_history_is_told_oldest_first_with_its_reasons(runs: Runs, run: Run):
    runs.add(run)
    for minutes, state, reasons in [
        (1, State.SUBMITTING, ()),
        (2, State.TRAINING, ()),
        (3, State.FAILED, ("why",)),
    ]:
        runs.save(entering(run, state, minutes=minutes, reasons=reasons), runs.get(run.id).version)
    assert runs.history(run.id) == [
        Moment(START, "received", ()),
        Moment(START + LATER, "submitting", ()),
        Moment(START + 2 * LATER, "training", ()),
        Moment(START + 3 * LATER, "failed", ("why",)),
    ]


@pytest.mark.parametrize(
    ("state", "told", "is_open"),
    [
        (State.SUBMITTING, False, True),
        (State.TRAINING, True, True),
        (State.FAILED, False, False),
        (State.SERVING, True, True),  # nothing to do, but somebody to tell
    ],
)
def test_open_means_work_to_do_or_news_to_publish(runs: Runs, run: Run, state: State, told: bool, is_open: bool):
    runs.add(run)
    assert run.id in runs.open_ids()
    runs.save(entering(run, state, told=told), runs.get(run.id).version)
    assert (run.id in runs.open_ids()) == is_open
    assert run.id in runs.known_ids()


def test_the_outbox_keeps_the_run_as_it_was_until_published(runs: Runs, run: Run):
    runs.add(run)
    training, failed = entering(run, State.TRAINING, told=True), entering(run, State.FAILED, minutes=2, told=True)
    runs.save(training, runs.get(run.id).version)
    runs.save(failed, runs.get(run.id).version)
    waiting = runs.outbox(run.id)
    assert [notification.run for notification in waiting] == [training.run, training.run, failed.run, failed.run]
    assert {notification.channel for notification in waiting} == set(Channel)
    for notification in waiting:
        runs.published(notification)
        runs.published(notification)
    assert runs.outbox(run.id) == []
    assert run.id not in runs.open_ids()


def test_the_latest_runs_come_newest_first(runs: Runs, run: Run):
    age = timedelta(days=365)  # newer than what any other test adds
    older, newer = replace(run, created=START + age), replace(run, id="r" + run.id[:0:-1], created=START + 2 * age)
    runs.add(older)
    runs.add(newer)
    mine = [found.id for found in runs.latest(1000) if found.id in (older.id, newer.id)]
    assert mine == [newer.id, older.id]
    assert len(runs.latest(1)) == 1


def test_runs_are_listed_by_model_dataset_and_state_page_by_page(runs: Runs, run: Run):
    model = f"m{run.id[1:]}'s"  # a quote must not end the query
    ids = [f"r{number}{run.id[2:]}" for number in (3, 1, 2, 0)]
    for number, run_id in enumerate(ids):  # the last two were dropped at the same time
        created = START + timedelta(hours=min(number, 2))
        runs.add(replace(run, id=run_id, model=model, created=created, dataset=f"{model}-{number % 2}.jsonl"))
    newest_first = [ids[2], ids[3], ids[1], ids[0]]

    def listed(limit: int, after: str = "", **wanted: Any) -> list[str]:
        behind = runs.get(after).run if after else None
        return [found.id for found in runs.latest(limit, RunFilter(model, **wanted), behind)]

    assert listed(9) == newest_first
    assert listed(9, dataset=f"{model}-1.jsonl") == [ids[3], ids[1]]
    assert listed(9, state=State.RECEIVED) == newest_first
    assert listed(9, state=State.FAILED) == []
    pages = [listed(1)] + [listed(1, after) for after in newest_first]
    assert pages == [*([each] for each in newest_first), []]


def news(
    run: Run, state: State = State.SERVING, channel: Channel = Channel.TEAMS, attempt: int = 1
) -> Notification:
    return Notification(replace(run, state=state, attempt=attempt), channel)


def test_a_notification_is_claimed_by_one(runs: Runs, run: Run):
    assert runs.claim(news(run), START)
    with pytest.raises(Conflict):
        runs.claim(news(run), START + CLAIM_HOLDS / 2)


@pytest.mark.parametrize(
    ("state", "channel", "attempt"),
    [
        (State.SERVING, Channel.EMAIL, 1),
        (State.TRAINING, Channel.TEAMS, 1),
        (State.SERVING, Channel.TEAMS, 2),
    ],
)
def test_claims_are_per_state_channel_and_attempt(
    runs: Runs, run: Run, state: State, channel: Channel, attempt: int
):
    runs.claim(news(run), START)
    assert runs.claim(news(run, state, channel, attempt), START)


def test_an_old_claim_is_taken_over_once(runs: Runs, run: Run):
    runs.claim(news(run), START)
    assert runs.claim(news(run), START + CLAIM_HOLDS)
    with pytest.raises(Conflict):
        runs.claim(news(run), START + CLAIM_HOLDS)


def test_what_was_sent_is_not_claimed_again(runs: Runs, run: Run):
    runs.claim(news(run), START)
    runs.sent(news(run))
    runs.release(news(run))
    assert not runs.claim(news(run), START + 2 * CLAIM_HOLDS)


def test_a_released_claim_is_free(runs: Runs, run: Run):
    runs.claim(news(run), START)
    runs.release(news(run))
    runs.release(news(run))
    assert runs.claim(news(run), START)
