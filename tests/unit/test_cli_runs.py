"""`tunedrop list`, `show`, `cancel`, `retry` and `delete`: what they say and how they end."""

import json
from io import StringIO

import pytest

from cli import runs as module
from cli.__main__ import main
from tests.unit.cli_app import LATER_ID, RUN_ID, ScriptedApp, error, listed, run

SHOW = f"GET /runs/{RUN_ID}"


@pytest.fixture
def app(monkeypatch) -> ScriptedApp:
    app = ScriptedApp()
    monkeypatch.setattr(module, "connected", app.api)
    monkeypatch.setattr(module, "PAUSE", 0)
    return app


def said(capsys) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_runs_are_listed(app, capsys):
    app.answers("GET /runs", listed(run("training", LATER_ID), run("serving", model="sales")))
    assert main(["list"]) == 0
    heads, first, second = capsys.readouterr().out.splitlines()
    assert heads.split() == ["run", "model", "dataset", "state", "for", "dropped", "job"]
    assert first.split()[:4] == [LATER_ID, "support", "support/2026.jsonl", "training"]
    assert second.split()[:4] == [RUN_ID, "sales", "support/2026.jsonl", "serving"]


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ([], "limit=20"),
        (["--model", "sales"], "limit=20&model=sales"),
        (["--dataset", "a b.jsonl", "--state", "serving"], "limit=20&dataset=a+b.jsonl&state=serving"),
        (["--limit", "3"], "limit=3"),
    ],
)
def test_runs_are_listed_as_json(app, capsys, options, query):
    app.answers(f"GET /runs?{query}", listed(run("training", LATER_ID), run("serving", model="sales")))
    assert main(["list", "--json", *options]) == 0
    told = json.loads(capsys.readouterr().out)["data"]
    assert [each["id"] for each in told] == [LATER_ID, RUN_ID]
    assert all(each["of_a_newer_app"] for each in told)


def test_no_runs_are_told_with_the_way_to_one(app, capsys):
    app.answers("GET /runs", listed())
    assert main(["list"]) == 0
    assert "Drop a dataset" in said(capsys)


def test_a_name_that_steers_the_terminal_is_shown_harmless(app, capsys):
    app.answers("GET /runs", listed(run(dataset="\x1b]0;owned\x07.jsonl")))
    assert main(["list"]) == 0
    assert "\x1b" not in capsys.readouterr().out


COST = {"trained_tokens": 12_963, "training_cost": 8.2, "hosting_per_day": 1_919.2, "currency": "EUR"}


@pytest.mark.parametrize(
    ("state", "cost", "shown"),
    [
        ("training", COST, "cost about 8.20 EUR for training; about 1,919.20 EUR for each day of serving"),
        ("serving", COST | {"training_cost": None}, "cost about 1,919.20 EUR for each day of serving"),
        ("serving", COST | {"training_cost": None, "hosting_per_day": None}, "cost not known"),
        ("received", COST | {"trained_tokens": 0}, ""),
        ("rejected", COST, ""),
        ("serving", {}, ""),  # an older app tells none
    ],
)
def test_a_run_is_shown_with_its_cost(app, capsys, state, cost, shown):
    app.answers(SHOW, run(state, cost=cost))
    assert main(["show", RUN_ID]) == 0
    told = said(capsys)
    assert shown in told
    assert ("cost" in told) is bool(shown)


def test_a_run_is_shown_with_its_history_metrics_and_reasons(app, capsys):
    history = [
        {"at": "2026-11-20T12:00:00+00:00", "state": "received", "reasons": []},
        {"at": "2026-11-20T12:01:30+00:00", "state": "failed", "reasons": ["the job failed"]},
    ]
    app.answers(SHOW, run("failed", reasons=["the job failed"], history=history, attempt=2, route="managed"))
    assert main(["show", RUN_ID]) == 0
    told = said(capsys)
    for part in (
        "support/2026.jsonl -> support: failed (nothing more happens by itself)",
        f"run {RUN_ID} (attempt 2)",
        "base model Phi-4-mini-instruct (managed route)",
        "metrics loss 1.235",
        "because the job failed",
        "2026-11-20 12:00 UTC received 1 min 30 s",
        "2026-11-20 12:01 UTC failed the job failed",
    ):
        assert part in told


def test_a_run_of_a_newer_app_is_shown(app, capsys):
    app.answers(SHOW, run("surprise", model="", history=[], base_model="", job={"status": "", "metrics": {}}))
    assert main(["show", RUN_ID]) == 0
    assert "support/2026.jsonl -> no model: surprise run" in said(capsys)


@pytest.mark.parametrize(
    ("arguments", "route", "answer"),
    [
        (["cancel", RUN_ID], f"POST /runs/{RUN_ID}/cancel", run("canceling")),
        (["retry", RUN_ID], f"POST /runs/{RUN_ID}/retry", run("submitting", attempt=2)),
        (["delete", RUN_ID, "--yes"], f"DELETE /runs/{RUN_ID}", run("deleting")),
        (["cancel", "support"], f"POST /runs/{RUN_ID}/cancel", run("canceling")),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_a_command_is_given_to_the_run_and_shows_it_as_it_is_now(app, capsys, arguments, route, answer, as_json):
    app.answers("GET /runs", listed(run()))
    app.answers(SHOW, run())
    app.answers(route, answer)
    assert main([*arguments, *(["--json"] if as_json else [])]) == 0
    out = capsys.readouterr().out
    assert app.asked[-1] == route
    if as_json:
        assert json.loads(out) == answer
    else:
        assert answer["state"] in out
        assert f"Next: tunedrop watch {RUN_ID}" in out


@pytest.mark.parametrize("command", ["cancel", "retry", "delete"])
def test_a_run_that_is_not_in_the_state_for_it_stays_as_it_is(app, capsys, command):
    app.answers(SHOW, run())
    route = f"DELETE /runs/{RUN_ID}" if command == "delete" else f"POST /runs/{RUN_ID}/{command}"
    app.answers(route, (409, error("The run is serving.", "not_now")))
    assert main([command, RUN_ID, *(["--yes"] if command == "delete" else [])]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tunedrop: https://app.example.com says 409: The run is serving.")


class Terminal(StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "code", "deleted"),
    [
        (Terminal("y\n"), 0, True),
        (Terminal("n\n"), 1, False),
        (Terminal(""), 1, False),
        (StringIO("y\n"), 2, False),
    ],
)
def test_a_deletion_is_confirmed_first(app, monkeypatch, capsys, typed, code, deleted):
    app.answers(SHOW, run("serving"))
    app.answers(f"DELETE /runs/{RUN_ID}", run("deleting"))
    monkeypatch.setattr("sys.stdin", typed)
    assert main(["delete", RUN_ID, "--json"]) == code
    out, err = capsys.readouterr()
    assert (f"DELETE /runs/{RUN_ID}" in app.asked) == deleted
    assert bool(out) == deleted
    assert ("--yes" in err) == (code == 2)


@pytest.mark.parametrize(
    ("command", "answers", "code", "reason"),
    [
        ("list", [(500, b"")], 2, "answers 500, after 4 tries"),
        ("list", [(401, error("Incorrect API key provided.", "invalid_api_key"))], 2, "TUNEDROP_KEY"),
        ("show", [listed()], 2, "no run of a model or a dataset 'support'"),
        ("watch", [listed()], 2, "no run of a model or a dataset 'support'"),
    ],
)
def test_what_cannot_be_done_goes_to_the_error_stream(app, capsys, command, answers, code, reason):
    app.answers("GET /runs", *answers)
    assert main([command, *([] if command == "list" else ["support"]), "--json"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert reason in err


@pytest.mark.parametrize("variable", ["TUNEDROP_URL", "TUNEDROP_KEY"])
def test_the_url_and_the_key_are_asked_for(monkeypatch, capsys, variable):
    monkeypatch.setenv("TUNEDROP_URL", "https://app.example.com")
    monkeypatch.setenv("TUNEDROP_KEY", "td-secret")
    monkeypatch.delenv(variable)
    assert main(["list"]) == 2
    assert variable in capsys.readouterr().err
