"""The contract of Policies."""

from datetime import UTC, datetime

import pytest
from azure.data.tables import TableClient

from shared.core.policy import OptOut, Policy, policy_of
from shared.core.run import Run
from shared.errors import ServiceUnavailable
from shared.gateways.policy_table import PARTITION, PolicyTable
from shared.ports import Policies
from tests.contract.conftest import Real
from tests.fakes import FakePolicies

UNTIL = datetime(2026, 12, 24, 18, 30, tzinfo=UTC)


@pytest.fixture
def policies(either) -> Policies:
    return either(FakePolicies, lambda real: PolicyTable(real.settings, real.credential))


@pytest.fixture
def model(run: Run) -> str:
    return f"model-{run.id}"


def test_a_model_without_a_policy_of_its_own_has_none(policies: Policies, model: str):
    assert policies.find(model) is None
    assert model not in policies.all()
    assert not policies.remove(model)


@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        policy_of({"prompt": {"Hate": 2}, "completion": {"Violence": 7}}),
        Policy(blocklists=("ours", "theirs"), shields=False, protected_material=True, ask_first=True),
        Policy(opt_out=OptOut("Zoë <zoe@example.com>", "Red-teaming, ticket 17", UNTIL)),
    ],
    ids=["default", "thresholds", "switches", "opt-out"],
)
def test_a_policy_comes_back_whole(policies: Policies, model: str, policy: Policy):
    policies.put(model, policy)
    assert policies.find(model) == policy
    assert policies.all()[model] == policy


def test_the_last_policy_counts_until_it_is_removed(policies: Policies, model: str):
    policies.put(model, Policy(ask_first=True, blocklists=("ours",)))
    policies.put(model, Policy(shields=False))
    assert policies.find(model) == Policy(shields=False)
    assert policies.remove(model)
    assert policies.find(model) is None


@pytest.mark.parametrize(
    "column",
    ["", "{", "[]", '{"prompt": {"Hate": 9}}', '{"newer": true}', '{"opt_out": {"owner": "ann"}}', None],
)
def test_a_policy_that_cannot_be_understood_is_no_default(real: Real, model: str, column: str | None):
    policies = PolicyTable(real.settings, real.credential)
    row = {"PartitionKey": PARTITION, "RowKey": model} | ({} if column is None else {"policy": column})
    table = TableClient(real.settings.table_url, "policies", credential=real.credential)
    table.upsert_entity(row)
    for read in (lambda: policies.find(model), policies.all):
        with pytest.raises(ServiceUnavailable, match=model):
            read()
    assert policies.remove(model)
    assert policies.find(model) is None


def test_a_missing_table_is_no_default(real: Real, model: str):
    policies = PolicyTable(real.settings, real.credential)
    policies._table = TableClient(real.settings.table_url, "nosuchtable", credential=real.credential)
    with pytest.raises(ServiceUnavailable, match="missing"):
        policies.find(model)
