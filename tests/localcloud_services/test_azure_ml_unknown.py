"""What the stand-in does not know is a loud 501; who may not ask is told so."""

import pytest

from tests.localcloud_services.conftest import ARM, SAFETY, Served, W


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{W}?api-version=2025-01-01"),
        ("GET", f"{W}/jobs?api-version=2025-12-01"),
        ("PUT", f"{W}/jobs/x?api-version=2024-01-01-preview"),
        ("GET", f"{W}/jobs/x"),
        ("PATCH", f"{W}/jobs/x?api-version=2024-10-01-preview"),
        ("GET", f"{W}/models/x?api-version=2021-10-01"),
        ("PUT", f"{W}/serverlessEndpoints/x?api-version=2024-04-01"),
        ("PATCH", f"{W}/serverlessEndpoints/x?api-version=2024-10-01"),
        ("PATCH", f"{W}/onlineEndpoints/x?api-version=2024-10-01"),
        ("GET", f"{W}/batchEndpoints?api-version=2024-10-01"),
        ("POST", f"{W}/datastores/tunedrop/listSecrets?api-version=2024-10-01-preview"),
        ("PUT", f"{W}/data/x/versions/1?api-version=2023-04-01-preview"),
        ("POST", f"/history/v1.0{W}/rundata"),
        ("GET", "/subscriptions"),
    ],
)
def test_an_unknown_route_or_version_is_a_loud_501_that_names_itself(here: Served, method: str, path: str):
    answer = here.call(method, here.urls["arm"] + path, {} if method != "GET" else None)
    assert (answer.status, answer.code) == (501, "NotInLocalCloud")
    assert path.partition("?")[0].rpartition("/")[2] in answer.message or "api-version" in answer.message


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("00000000-0000-0000-0000-000000000000", "11111111-0000-0000-0000-000000000000"), "SubscriptionNotFound"),
        (("rg-local", "rg-other"), "ResourceGroupNotFound"),
        (("workspaces/tunedrop", "workspaces/other"), "ResourceNotFound"),
    ],
)
def test_another_workspace_is_not_found(here: Served, change: tuple[str, str], code: str):
    answer = here.call("GET", here.urls["arm"] + W.replace(*change) + "?api-version=2024-10-01-preview")
    assert (answer.status, answer.code) == (404, code)


@pytest.mark.parametrize(("audience", "status"), [(ARM, 200), (f"{ARM}/", 200), (SAFETY, 401), (None, 401)])
def test_only_tokens_for_azures_management_are_taken(here: Served, audience: str | None, status: int):
    url = f"{here.urls['arm']}{W}?api-version=2024-10-01-preview"
    assert here.call("GET", url, audience=audience).status == status


def test_a_token_for_the_host_itself_is_taken(here: Served):
    url = f"{here.urls['arm']}{W}?api-version=2024-10-01-preview"
    assert here.call("GET", url, audience=here.urls["arm"]).body["properties"]["workspaceId"]


def test_datastores_are_listed_and_the_default_is_found(here: Served):
    version = "2024-10-01-preview"
    names = [row["name"] for row in here.arm("GET", "/datastores", version).body["value"]]
    assert names == ["workspaceblobstore", "tunedrop"]
    default = here.arm("GET", "/datastores?count=30&isDefault=true&orderByAsc=false", version).body["value"]
    assert [row["name"] for row in default] == ["workspaceblobstore"]
    assert here.arm("GET", "/datastores/tunedrop", version).body["properties"]["containerName"] == "reports"
    assert here.arm("GET", "/datastores/none", version).status == 404


def test_discovery_names_the_data_plane_to_anybody(here: Served):
    assert here.call("GET", f"{here.urls['arm']}/discovery", audience=None).body["api"] == here.urls["arm"]
