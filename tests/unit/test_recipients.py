"""Who is written to: the team always, others only where the settings let the app write."""

import pytest

from shared.core.recipients import domains_of, recipients_of
from shared.core.run import Checked

TEAM = ("team@tunedrop.example", "ops@other.org")
SENDER = "donotreply@sender.example"


@pytest.mark.parametrize(
    ("setting", "domains"),
    [
        ("recipients", {"tunedrop.example", "other.org", "sender.example"}),
        ("Example.com , b.org", {"example.com", "b.org"}),
    ],
)
def test_the_domains_are_those_of_the_setting(setting: str, domains: set[str]):
    assert domains_of(setting, TEAM, SENDER) == domains


@pytest.mark.parametrize(
    ("owner", "notify", "more", "unwritten"),
    [
        ("", "", (), ()),
        ("ann@example.com", "", ("ann@example.com",), ()),
        ("ann@example.com", "bob@example.com,ann@example.com", ("ann@example.com", "bob@example.com"), ()),
        ("Ann@EXAMPLE.com", "ann@example.com", ("Ann@EXAMPLE.com",), ()),
        ("the support team", "", (), ()),
        ("ann@evil.example", "bob@example.com", ("bob@example.com",), ("ann@evil.example",)),
        ("x@sub.example.com", "x@notexample.com", (), ("x@sub.example.com", "x@notexample.com")),
        ("x@example.com@evil.org", "", (), ("x@example.com@evil.org",)),
        ("OPS@other.org", "", (), ()),  # of the team, though its domain is not among those allowed
    ],
)
def test_those_whom_a_manifest_names_are_written_to_within_the_domains(
    owner: str, notify: str, more: tuple[str, ...], unwritten: tuple[str, ...]
):
    found = recipients_of(Checked(owner=owner, notify=notify), TEAM, frozenset({"example.com"}))
    assert (found.to, found.unwritten) == ((*TEAM, *more), unwritten)
