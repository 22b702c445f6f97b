"""What the preflight's gateway makes of tokens and pages; what it asks of Azure is in tests/contract."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from shared.errors import ServiceUnavailable
from shared.gateways.azure_reads import MOST_PAGES, AzureReads, claims_in
from shared.gateways.identity import AskedOnce
from shared.settings import settings_and_faults
from tests.fakes.azure_site import ENVIRONMENT


def token(claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{body}.signature"


@pytest.mark.parametrize(
    ("given", "claims"),
    [
        (token({"oid": "1", "upn": "ann", "exp": 7}), {"oid": "1", "upn": "ann"}),
        (token({}), {}),
        (token(["oid"]), {}),
        ("opaque", {}),
        ("a.%%%.c", {}),
        ("a.b.c", {}),
    ],
)
def test_what_a_token_says_is_read_where_it_is_readable(given, claims):
    assert claims_in(given) == claims


class Pages:
    """A list in pages; the last one is never reached where `endless`."""

    def __init__(self, *, endless: bool = False) -> None:
        self.endless, self.asked = endless, []

    def get(self, url: str) -> dict[str, Any]:
        self.asked.append(url)
        more = self.endless or len(self.asked) < 3
        return {"value": [len(self.asked)], "nextLink": "https://management.azure.com/next" if more else None}


def reads(pages: Pages) -> AzureReads:
    made = AzureReads(settings_and_faults(ENVIRONMENT)[0], None)
    vars(made)["_arm"] = pages
    return made


def test_a_list_is_read_page_by_page():
    pages = Pages()
    assert reads(pages).listed("/x", "2022-04-01", "assignedTo('1')") == [1, 2, 3]
    assert pages.asked[0] == "/x?api-version=2022-04-01&$filter=assignedTo%28%271%27%29"


def test_a_list_without_an_end_is_given_up():
    pages = Pages(endless=True)
    with pytest.raises(ServiceUnavailable, match="more than"):
        reads(pages).listed("/x", "2022-04-01")
    assert len(pages.asked) == MOST_PAGES


class Slow:
    """A credential that counts who asks."""

    def __init__(self, *, failing: bool = False) -> None:
        self.failing, self.asked = failing, 0

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        self.asked += 1
        if self.failing:
            raise ClientAuthenticationError("no")
        return AccessToken("t", 1)


@pytest.mark.parametrize("failing", [False, True])
def test_many_threads_ask_for_one_token(failing):
    slow = Slow(failing=failing)
    once = AskedOnce(slow)

    def ask(_number: int) -> str:
        try:
            return once.get_token("scope", enable_cae=True).token
        except ClientAuthenticationError:
            return "refused"

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(20))) == {"refused" if failing else "t"}
    assert slow.asked == 1
