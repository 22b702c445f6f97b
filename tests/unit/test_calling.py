"""What SDKs throw becomes one of TuneDrop's errors, and says nothing secret."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
)

from shared.calling import LONGEST_WAIT, calling, client_options
from shared.errors import Conflict, NotFound, ServiceRefused, ServiceUnavailable, TuneDropError
from shared.work.cleaning import SETTLED_AFTER
from tests.longest_call import LONGEST_CALL, READ_TIMEOUTS


@dataclass
class Answer:
    """An HTTP answer as far as azure-core's errors look at it."""

    status_code: int
    error: dict | None = None
    headers: dict = field(default_factory=dict)
    reason: str = "some reason"

    def text(self) -> str:
        return json.dumps({"error": self.error}) if self.error else "<html>"


def told(error: Exception) -> TuneDropError:
    """Return what a caller sees of an SDK's error."""
    with pytest.raises(TuneDropError) as caught, calling("azure ml"):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, ServiceUnavailable),  # an answer that makes no sense
        (400, ServiceRefused),
        (401, ServiceRefused),
        (403, ServiceRefused),
        (404, NotFound),
        (408, ServiceUnavailable),
        (409, ServiceRefused),
        (412, Conflict),
        (422, ServiceRefused),
        (429, ServiceUnavailable),
        (500, ServiceUnavailable),
        (501, ServiceRefused),
        (502, ServiceUnavailable),
        (503, ServiceUnavailable),
        (504, ServiceUnavailable),
        (505, ServiceRefused),
    ],
)
def test_a_status_has_one_meaning(status: int, kind: type[TuneDropError]):
    found = told(HttpResponseError(response=Answer(status)))
    assert type(found) is kind
    assert str(found).startswith(f"azure ml: {status}")


@pytest.mark.parametrize(
    ("error", "deepest"),
    [
        (ServiceRequestError("https://host/?sig=secret"), "ServiceRequestError"),
        (ServiceRequestTimeoutError("timeout"), "ServiceRequestTimeoutError"),
        (
            ServiceResponseError("cut", error=ConnectionResetError("https://host/?sig=secret")),
            "ConnectionResetError",
        ),
        (IncompleteReadError("cut"), "IncompleteReadError"),
    ],
)
def test_no_answer_is_told_by_the_name_of_the_error_alone(error: Exception, deepest: str):
    assert str(told(error)) == f"azure ml: no answer ({deepest})"


def test_no_token_means_try_later():
    found = told(ClientAuthenticationError("DefaultAzureCredential failed: https://login/?x=secret"))
    assert isinstance(found, ServiceUnavailable)
    assert str(found) == "azure ml: no token for the app's identity"


def test_nonsense_with_a_good_status_means_try_later():
    assert isinstance(told(DecodeError("no JSON", response=Answer(200))), ServiceUnavailable)


def test_the_services_code_and_words_are_kept():
    refused = told(HttpResponseError(response=Answer(400, {"code": "ValidationError", "message": "bad\n rate"})))
    assert isinstance(refused, ServiceRefused)
    assert (refused.reason, refused.status, refused.code) == (
        "400 ValidationError: bad rate",
        400,
        "ValidationError",
    )


@pytest.mark.parametrize(
    "message",
    [
        "GET https://a.example/b?sig=secret&x=secret failed",
        "see 'https://a.example/b?secret'",
        '{"url": "https://a.example/b?sig=secret"}',
        "x" * 300 + "secret",
    ],
)
def test_query_strings_and_long_words_are_cut(message: str):
    found = told(HttpResponseError(response=Answer(400, {"code": "Bad", "message": message})))
    assert "secret" not in str(found)
    assert found.__cause__ is None


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    ],
)
def test_what_the_service_asks_to_wait_is_kept(headers: dict[str, str], wait: float | None):
    assert told(HttpResponseError(response=Answer(429, headers=headers))).retry_after == wait


def test_a_date_to_come_back_at_becomes_seconds():
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    found = told(HttpResponseError(response=Answer(503, headers={"Retry-After": later})))
    assert 290 < found.retry_after <= 300


@pytest.mark.parametrize("error", [KeyError("ours"), ServiceUnavailable("teams", "down"), ZeroDivisionError()])
def test_what_is_no_sdks_error_passes(error: Exception):
    with pytest.raises(type(error)) as caught, calling("azure ml"):
        raise error
    assert caught.value is error


@pytest.mark.parametrize(
    ("status", "wait", "waits"),
    [
        (429, str(LONGEST_WAIT), True),
        (429, str(LONGEST_WAIT + 1), False),
        (403, "1296000", False),
        (202, "60", True),  # how often to look at a long operation
        (503, "", True),
    ],
)
def test_an_sdk_waits_on_the_spot_for_seconds_only(status: int, wait: str, waits: bool):
    hook = client_options("email")["raw_response_hook"]
    response = SimpleNamespace(http_response=Answer(status, headers={"Retry-After": wait}))
    if waits:
        hook(response)
    else:
        with pytest.raises(ServiceUnavailable) as caught:
            hook(response)
        assert caught.value.retry_after == float(wait)


def test_a_clean_up_looks_again_only_when_every_call_from_before_it_has_ended():
    assert len(READ_TIMEOUTS) >= 5
    assert LONGEST_CALL < SETTLED_AFTER
