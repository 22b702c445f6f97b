"""`tunedrop doctor` and `tunedrop models`: what they print, and how they end."""

import json

import pytest

from cli import doctor, models
from cli.__main__ import main
from shared.preflight import CHECKS, Line, Status, Told

LINES = {
    "ok": Told(CHECKS[0], Line(Status.OK, "all is fine")),
    "missing": Told(CHECKS[1], Line(Status.MISSING, "no \x1b token", "az login")),
    "unknown": Told(CHECKS[2], Line(Status.UNKNOWN, "may not read it", "az role assignment create")),
}


def looked(monkeypatch, *kinds: str) -> list[tuple[bool, str | None]]:
    asked: list[tuple[bool, str | None]] = []

    def look(environment, *, test_card: bool) -> list[Told]:
        asked.append((test_card, environment.get("BASE_MODEL")))
        return [LINES[kind] for kind in kinds]

    monkeypatch.setattr(doctor, "look_at_the_site", look)
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", "sub")
    monkeypatch.delenv("BASE_MODEL", raising=False)
    return asked


@pytest.mark.parametrize(
    ("kinds", "code", "status"),
    [(["ok"], 0, "ok"), (["ok", "unknown"], 3, "unknown"), (["missing", "unknown", "ok"], 1, "missing")],
)
def test_the_exit_code_tells_whether_something_is_missing(monkeypatch, capsys, kinds, code, status):
    looked(monkeypatch, *kinds)
    assert main(["doctor"]) == code
    assert main(["doctor", "--json"]) == code
    told = capsys.readouterr().out.partition("{")
    found = json.loads(told[1] + told[2])
    assert found["status"] == status
    assert [each["status"] for each in found["checks"]] == kinds


def test_each_line_is_followed_by_what_mends_it_and_steers_no_terminal(monkeypatch, capsys):
    looked(monkeypatch, "ok", "missing")
    assert main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["ok", "settings", "all", "is", "fine"]
    assert lines[1].endswith("no \N{REPLACEMENT CHARACTER} token")
    assert lines[2].strip() == "az login"
    assert lines[-1].startswith("Something is missing.")


@pytest.mark.parametrize(
    ("options", "card", "base_model"),
    [
        ([], False, None),
        (["--send-test-card"], True, None),
        (["--base-model", "Phi-3-mini-4k-instruct"], False, "Phi-3-mini-4k-instruct"),
    ],
)
def test_a_card_is_sent_and_another_base_model_looked_at_on_request_only(monkeypatch, options, card, base_model):
    asked = looked(monkeypatch, "ok")
    assert main(["doctor", *options]) == 0
    assert asked == [(card, base_model)]


def test_without_a_subscription_nothing_can_be_asked(monkeypatch, capsys):
    monkeypatch.delenv("AZURE_SUBSCRIPTION_ID", raising=False)
    assert main(["doctor"]) == 2
    assert "azd env get-values" in capsys.readouterr().err


def test_models_tell_lifecycle_regions_and_the_prices_of_the_settings(monkeypatch, capsys):
    monkeypatch.setenv("PRICE_PER_1000_TRAINING_TOKENS", "0.003")
    monkeypatch.setenv("HOSTING_PER_HOUR", "0.8")
    monkeypatch.setenv("GPU_TRAINING_PER_HOUR", "4.1")
    monkeypatch.setenv("GPU_HOSTING_PER_HOUR", "3.7")
    monkeypatch.setenv("CURRENCY", "EUR")
    assert main(["models"]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()[1:]}
    assert "can be tuned" in rows["Phi-4-mini-instruct"]
    assert "0.003 EUR for 1,000 tokens, 0.8 EUR an hour of serving" in rows["Phi-4"]
    assert "4.1 EUR an hour of training, 3.7 EUR an hour of serving" in rows["Phi-3-mini-4k-instruct"]
    assert "managed" in rows["Phi-3-mini-4k-instruct"]
    assert "can be tuned" in rows["Phi-3-mini-4k-instruct"]
    assert "GPU quota" in rows["Phi-3-mini-4k-instruct"]
    assert "retired 2025-08-30, use Phi-4 " in rows["Phi-3-medium-4k-instruct"]
    assert "no system, no tools" in rows["Phi-3-medium-4k-instruct"]


def test_models_as_json_hold_every_fact(capsys):
    models.show(as_json=True, environment={})
    found = {model["name"]: model for model in json.loads(capsys.readouterr().out)["data"]}
    assert found["Phi-4"]["can_be_tuned"]
    assert found["Phi-4"]["training_per_1000_tokens"] is None
    assert "eastus2" in found["Phi-4"]["regions"]
    assert found["Phi-3.5-MoE-instruct"]["replaced_by"] == "Phi-4-mini-instruct"
    assert (found["Phi-3.5-mini-instruct"]["route"], found["Phi-3.5-mini-instruct"]["can_be_tuned"]) == (
        "managed",
        True,
    )


@pytest.mark.parametrize("setting", ["HOSTING_PER_HOUR", "GPU_TRAINING_PER_HOUR", "GPU_HOSTING_PER_HOUR"])
def test_a_price_that_is_none_is_named(monkeypatch, capsys, setting):
    monkeypatch.setenv(setting, "free")
    assert main(["models"]) == 2
    assert f"{setting} must be a number" in capsys.readouterr().err
