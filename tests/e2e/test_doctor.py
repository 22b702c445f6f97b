"""`tunedrop doctor` as its own program, against the whole local cloud."""

import json
import subprocess
import sys

import pytest

from tests.cloud import REPOSITORY, RunningCloud
from tests.e2e.client import Person

LIMIT = 120.0  # seconds


def doctor(cloud: RunningCloud, *options: str, **changed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", "doctor", *options],
        env=cloud.environment() | changed,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


@pytest.fixture
def cloud(person: Person) -> RunningCloud:
    person.cloud.reset()
    return person.cloud


def test_a_base_model_of_the_other_route_is_looked_at_on_request(cloud: RunningCloud):
    done = doctor(cloud, "--base-model", "Phi-3-mini-4k-instruct")
    assert (done.returncode, done.stderr) == (0, "")
    assert "hosting needs 24 vCPUs of standardNCADSA100v4Family: 96 of 96 are free" in done.stdout
    cloud.set_quota(standardNCADSA100v4Family=0)
    done = doctor(cloud, BASE_MODEL="Phi-3-mini-4k-instruct")
    cloud.set_quota()
    assert (done.returncode, done.stdout.count("\nmissing  GPU quota")) == (1, 2)


def test_a_healthy_local_cloud_is_all_ok(cloud: RunningCloud):
    done = doctor(cloud, "--send-test-card", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert {check["status"] for check in found["checks"]} == {"ok"}, found
    (card,) = cloud.messages("teams")
    assert "TuneDrop was here" in str(card)


def test_a_fault_is_named_with_its_mend_and_ends_with_1(cloud: RunningCloud):
    done = doctor(cloud, BASE_MODEL="Phi-3-small-8k-instruct", EMAIL_SENDER="me@other.example")
    assert (done.returncode, done.stderr) == (1, "")
    assert "azd env set BASE_MODEL Phi-4-mini-instruct" in done.stdout
    assert "--settings EMAIL_SENDER=DoNotReply@tunedrop.example" in done.stdout
    assert done.stdout.count("\nmissing  ") == 2
    assert cloud.messages("teams") == []


def test_without_a_deployment_it_cannot_be_asked(cloud: RunningCloud):
    done = doctor(cloud, AZURE_SUBSCRIPTION_ID="")
    assert (done.returncode, done.stdout) == (2, "")
    assert "AZURE_SUBSCRIPTION_ID is not set" in done.stderr


def test_without_a_token_one_line_says_how_to_sign_in(cloud: RunningCloud):
    done = doctor(cloud, "--json", IDENTITY_HEADER="wrong")
    checks = {check["check"]: check for check in json.loads(done.stdout)["checks"]}
    assert (done.returncode, done.stderr) == (1, "")
    assert (checks["sign-in"]["status"], checks["sign-in"]["mend"]) == ("missing", "az login")
    assert {check["says"] for check in checks.values() if check["status"] == "unknown"} == {"nobody is signed in"}
