"""Findings as people read them."""

import pytest

from shared.core.dataset.findings import Severity
from shared.core.dataset.grouping import Told, groups_of, spans, totals
from tests.unit.dataset.examples import check, file_of, good, line, say

NO_ANSWER = line(say("user", "Hi?"))


@pytest.mark.parametrize(
    ("lines", "text"),
    [([], ""), ([7], "7"), ([3, 4, 5, 9], "3-5, 9"), ([1, 3, 4], "1, 3-4"), ([2, 2], "2, 2")],
)
def test_neighbouring_lines_are_drawn_together(lines, text):
    assert spans(lines) == text


def test_errors_come_first_and_the_most_frequent_of_them_before_others():
    groups = groups_of(check(file_of(good(1), b"bad", NO_ANSWER, NO_ANSWER, fill=10)))
    assert [(group.code, group.times) for group in groups] == [
        ("R12", 2),
        ("R01", 1),
        ("D02", 1),
        ("D05", 1),
    ]
    assert groups[0].severity is Severity.ERROR


def test_the_same_message_is_told_once_with_all_its_lines():
    group = groups_of(check(file_of(b"{}", b"{}", good(1), b"{}", fill=10)))[0]
    assert (group.code, group.often) == ("R03", "3 times")
    assert group.told == (Told('no "messages"', "$", (1, 2, 4)),)
    assert group.told[0].where == "lines 1-2, 4"


def test_what_is_about_the_whole_file_has_no_line():
    group = groups_of(check(b""))[0]
    assert (group.code, group.often, group.told[0].where) == ("F02", "once", "")


def test_what_is_counted_but_not_listed_is_told():
    group = groups_of(check(file_of(*[b"{}"] * 50, fill=10)))[0]
    assert (group.times, group.unlisted, group.told[0].where) == (50, 30, "lines 1-20")


def test_each_file_has_its_own_group():
    groups = groups_of(check(file_of(b"bad", fill=60), validation=b"bad\n"))
    assert [group.file for group in groups if group.code == "R01"] == ["support.jsonl", "support.validation.jsonl"]


def test_totals_count_what_is_not_listed_too():
    found = totals(groups_of(check(file_of(*[b"{}"] * 50, fill=10))))
    assert found[Severity.ERROR] == 50
    assert found[Severity.NOTE] == 1
