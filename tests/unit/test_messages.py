"""What people are told."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.core.lifecycle import LIFECYCLE
from shared.core.messages import NOTHING_MORE, STORIES, Background, ReportPlace, email, teams_card
from shared.core.messages.calls import calls_of
from shared.core.messages.words import REASONS_SHOWN
from shared.core.run import Channel, Checked, Idle, Notification, Run, State
from tests.cards import texts_of

NOW = datetime(2026, 11, 20, 12, 34, tzinfo=UTC)
CHECKED = Checked(
    base_model="Phi-4-mini-instruct",
    training_examples=54,
    validation_examples=6,
    owner="ann@example.com",
    trained_tokens=12_963,
    training_cost=0.04,
    hosting_per_day=1_919.2,
    currency="EUR",
)
RUN = Run(
    id="r" + "0" * 20,
    model="support",
    dataset="support.jsonl",
    etag="0x1",
    created=NOW,
    state=State.SERVING,
    since=NOW + timedelta(minutes=72),
    checked=CHECKED,
)
PATH = f"reports/{RUN.id}/report.html"
LINKED = ReportPlace(PATH, "https://st.example/reports/report.html?sig=s", NOW + timedelta(days=7))
ADDRESS = "https://app.example"


def words(run: Run, background: Background = NOTHING_MORE) -> list[str]:
    """Return what each channel says, as one text each."""
    card = teams_card(Notification(run, Channel.TEAMS), background)
    mail = email(Notification(run, Channel.EMAIL), background)
    return ["\n".join(texts_of(card)), mail.text, mail.html]


IDLE = Idle(RUN.since, RUN.since + timedelta(days=3, hours=20))


@pytest.mark.parametrize(
    ("idle", "checked", "said"),
    [
        (IDLE, CHECKED, ["support: nobody has asked it for 3 days", "costs 1,919.20 EUR a day, asked or not"]),
        (replace(IDLE, told=RUN.since + timedelta(days=1)), CHECKED, ["nobody has asked it for 1 day"]),
        (IDLE, replace(CHECKED, hosting_per_day=None), ["costs money by the hour, asked or not"]),
        (IDLE, replace(CHECKED, route="managed"), [f"Its endpoint tm-{RUN.id} costs"]),
    ],
)
def test_an_idle_model_is_told_with_its_cost_and_how_to_delete_it(idle: Idle, checked: Checked, said: list[str]):
    run, background = replace(RUN, checked=checked), Background(app_address=ADDRESS)
    card = teams_card(Notification(run, Channel.TEAMS, idle), background)
    mail = email(Notification(run, Channel.EMAIL, idle), background)
    said = [*said, "2026-11-20 13:46 UTC", f"tunedrop delete {run.id}", f"curl -X DELETE {ADDRESS}/runs/{run.id}"]
    for text in ("\n".join(texts_of(card)), mail.text, mail.html):
        assert [words for words in said if words not in text] == []
        assert "OPENAI_API_KEY" not in text
        assert "Try it" not in text
    assert [action["title"] for action in card["actions"]] == ["Delete it"]


@pytest.mark.parametrize(
    ("hours", "same"), [(0, True), (3, True), (24, False)], ids=["repeated", "later that day", "the next day"]
)
def test_a_day_tells_an_idle_model_once(hours: int, same: bool):
    later = replace(IDLE, told=IDLE.told + timedelta(hours=hours))
    ids = {Notification(RUN, Channel.TEAMS, idle).id for idle in (IDLE, later)}
    assert (len(ids) == 1) is same
    assert Notification(RUN, Channel.TEAMS).id not in ids
    assert Notification(RUN, Channel.EMAIL, IDLE).id not in ids


def test_every_state_that_people_are_told_of_has_a_story():
    assert set(STORIES) == {state for state, stage in LIFECYCLE.items() if stage.notify}


@pytest.mark.parametrize(
    ("state", "happened", "means", "next_step"),
    [
        (State.TRAINING, "training has begun", "fit to train on", f"To stop it: tunedrop cancel {RUN.id}"),
        (State.SERVING, "is serving", "through the moderated endpoint", "with an API key of yours"),
        (State.REJECTED, "was rejected", "nothing was spent", "drop the file again"),
        (
            State.ABANDONING,
            "is being given up",
            f"its job {RUN.job} is canceled and its endpoint",
            "once all of it",
        ),
        (State.FAILED, "failed", "No new model serves", f"where it stopped: tunedrop retry {RUN.id}"),
        (State.CANCELED, "canceled", "No job and no endpoint", "drop support.jsonl again"),
        (State.DELETED, "was deleted", "archived in Azure ML", "drop support.jsonl again"),
    ],
)
def test_each_channel_says_what_happened_what_it_means_and_what_to_do(
    state: State, happened: str, means: str, next_step: str
):
    for text in words(replace(RUN, state=state)):
        for said in (happened, means, next_step, f"{state} since 2026-11-20 13:46 UTC"):
            assert said in text
        for fact in ("support.jsonl", "Phi-4-mini-instruct", RUN.id, "ann@example.com", "1 h 12 min"):
            assert fact in text


def test_a_deletion_that_failed_is_told_as_such():
    for text in words(replace(RUN, state=State.FAILED, stopped_in=State.DELETING)):
        for said in ("support: the deletion failed", "cost money", f"tunedrop delete {RUN.id}"):
            assert said in text
        assert "No new model" not in text
        assert "still does" not in text


@pytest.mark.parametrize(
    ("state", "checked", "said"),
    [
        (
            State.TRAINING,
            CHECKED,
            "about 0.04 EUR for training on 12,963 tokens; then 1,919.20 EUR for each day of",
        ),
        (State.SERVING, CHECKED, "12,963 tokens; 1,919.20 EUR for each day of serving, asked or not"),
        (
            State.SERVING,
            replace(CHECKED, training_cost=None, hosting_per_day=None),
            "not known for training on 12,963 tokens",
        ),
        (
            State.TRAINING,
            replace(CHECKED, route="managed"),
            "12,963 tokens besides the start of the machine; then 1,919.20",
        ),
        (State.TRAINING, CHECKED, "54 to train on, 6 to validate with"),
    ],
)
def test_costs_and_examples_are_told(state: State, checked: Checked, said: str):
    for text in words(replace(RUN, state=state, checked=checked)):
        assert said in text


@pytest.mark.parametrize(
    ("run", "unsaid"),
    [
        (replace(RUN, checked=Checked()), ["Base model", "0 to train on", "Cost", "Owner"]),
        (replace(RUN, state=State.REJECTED), ["to train on", "Cost"]),
        (replace(RUN, state=State.FAILED), ["each day"]),
        (replace(RUN, state=State.TRAINING, checked=replace(CHECKED, hosting_per_day=None)), ["each day"]),
        (replace(RUN, state=State.TRAINING), ["curl", "OPENAI_API_KEY"]),
        (RUN, ["Attempt", "Measured", "The report lies", "link", "of it training"]),
    ],
)
def test_what_is_not_known_or_not_so_is_left_out(run: Run, unsaid: list[str]):
    for text in words(run):
        assert [word for word in unsaid if word in text] == []


def test_attempt_and_measures_are_told_where_there_are_some():
    for text in words(replace(RUN, attempt=2, metrics={"eval_loss": 1.23456, "progress": 1.0})):
        assert "Attempt" in text
        assert "validation loss 1.23" in text
        assert "progress" not in text


def test_a_serving_model_comes_with_calls_to_copy_and_no_key():
    for text in words(RUN, Background(app_address=ADDRESS)):
        assert f"curl {ADDRESS}/v1/chat/completions" in text
        assert "$OPENAI_API_KEY" in text
        assert "from openai import OpenAI" in text


def test_the_calls_of_an_app_without_an_address_have_a_placeholder():
    assert all("https://<your app>/v1" in call for _title, call in calls_of(RUN, ""))


def test_a_python_call_is_python():
    (_curl, (_title, call)) = calls_of(replace(RUN, model='a"b\\'), ADDRESS)
    compile(call, "call.py", "exec")


@pytest.mark.parametrize(
    ("report", "said", "unsaid"),
    [
        (LINKED, ["for whoever has it until 2026-11-27 12:34 UTC"], "The report lies"),
        (ReportPlace(PATH), [f"The report lies in the storage account: {PATH}"], "Read the report"),
    ],
)
def test_a_report_is_linked_or_it_is_said_where_it_lies(report: ReportPlace, said: list[str], unsaid: str):
    for text in words(replace(RUN, state=State.REJECTED), Background(report=report)):
        assert [one for one in said if one not in text] == []
        assert unsaid not in text


def test_buttons_lead_where_there_is_something():
    def titles(background: Background, state: State) -> list[str]:
        card = teams_card(Notification(replace(RUN, state=state), Channel.TEAMS), background)
        return [action["title"] for action in card.get("actions", [])]

    linked = Background(report=LINKED)
    everything = replace(linked, run_page="https://app.example/runs/r/page")
    assert titles(linked, State.SERVING) == ["Read the report", "Try it"]
    assert titles(everything, State.SERVING) == ["Read the report", "See the run", "Try it"]
    assert titles(everything, State.FAILED) == ["Read the report", "See the run"]
    assert titles(NOTHING_MORE, State.FAILED) == []


def test_a_link_is_not_told_by_accident():
    assert "sig" not in repr(Background(report=LINKED))


@pytest.mark.parametrize(("further", "counted"), [(1, "and 1 more kind;"), (3, "and 3 more kinds;")])
def test_the_first_three_reasons_are_told_and_the_other_kinds_counted(further: int, counted: str):
    assert REASONS_SHOWN == 3
    reasons = tuple(f"line {number}: not JSON" for number in range(1, REASONS_SHOWN + 1 + further))
    for text in words(replace(RUN, state=State.REJECTED, reasons=reasons)):
        assert f"line {REASONS_SHOWN}: not JSON" in text
        assert f"line {REASONS_SHOWN + 1}: not JSON" not in text
        assert counted in text


def test_three_reasons_are_told_without_a_rest():
    for text in words(replace(RUN, state=State.REJECTED, reasons=("a", "b", "c"))):
        assert "more kind" not in text


def test_a_file_in_a_wrong_place_is_named_by_its_path():
    for text in words(replace(RUN, state=State.REJECTED, model="", dataset="a/b/c.jsonl", reasons=("too deep",))):
        assert "a/b/c.jsonl: the dataset was rejected" in text


@pytest.mark.parametrize("model", ["support", "a\nBcc: x", "a\r\nb"])
def test_a_subject_is_one_line(model: str):
    assert len(email(Notification(replace(RUN, model=model), Channel.EMAIL)).subject.splitlines()) == 1


def test_addresses_that_got_nothing_are_counted():
    assert "2 addresses of the manifest got no e-mail" in email(Notification(RUN, Channel.EMAIL), unwritten=2).text


def test_the_largest_card_fits_into_teams():
    run = replace(RUN, state=State.REJECTED, reasons=("ü" * 250,) * 100)
    card = teams_card(Notification(run, Channel.TEAMS), Background(report=LINKED, app_address=ADDRESS))
    assert len(json.dumps(card).encode()) < 28 * 1024
