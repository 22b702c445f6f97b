"""The inbox as a page: cards and e-mails as a person would read them, newest first."""

from collections.abc import Iterator
from html import escape
from typing import Any

HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>TuneDrop: local inbox</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 42rem; padding: 1rem; }
  h1 { font-size: 1.25rem; }
  article { border: 1px solid #8886; border-radius: .5rem; margin: 1rem 0; padding: 0 1rem .5rem; }
  article { overflow-wrap: anywhere; }
  header { color: #777; font-size: .85rem; padding-top: .6rem; }
  h2 { font-size: 1.05rem; margin: .4rem 0; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .5rem 0; }
  dt { font-weight: 600; }
  dd { margin: 0; }
  pre { white-space: pre-wrap; font: inherit; }
</style>
<h1>What TuneDrop told the team</h1>
"""
EMPTY = "<p>Nothing yet. Drop a dataset into the container <code>datasets</code>.</p>"
SAFE_LINKS = ("https://", "http://", "mailto:")


def page(messages: list[dict[str, Any]]) -> str:
    """Return the HTML page for messages in the order given; everything that was sent is escaped."""
    return HEAD + ("".join(_article(message) for message in messages) or EMPTY)


def _article(message: dict[str, Any]) -> str:
    shown = _card(message["body"]) if message["channel"] == "teams" else _email(message["body"])
    when = escape(message["at"][:19].replace("T", " "))
    name = "Teams" if message["channel"] == "teams" else "E-mail"
    return f"<article><header>{name} · {when} UTC</header>{shown}</article>\n"


def _email(body: dict[str, Any]) -> str:
    content = body["content"]
    recipients = ", ".join(one["address"] for one in body["recipients"]["to"])
    text = content.get("plainText") or "(HTML only)"
    facts = _facts([("From", body["senderAddress"]), ("To", recipients)])
    return f"<h2>{escape(content['subject'])}</h2>{facts}<pre>{escape(text)}</pre>"


def _card(body: dict[str, Any]) -> str:
    cards = [attachment["content"] for attachment in body["attachments"]]
    return "".join(part for card in cards for part in _elements([*card["body"], *_actions(card)]))


def _actions(element: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**action, "type": "Action"} for action in element.get("actions", [])]


def _elements(elements: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the HTML of a card's elements, those inside containers and columns included."""
    first = True
    for element in elements:
        kind = element.get("type")
        if kind == "TextBlock":
            text, tag = escape(str(element.get("text", ""))), "h2" if first else "p"
            yield f"<{tag}>{text}</{tag}>"
            first = False
        elif kind == "FactSet":
            yield _facts(
                [(str(fact.get("title", "")), str(fact.get("value", ""))) for fact in element.get("facts", [])]
            )
        elif kind == "Action":
            yield _link(str(element.get("title", "")), str(element.get("url", "")))
        else:
            inner = element.get("items") or element.get("columns") or []
            yield from _elements([*inner, *_actions(element)])


def _facts(facts: list[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{escape(title)}</dt><dd>{escape(value)}</dd>" for title, value in facts)
    return f"<dl>{rows}</dl>"


def _link(title: str, url: str) -> str:
    if not url.startswith(SAFE_LINKS):
        return f"<p>{escape(title)}</p>"
    return f'<p><a href="{escape(url)}">{escape(title)}</a></p>'
