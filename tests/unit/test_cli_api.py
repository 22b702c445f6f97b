"""The command line asks the app: where it is, what it answers, and what is said when it does not."""

import httpx2
import pytest

from cli.address import address_of
from cli.api import NoAnswerError, NoSuchRunError, connected
from cli.errors import CommandError
from tests.unit.cli_app import KEY, LATER_ID, RUN_ID, URL, ScriptedApp, error, listed, run

REFUSED = httpx2.ConnectError("Connection refused")
UNTRUSTED = httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
LIST = "GET /runs"


@pytest.fixture
def app() -> ScriptedApp:
    return ScriptedApp()


@pytest.mark.parametrize(
    ("given", "environment", "found"),
    [
        ("https://a.net", {}, "https://a.net"),
        (None, {"TUNEDROP_URL": "https://a.net/"}, "https://a.net"),
        ("https://b.net", {"TUNEDROP_URL": "https://a.net"}, "https://b.net"),
        ("https://a.net/behind/a/gateway", {}, "https://a.net/behind/a/gateway"),
        ("http://127.0.0.1:7071", {}, "http://127.0.0.1:7071"),
        ("http://localhost:7071", {}, "http://localhost:7071"),
        ("http://[::1]:7071", {}, "http://[::1]:7071"),
    ],
)
def test_the_app_is_where_the_option_says_or_the_environment(given, environment, found):
    address = address_of(given, {"TUNEDROP_KEY": f" {KEY}\n"} | environment)
    assert (address.url, address.key) == (found, KEY)
    assert KEY not in repr(address)


@pytest.mark.parametrize(
    ("url", "key", "reason"),
    [
        (None, KEY, "set TUNEDROP_URL"),
        ("", KEY, "set TUNEDROP_URL"),
        ("http://app.example.com", KEY, "must begin with https://"),
        ("http://127.0.0.1.example.com", KEY, "must begin with https://"),
        ("http://10.0.0.1", KEY, "must begin with https://"),
        ("app.example.com", KEY, "must look like https://"),
        ("ftp://app.example.com", KEY, "must look like https://"),
        ("https://", KEY, "must look like https://"),
        ("https://[", KEY, "must look like https://"),
        ("https://ann:secret@app.example.com", KEY, "must look like https://"),
        ("https://app.example.com?code=secret", KEY, "must look like https://"),
        (URL, "", "set TUNEDROP_KEY"),
        (URL, "td-\N{LATIN SMALL LETTER E WITH ACUTE}", "copy it again"),
        (URL, "td-two words", "copy it again"),
        (URL, "td-a\nX-Other: b", "copy it again"),
    ],
)
def test_what_is_missing_or_unsafe_is_said_without_secrets(url, key, reason):
    with pytest.raises(CommandError, match=reason) as refused:
        address_of(url, {"TUNEDROP_KEY": key})
    assert "secret" not in str(refused.value)


def test_the_key_is_sent_as_a_bearer(app):
    app.answers(LIST, listed())
    app.api().runs()
    assert app.keys == {f"Bearer {KEY}"}


def test_a_run_comes_with_its_history_and_unknown_fields(app):
    app.answers(f"GET /runs/{RUN_ID}", run(reasons=["why"]))
    found = app.api().run(RUN_ID)
    assert (found.model, found.state, found.reasons, found.job_status) == (
        "support",
        "training",
        ("why",),
        "Running",
    )
    assert [step.state for step in found.history] == ["received", "training"]
    assert found.raw["of_a_newer_app"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (RUN_ID, RUN_ID),
        ("support", LATER_ID),
        ("support/2026.jsonl", LATER_ID),
        ("sales", RUN_ID),
        ("old", RUN_ID),
    ],
)
def test_a_run_is_named_by_its_id_or_as_the_latest_of_a_model_or_a_dataset(app, name, found):
    support = listed(run("deleting", "r" + "8" * 20), run("training", LATER_ID), run("serving"))
    app.answers(f"{LIST}?limit=100&model=support", support)
    app.answers(f"{LIST}?limit=100&dataset=support%2F2026.jsonl", support)
    app.answers(f"{LIST}?limit=100&model=sales", listed(run("failed", model="sales", dataset="sales.jsonl")))
    app.answers(f"{LIST}?limit=100&model=old", listed(run("deleted", model="old", dataset="old.jsonl")))
    for run_id in (RUN_ID, LATER_ID):
        app.answers(f"GET /runs/{run_id}", run(run_id=run_id))
    assert app.api().find(name).id == found


def test_runs_are_read_page_by_page(app):
    ids = [f"r{number:020d}" for number in range(130)]
    first, second = [run(run_id=one) for one in ids[:100]], [run(run_id=one) for one in ids[100:125]]
    app.answers(f"{LIST}?limit=100&state=training", listed(*first, more=True))
    app.answers(f"{LIST}?limit=25&state=training&after={ids[99]}", listed(*second, more=True))
    assert [one.id for one in app.api().runs(125, state="training")] == ids[:125]


def test_an_empty_page_is_the_last(app):
    app.answers(LIST, listed(more=True))
    assert app.api().runs() == []


@pytest.mark.parametrize(
    ("state", "ended"), [("serving", True), ("deleted", True), ("deleting", False), ("new", False)]
)
def test_states_of_newer_apps_have_not_ended(app, state, ended):
    app.answers(f"GET /runs/{RUN_ID}", run(state))
    assert app.api().run(RUN_ID).has_ended == ended


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (
            (401, error("Incorrect API key provided.", "invalid_api_key")),
            CommandError,
            "says 401: Incorrect API key",
        ),
        ((401, error("Incorrect API key provided.", "invalid_api_key")), CommandError, "TUNEDROP_KEY"),
        ((403, error("This API key lacks the scope 'manage'.", "no")), CommandError, "--scope manage"),
        (
            (404, error("There is no run 'x'.", "run_not_found")),
            NoSuchRunError,
            "no run 'x'. Look with `tunedrop list`",
        ),
        ((404, b""), CommandError, "answers 404, but not as TuneDrop does"),
        ((302, b""), CommandError, "answers 302, but not as TuneDrop does"),
        ((200, b"<html>"), CommandError, "answers 200, but not as TuneDrop does"),
        ((200, []), CommandError, "answers 200, but not as TuneDrop does"),
        ((200, {"id": 1}), CommandError, "is no run of TuneDrop"),
        ((200, run(since="yesterday")), CommandError, "is no run of TuneDrop"),
        ((200, run(history=[{}])), CommandError, "is no run of TuneDrop"),
        (
            (409, error("It ended already.", "run_not_cancelable")),
            CommandError,
            "says 409: It ended already. Look with",
        ),
        ((500, b"oops"), NoAnswerError, "answers 500, after 4 tries. Try again later"),
        ((503, error("Away.", "x")), NoAnswerError, "says 503: Away. That was after 4 tries"),
        (
            (418, error("I am a\x1b[31m teapot", "x")),
            CommandError,
            "a\N{REPLACEMENT CHARACTER}\\[31m teapot. See the app's log",
        ),
        (REFUSED, NoAnswerError, "does not answer \\(Connection refused\\). Is the URL right"),
        (httpx2.ReadTimeout(""), NoAnswerError, "does not answer \\(ReadTimeout\\)"),
        (UNTRUSTED, CommandError, "set SSL_CERT_FILE"),
    ],
)
def test_an_answer_other_than_the_run_is_explained(app, answer, kind, reason):
    app.answers(f"GET /runs/{RUN_ID}", answer)
    with pytest.raises(kind, match=reason) as raised:
        app.api().run(RUN_ID)
    assert type(raised.value) is kind
    assert URL in str(raised.value) or kind is CommandError
    assert KEY not in str(raised.value)


@pytest.mark.parametrize(
    "trouble", [REFUSED, (500, b""), (503, b"", {"Retry-After": "2"}), (429, b"", {"Retry-After": "soon"})]
)
def test_passing_trouble_is_waited_out(app, trouble):
    app.answers(LIST, trouble, trouble, trouble, listed(run()))
    assert len(app.api().runs()) == 1
    assert len(app.waits) == 3
    assert all(0 < wait <= 10 for wait in app.waits)


@pytest.mark.parametrize(
    ("answer", "waits"),
    [
        ((429, b"", {"Retry-After": "7"}), [7.0, 7.0, 7.0]),
        ((429, b"", {"Retry-After": "999"}), []),
        (UNTRUSTED, []),
        ((404, b""), []),
    ],
)
def test_waiting_is_as_long_as_asked_for_and_only_where_it_may_help(app, answer, waits):
    app.answers(LIST, answer)
    with pytest.raises(CommandError):
        app.api().runs()
    assert app.waits == waits


def test_a_list_that_is_none_is_explained(app):
    app.answers(LIST, {"object": "list"})
    with pytest.raises(CommandError, match="not as TuneDrop does"):
        app.api().runs()


def test_an_id_cannot_leave_its_place_in_the_path(app):
    app.answers("DELETE /runs/..%2Fhealth%3F", (404, error("no", "run_not_found")))
    with pytest.raises(NoSuchRunError):
        app.api().delete("../health?")


def test_an_api_is_made_from_the_environment(monkeypatch):
    monkeypatch.setenv("TUNEDROP_KEY", KEY)
    with connected("http://127.0.0.1:1") as api:
        assert repr(api).find(KEY) < 0
