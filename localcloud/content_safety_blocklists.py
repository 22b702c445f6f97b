"""Content Safety's blocklists: made, filled, listed page by page, and searched."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from localcloud.content_safety_words import phrase_pattern

NAME = re.compile(r"[0-9A-Za-z._~-]{1,64}")
MOST_ITEMS = 100  # per request
LONGEST_ITEM = 128  # code points
LONGEST_DESCRIPTION = 1024


class InvalidRequest(Exception):
    """A request that Content Safety refuses: status, code, message, and the field it is about."""

    def __init__(
        self, message: str, target: str = "", status: int = 400, code: str = "InvalidRequestBody"
    ) -> None:
        super().__init__(message)
        self.message, self.target, self.status, self.code = message, target, status, code


@dataclass(frozen=True)
class Item:
    """One entry of a blocklist."""

    text: str
    description: str = ""
    is_regex: bool = False
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def found_in(self, text: str) -> bool:
        """Tell whether the text holds this entry."""
        if self.is_regex:
            return re.search(self.text, text, re.IGNORECASE) is not None
        return phrase_pattern([self.text]).search(text) is not None

    def json(self) -> dict[str, Any]:
        """Return the entry as the service shows it."""
        shown = {"blocklistItemId": self.id, "description": self.description}
        return {**shown, "text": self.text, "isRegex": self.is_regex}


@dataclass
class Blocklist:
    """A named list of entries."""

    name: str
    description: str = ""
    items: dict[str, Item] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """Return the list as the service shows it, without its entries."""
        return {"blocklistName": self.name, "description": self.description}

    def add(self, given: object) -> list[Item]:
        """Add entries, or replace those with the same text; raises InvalidRequest."""
        entries = _few(given, "blocklistItems")
        items = [_item(entry) for entry in entries]
        by_text = {item.text: item for item in self.items.values()}
        for number, item in enumerate(items):
            known = by_text.get(item.text)
            if known:
                items[number] = item = Item(item.text, item.description, item.is_regex, known.id)
            self.items[item.id] = item
        return items

    def remove(self, given: object) -> None:
        """Remove entries by id; raises InvalidRequest when one is not there."""
        ids = [str(identifier) for identifier in _few(given, "blocklistItemIds")]
        missing = [identifier for identifier in ids if identifier not in self.items]
        if missing:
            raise InvalidRequest(f"there is no item {missing[0]!r}", "blocklistItemIds", 404, "ResourceNotFound")
        for identifier in ids:
            self.items.pop(identifier, None)


@dataclass
class Blocklists:
    """Every blocklist of the resource."""

    lists: dict[str, Blocklist] = field(default_factory=dict)

    def named(self, name: str) -> Blocklist:
        """Return one list; raises InvalidRequest (404) when it is not there."""
        if name not in self.lists:
            raise InvalidRequest(f"there is no blocklist {name!r}", "blocklistName", 404, "ResourceNotFound")
        return self.lists[name]

    def save(self, name: str, body: dict[str, Any]) -> bool:
        """Create or change a list; tells whether it is new."""
        if not NAME.fullmatch(name):
            raise InvalidRequest(f"{name!r} is not a blocklist name", "blocklistName", 400, "InvalidResourceName")
        description = _text(body, "description", LONGEST_DESCRIPTION, required=False)
        new = name not in self.lists
        self.lists.setdefault(name, Blocklist(name)).description = description
        return new

    def matches(self, names: Sequence[str], text: str) -> list[dict[str, str]]:
        """Return every entry of the named lists that the text holds."""
        return [
            {"blocklistName": name, "blocklistItemId": item.id, "blocklistItemText": item.text}
            for name in names
            for item in self.named(name).items.values()
            if item.found_in(text)
        ]


def _few(given: object, field_name: str) -> list[Any]:
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_ITEMS:
        raise InvalidRequest(f"{field_name} must be a list of 1 to {MOST_ITEMS}", field_name)
    return given


def _item(entry: object) -> Item:
    if not isinstance(entry, dict):
        raise InvalidRequest("an item must be an object", "blocklistItems")
    text = _text(entry, "text", LONGEST_ITEM, required=True)
    is_regex = entry.get("isRegex", False)
    if not isinstance(is_regex, bool):
        raise InvalidRequest("isRegex must be true or false", "isRegex")
    if is_regex:
        try:
            re.compile(text)
        except re.error as error:
            raise InvalidRequest(f"{text!r} is not a regular expression: {error}", "text") from error
    return Item(text, _text(entry, "description", LONGEST_DESCRIPTION, required=False), is_regex)


def _text(body: dict[str, Any], name: str, longest: int, *, required: bool) -> str:
    value = body.get(name, None if required else "")
    if not isinstance(value, str) or len(value) > longest or (required and not value):
        raise InvalidRequest(f"{name} must be a text of at most {longest} characters", name)
    return value
