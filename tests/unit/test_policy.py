"""What a policy may say, and what is refused rather than guessed."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from shared.core.policy import BadPolicy, OptOut, Policy, facts_of, policy_of
from shared.errors import SettingsError
from shared.settings import REQUIRED, read_settings

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OUT = {"owner": "ann", "reason": "red-teaming", "until": "2026-12-01T00:00:00+01:00"}
FOURS = {"Hate": 4, "SelfHarm": 4, "Sexual": 4, "Violence": 4}


@pytest.mark.parametrize(
    ("facts", "policy"),
    [
        ({}, Policy()),
        ({"prompt": {}}, Policy()),
        ({"prompt": {"Hate": 1, "Violence": 7}}, Policy(prompt=FOURS | {"Hate": 1, "Violence": 7})),
        ({"completion": {"Sexual": 2}}, Policy(completion=FOURS | {"Sexual": 2})),
        ({"blocklists": ["a", "b.c_d~e-9", "a"]}, Policy(blocklists=("a", "b.c_d~e-9"))),
        ({"shields": False, "ask_first": True}, Policy(shields=False, ask_first=True)),
        ({"protected_material": True, "opt_out": None}, Policy(protected_material=True)),
        (
            {"opt_out": OUT},
            Policy(opt_out=OptOut("ann", "red-teaming", datetime(2026, 11, 30, 23, tzinfo=UTC))),
        ),
    ],
)
def test_a_policy_says_what_differs_from_the_default(facts, policy):
    assert policy_of(facts) == policy
    assert policy_of(facts_of(policy)) == policy


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ([], "no object"),
        (None, "no object"),
        ({"threshold": 3}, "'threshold'"),
        ({"prompt": 4}, "prompt must"),
        ({"prompt": {"hate": 4}}, "prompt must"),
        ({"prompt": {"Hate": 0}}, "from 1 to 7"),
        ({"prompt": {"Hate": 8}}, "from 1 to 7"),
        ({"completion": {"Hate": True}}, "completion must"),
        ({"completion": {"Hate": "4"}}, "completion must"),
        ({"blocklists": "ours"}, "blocklists must"),
        ({"blocklists": [5]}, "blocklists must"),
        ({"blocklists": ["a b"]}, "blocklists must"),
        ({"blocklists": ["x" * 65]}, "blocklists must"),
        ({"blocklists": [f"b{n}" for n in range(11)]}, "at most 10"),
        ({"shields": None}, "shields must be true or false"),
        ({"ask_first": 1}, "ask_first must"),
        ({"opt_out": True}, "opt_out must"),
        ({"opt_out": {**OUT, "owner": " "}}, "opt_out must"),
        ({"opt_out": {**OUT, "reason": "x" * 501}}, "opt_out must"),
        ({"opt_out": {**OUT, "until": "2026-12-01"}}, "opt_out must"),
        ({"opt_out": {**OUT, "until": "2026-12-01T00:00:00"}}, "opt_out must"),
        ({"opt_out": {**OUT, "until": 5}}, "opt_out must"),
        ({"opt_out": {"owner": "ann", "reason": "x"}}, "opt_out must"),
    ],
)
def test_what_is_no_policy_is_named(facts, reason):
    with pytest.raises(BadPolicy, match=reason):
        policy_of(facts)


def test_an_opt_out_ends_by_itself():
    policy = Policy(shields=False, opt_out=OptOut("ann", "x", NOW + timedelta(seconds=1)))
    assert policy.at(NOW) is policy
    assert policy.at(NOW + timedelta(seconds=1)) == Policy(shields=False)


def test_policies_that_decide_alike_have_one_version():
    assert Policy().version == policy_of({"opt_out": OUT}).version
    assert len({Policy().version, Policy(ask_first=True).version, policy_of({"prompt": {"Hate": 2}}).version}) == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [("{", "no JSON"), ("[]", "no object"), (json.dumps({"opt_out": OUT}), "single models")],
)
def test_a_default_that_is_none_is_a_settings_error(text, reason):
    given = {variable: f"https://{field}.example" for field, variable in REQUIRED.items()}
    with pytest.raises(SettingsError, match=f"CONTENT_SAFETY_POLICY must be a policy: .*{reason}"):
        read_settings({**given, "CONTENT_SAFETY_POLICY": text})
