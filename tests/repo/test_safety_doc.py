"""The page about safety says what the code does."""

from shared.core.chat_message import ECHOED, KNOWN, ROLES
from tests.repo.safety_doc import MESSAGES, PAGE, TABLE, TABLES, filled


def test_the_tables_are_made_from_the_code():
    page = PAGE.read_text(encoding="utf-8")
    assert {found[2] for found in TABLE.finditer(page)} == TABLES.keys()
    assert page == filled(page), "run: python -m tests.repo.safety_doc"


def test_every_field_of_a_message_is_in_the_tables():
    assert {*MESSAGES, "role"} == KNOWN
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"messages[].{name}" in page for name in ECHOED)
    assert set(ROLES.values()) == {"system", "user", "assistant", "tool"}
