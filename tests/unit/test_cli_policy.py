"""`tunedrop policy`: what is named changes, the rest stays, and what is no policy is not stored."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from cli import policy as module
from cli.__main__ import main
from shared.core.policy import OptOut, Policy, policy_of
from tests.fakes import FakePolicies

OUT = OptOut("ann", "red-teaming", datetime(2026, 12, 1, 12, tzinfo=UTC))


@pytest.fixture
def policies(monkeypatch) -> FakePolicies:
    table = FakePolicies()
    app = SimpleNamespace(policies=table, settings=SimpleNamespace(policy='{"blocklists": ["everybodys"]}'))
    monkeypatch.setattr(module, "app", lambda: app)
    return table


@pytest.mark.parametrize(
    ("before", "options", "after"),
    [
        (None, ["--prompt", "Hate=2"], {"prompt": {"Hate": 2}, "blocklists": ["everybodys"]}),
        ({}, ["--prompt", "Hate=2", "--prompt", "Sexual=6"], {"prompt": {"Hate": 2, "Sexual": 6}}),
        ({"prompt": {"Hate": 2}}, ["--prompt", "Sexual=6"], {"prompt": {"Hate": 2, "Sexual": 6}}),
        ({}, ["--completion", "Violence=7"], {"completion": {"Violence": 7}}),
        ({"blocklists": ["a"]}, ["--blocklist", "b", "--blocklist", "c"], {"blocklists": ["b", "c"]}),
        ({"blocklists": ["a"]}, ["--no-blocklists"], {}),
        ({}, ["--no-shields"], {"shields": False}),
        ({"shields": False, "ask_first": True}, ["--shields"], {"ask_first": True}),
        ({}, ["--protected-material", "--ask-first"], {"protected_material": True, "ask_first": True}),
    ],
)
def test_what_is_named_changes_and_the_rest_stays(policies, before, options, after):
    if before is not None:
        policies.put("support", policy_of(before))
    assert main(["policy", "set", "support", *options]) == 0
    assert policies.find("support") == policy_of(after)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["support"], "nothing was named"),
        (["support", "--prompt", "Hate"], "no CATEGORY=SEVERITY"),
        (["support", "--prompt", "Hate=high"], "no CATEGORY=SEVERITY"),
        (["support", "--prompt", "Hate=0"], "from 1 to 7"),
        (["support", "--prompt", "Spite=4"], "prompt must give Hate"),
        (["support", "--blocklist", "a b"], "blocklists must be"),
        (["Support", "--no-shields"], "cannot be a model's name"),
        (["a/b", "--no-shields"], "cannot be a model's name"),
        ([" ", "--no-shields"], "cannot be a model's name"),
    ],
)
def test_what_is_no_policy_is_not_stored(policies, capsys, options, reason):
    assert main(["policy", "set", *options]) == 2
    assert reason in capsys.readouterr().err
    assert policies.all() == {}


def test_an_opt_out_has_an_owner_a_reason_and_an_end(policies, capsys):
    policies.put("support", Policy(shields=False))
    assert main(["policy", "opt-out", "support", "--owner", "ann", "--reason", "red-teaming", "--days", "7"]) == 0
    found = policies.find("support")
    assert (found.shields, found.opt_out.owner, found.opt_out.reason) == (False, "ann", "red-teaming")
    assert timedelta(days=6, hours=23) < found.opt_out.until - datetime.now(UTC) <= timedelta(days=7)
    assert "ann, red-teaming" in capsys.readouterr().out
    assert main(["policy", "guard", "support"]) == 0
    assert policies.find("support") == Policy(shields=False)


@pytest.mark.parametrize(
    "options",
    [
        ["--owner", "ann", "--reason", "x"],
        ["--owner", "ann", "--days", "7"],
        ["--owner", "ann", "--reason", "x", "--days", "31"],
        ["--owner", " ", "--reason", "x", "--days", "7"],
    ],
)
def test_an_opt_out_without_one_of_them_is_none(policies, capsys, options):
    assert main(["policy", "opt-out", "support", *options]) == 2
    assert policies.all() == {}


def test_policies_are_shown_with_the_default(policies, capsys):
    policies.put("support", Policy(opt_out=OUT, prompt=policy_of({"prompt": {"Hate": 2}}).prompt))
    assert main(["policy", "show"]) == 0
    default, support = capsys.readouterr().out.splitlines()[1:]
    assert default.split()[:4] == ["(default)", "4", "4", "everybodys"]
    assert "Hate=2, SelfHarm=4" in support
    assert "until 2026-12-01 12:00 UTC: ann, red-teaming" in support


@pytest.mark.parametrize(("model", "name"), [("support", "support"), ("sales", "sales (default)")])
def test_one_models_policy_as_json(policies, capsys, model, name):
    policies.put("support", Policy(opt_out=OUT))
    assert main(["policy", "show", model, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["data"]
    assert told["model"] == name
    assert (told["opt_out"] or {}).get("owner") == ("ann" if model == "support" else None)


def test_a_cleared_policy_is_gone(policies, capsys):
    policies.put("support", Policy())
    assert main(["policy", "clear", "support"]) == 0
    assert policies.all() == {}
    assert main(["policy", "clear", "support"]) == 2
    assert "no policy of its own" in capsys.readouterr().err
