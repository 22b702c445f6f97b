"""The local inbox's pages: what was sent is shown, and can do nothing."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from starlette.applications import Starlette

from localcloud.control import Control, Weather
from localcloud.emails import email_problem
from localcloud.frame import Cloud
from localcloud.inbox_page import page_routes
from localcloud.mailbox import mailbox_of
from tests.serving import serving

HOSTILE = "</script><script>alert(1)</script><b>x</b>"
CARD = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "Container", "items": []}]}
EMAIL = {
    "senderAddress": "donotreply@tunedrop.example",
    "recipients": {"to": [{"address": "team@tunedrop.example"}, {"address": "ann@example.com"}]},
    "content": {
        "subject": "It serves",
        "plainText": "plain words",
        "html": "<html><head></head><p>rich</p></html>",
    },
    "headers": {"Message-ID": "<1@tunedrop.example>"},
}


def card(text: str) -> dict[str, Any]:
    element = {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text}]}
    content = {**CARD, "body": [{"type": "Container", "items": [element]}]}
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": content}
    return {"type": "message", "attachments": [attachment]}


@pytest.fixture
async def inbox() -> AsyncIterator[SimpleNamespace]:
    """An inbox, and what its pages answer."""
    cloud = Cloud(Path("nowhere"), Control(Weather(1)))
    async with serving(Starlette(routes=page_routes(cloud))) as url, aiohttp.ClientSession(url) as http:

        async def page(path: str) -> tuple[int, str, str]:
            async with http.get(path) as answer:
                return answer.status, await answer.text(), answer.headers.get("Content-Security-Policy", "")

        yield SimpleNamespace(keep=mailbox_of(cloud).keep, page=page)


async def test_an_empty_inbox_says_how_to_fill_it(inbox: SimpleNamespace):
    assert "localcloud drop samples/support.jsonl" in (await inbox.page("/"))[1]


async def test_the_index_has_sender_subject_and_time_newest_first(inbox: SimpleNamespace):
    inbox.keep("teams", card("support is serving"))
    inbox.keep("email", EMAIL)
    _status, page, _policy = await inbox.page("/")
    assert page.index("It serves") < page.index("support is serving")
    for shown in ("donotreply@tunedrop.example to team@tunedrop.example, ann@example.com", "UTC", "/message/1"):
        assert shown in page


async def test_an_email_is_shown_with_its_headers_and_in_both_forms(inbox: SimpleNamespace):
    inbox.keep("email", EMAIL)
    _status, page, _policy = await inbox.page("/message/1")
    for shown in ("It serves", "&lt;1@tunedrop.example&gt;", "plain words", 'src="/message/1/html" sandbox='):
        assert shown in page
    assert "rich" not in page
    _status, html, policy = await inbox.page("/message/1/html")
    assert '<head><base target="_blank">' in html
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "script" not in policy


async def test_a_card_is_given_to_the_renderer_which_npm_installed(inbox: SimpleNamespace):
    inbox.keep("teams", card("support is serving"))
    _status, page, policy = await inbox.page("/message/1")
    assert "script-src 'self'; style-src 'self'" in policy
    for name in ("adaptivecards.min.js", "card.js", "inbox.css"):
        assert f"/files/{name}" in page
        assert (await inbox.page(f"/files/{name}"))[0] == 200


@pytest.mark.parametrize("path", ["/", "/message/1", "/message/2"])
async def test_what_was_sent_is_text_and_nothing_else(inbox: SimpleNamespace, path: str):
    inbox.keep("teams", card(HOSTILE))
    inbox.keep(
        "email", {**EMAIL, "content": {"subject": HOSTILE, "plainText": HOSTILE}, "headers": {"X": HOSTILE}}
    )
    _status, page, _policy = await inbox.page(path)
    assert "alert(1)" in page
    assert "<script>" not in page
    assert "<b>" not in page


@pytest.mark.parametrize(
    "path", ["/message/7", "/message/7/html", "/files/card.js.map", "/files/..%2f__init__.py", "/message/x"]
)
async def test_what_is_not_there_is_not_found(inbox: SimpleNamespace, path: str):
    assert (await inbox.page(path))[0] == 404


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({}, ""),
        ({"headers": ["Message-ID"]}, "headers must map names to texts"),
        ({"headers": {"X-Count": 1}}, "headers must map names to texts"),
        ({"content": {"subject": "a", "html": ["b"]}}, "are texts"),
        ({"content": {"subject": ["a"], "html": "b"}}, "are texts"),
    ],
)
def test_an_email_is_texts(changed: dict[str, Any], problem: str):
    found = email_problem({**EMAIL, **changed})
    assert problem in found
    assert bool(problem) == bool(found)
