"""What the preflight looks for is what the infrastructure makes and the local cloud has."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from localcloud.azurite import CONTAINERS, QUEUES, TABLES
from localcloud.event_subscriptions import SUBSCRIPTIONS as DELIVERED
from localcloud.management.account import REGISTERED
from shared.core.base_models import Route
from shared.preflight import CHECKS
from shared.preflight.account import GPU_PROVIDERS, PROVIDERS
from shared.preflight.news import SUBSCRIPTIONS, Wanted
from shared.preflight.roles import IDS, NEEDS
from shared.preflight.storage import PLACES
from shared.settings import OPTIONAL, REQUIRED

ROLES = {None: Path("infra/roles.bicep"), Route.MANAGED: Path("infra/gpuroles.bicep")}
ASSIGNMENT = re.compile(
    r"scope: ([\w:]+)\n  properties: \{\n    principalId: (app|project|user|machines)PrincipalId\n"
    r"(?:    principalType: 'ServicePrincipal'\n)?    roleDefinitionId: roles\.(\w+)"
)


@pytest.mark.parametrize("route", ROLES)
def test_the_roles_are_those_of_the_infrastructure(route: Route | None):
    file = ROLES[route].read_text("utf-8")
    ids = dict(re.findall(r"(\w+): subscriptionResourceId\(definitions, '([0-9a-f-]{36})'\)", file))
    people = {"user": "you"}
    assigned = {
        (people.get(who, who), ids[role], on.rpartition(":")[2]) for on, who, role in ASSIGNMENT.findall(file)
    }
    assert {(need.who, IDS[need.role], need.on) for need in NEEDS if need.route is route} == assigned


def test_the_subscriptions_are_those_of_the_infrastructure():
    topics = {"tunedrop": "news"}
    delivered = {Wanted(**(asdict(one) | {"topic": topics.get(one.topic, one.topic)})) for one in DELIVERED}
    assert set(SUBSCRIPTIONS) == delivered


def test_the_places_are_those_of_the_infrastructure():
    kinds = {"container": CONTAINERS, "queue": QUEUES, "table": TABLES}
    assert set(PLACES) == {(kind, name) for kind, names in kinds.items() for name in names}


def test_the_providers_are_those_that_the_page_on_azure_registers():
    page = Path("docs/azure.md").read_text("utf-8")
    assert set(PROVIDERS) == set(
        re.findall(r"Microsoft\.\w+(?=[ ;\\])", page.split("for provider in")[1].split("done")[0])
    )
    assert set(REGISTERED) == {*PROVIDERS, *GPU_PROVIDERS}
    assert {f"az provider register --namespace {one} --wait" in page for one in GPU_PROVIDERS} == {True}


def test_each_check_has_a_name_of_its_own_and_needs_settings_that_exist():
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert {field for check in CHECKS for field in check.needs} <= {*REQUIRED, *OPTIONAL}
    assert all(check.means for check in CHECKS)


def test_a_mend_that_deploys_again_is_one_that_azd_does_not_leave_out():
    bare = re.compile(r"azd provision(?! --no-state)")
    pages = [Path("docs/doctor.md").read_text("utf-8").split("## The checks")[1]]
    code = [path.read_text("utf-8") for path in Path("shared/preflight").glob("*.py")]
    assert [found for text in code + pages for found in bare.findall(text)] == []
