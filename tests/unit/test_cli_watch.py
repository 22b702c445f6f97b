"""`tunedrop watch`: what it shows, how long it waits, and how it ends."""

import json
from functools import partial
from io import StringIO

import pytest
from rich.console import Console

from cli import runs as module
from cli.__main__ import main
from cli.api import NoAnswerError, NoSuchRunError
from cli.watching import APPEARS, PATIENCE, looks, watch
from tests.unit.cli_app import RUN_ID, ScriptedApp, error, listed, run

SHOW = f"GET /runs/{RUN_ID}"


def ended(state: str) -> dict:
    history = [*run()["history"], {"at": "2026-11-20T12:11:00+00:00", "state": state, "reasons": []}]
    return run(state, history=history)


SERVING = ended("serving")


@pytest.fixture
def app(monkeypatch) -> ScriptedApp:
    app = ScriptedApp()
    monkeypatch.setattr(module, "connected", app.api)
    monkeypatch.setattr(module, "looks", partial(looks, sleep=app.waits.append))
    monkeypatch.setattr(module, "PAUSE", 0)
    return app


@pytest.mark.parametrize(("last", "code"), [("serving", 0), ("failed", 1), ("canceled", 1), ("deleted", 1)])
def test_watching_ends_with_the_run(app, capsys, last, code):
    app.answers(SHOW, run(), run(), ended(last))
    assert main(["watch", RUN_ID]) == code
    assert last in capsys.readouterr().out
    assert len(app.waits) == 1  # it was named by its id: the first look finds it


def test_watching_by_name_waits_for_the_run_of_a_dataset_dropped_just_now(app, capsys):
    app.answers("GET /runs", listed(), listed(), listed(run()))
    app.answers(SHOW, ended("serving"))
    assert main(["watch", "support"]) == 0


def test_watching_tells_each_state_once(app, capsys):
    deploying = [
        *run("training")["history"],
        {"at": "2026-11-20T12:09:00+00:00", "state": "deploying", "reasons": []},
    ]
    serving = [*deploying, {"at": "2026-11-20T12:11:00+00:00", "state": "serving", "reasons": ["a", "b"]}]
    app.answers(SHOW, run(), run(), run("deploying", history=deploying), run("serving", history=serving))
    assert main(["watch", RUN_ID]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2026-11-20 12:00 UTC  received",
        "2026-11-20 12:01 UTC  training",
        "2026-11-20 12:09 UTC  deploying",
        "2026-11-20 12:11 UTC  serving: a; b",
        "metrics: loss 1.235",
    ]


def test_watching_as_json_is_a_line_for_each_change(app, capsys):
    app.answers(SHOW, run(), run(), run(), SERVING)
    assert main(["watch", RUN_ID, "--json"]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [run(), SERVING]


class Clock:
    """Time passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def __call__(self) -> float:
        return self.now


def looked(app: ScriptedApp, clock: Clock, **options: bool) -> list[str]:
    seen = looks(app.api(), RUN_ID, sleep=clock.sleep, clock=clock, **options)
    return [type(look).__name__ for look in seen]


def test_an_app_that_is_away_for_a_while_is_waited_for(app):
    app.answers(SHOW, run(), *[(503, b"")] * 4, SERVING)
    assert looked(app, Clock()) == ["RunView", "NoAnswerError", "RunView"]


def test_an_app_that_stays_away_is_given_up(app):
    clock = Clock()
    app.answers(SHOW, run(), (503, b""))
    with pytest.raises(NoAnswerError):
        looked(app, clock)
    assert PATIENCE < clock.now < PATIENCE + 10


def test_a_key_that_is_revoked_meanwhile_ends_the_watching(app):
    app.answers(SHOW, run(), (401, error("Incorrect API key provided.", "invalid_api_key")))
    with pytest.raises(Exception, match="says 401"):
        looked(app, Clock())


UNKNOWN = (404, error("There is no run.", "run_not_found"))


def test_the_run_of_a_drop_may_come_later(app):
    app.answers(SHOW, UNKNOWN, UNKNOWN, SERVING)
    assert looked(app, Clock(), dropped_just_now=True) == ["NoAnswerError", "NoAnswerError", "RunView"]


@pytest.mark.parametrize(("dropped", "waited"), [(False, 0), (True, APPEARS)])
def test_a_run_that_never_comes_is_given_up(app, dropped, waited):
    clock = Clock()
    app.answers(SHOW, UNKNOWN)
    with pytest.raises(NoSuchRunError):
        looked(app, clock, dropped_just_now=dropped)
    assert waited <= clock.now < waited + 10


def test_on_a_terminal_the_run_is_shown_in_place(app):
    app.answers(SHOW, UNKNOWN, run(), *[(503, b"")] * 4, SERVING)
    screen = Console(file=StringIO(), force_terminal=True, width=100, color_system=None, legacy_windows=False)
    clock = Clock()
    seen = looks(app.api(), RUN_ID, dropped_just_now=True, sleep=clock.sleep, clock=clock)
    assert watch(seen, as_json=False, screen=screen) == 0
    shown = screen.file.getvalue()
    for part in ("support/2026.jsonl -> support: training", "trying again", "-> support: serving", "loss 1.235"):
        assert part in shown
