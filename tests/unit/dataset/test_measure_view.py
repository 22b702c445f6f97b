"""What a measure's summary looks like in the report, whatever the measure."""

import pytest

from shared.core.dataset.measure_view import MOST_BARS, Bar, blocks_of, text_of, words


@pytest.mark.parametrize(
    ("value", "label", "text"),
    [
        (True, "Kept", "yes"),
        (1234567, "Kept", "1,234,567"),
        (0.123456, "Kept", "0.1235"),
        (12345.6, "Kept", "12,346"),
        ("estimate", "Kept", "estimate"),
        ([1, "a"], "Kept", "1, a"),
        ([{"a": 2, "long_name": "b"}], "Kept", "A 2, Long name b"),
        ({"only": 1}, "Kept: only", "1"),
        ({"a": "b"}, "Kept: a", "b"),
        ({"deep": {"a": "b"}}, "Kept: deep: a", "b"),
    ],
)
def test_a_value_is_a_fact_in_words(value, label, text):
    (block,) = blocks_of({"near_duplicates": {"kept": value}})
    assert (block.title, block.facts, block.charts) == ("Near duplicates", ((label, text),), ())


@pytest.mark.parametrize(
    "counts",
    [
        {"0-63": 5, "64-127": 10, "from 128": 0},
        [
            {"from": 0, "to": 63, "count": 5},
            {"from": 64, "to": 127, "count": 10},
            {"from": 128, "to": None, "count": 0},
        ],
    ],
    ids=["map", "bins"],
)
def test_counts_are_bars_the_longest_as_long_as_can_be(counts):
    (block,) = blocks_of({"tokens": {"histogram": counts}})
    labels = ("0-63", "64-127", "From 128") if isinstance(counts, dict) else ("0-63", "64-127", "from 128")
    assert block.charts[0].title == "Histogram"
    assert block.charts[0].bars == tuple(
        Bar(label, value, share)
        for label, (value, share) in zip(labels, [("5", 50), ("10", 100), ("0", 0)], strict=True)
    )


@pytest.mark.parametrize("measures", [{}, {"cost": {}}, {"cost": {"price": None, "rows": []}}])
def test_a_measure_with_nothing_to_show_is_left_out(measures):
    assert blocks_of(measures) == ()


def test_a_chart_has_a_bounded_number_of_bars():
    (block,) = blocks_of({"turns": {"counts": {str(number): 0 for number in range(100)}}})
    assert len(block.charts[0].bars) == MOST_BARS
    assert block.charts[0].further == 100 - MOST_BARS


def test_a_long_list_is_cut():
    assert text_of(list(range(100))).endswith(f"and {100 - MOST_BARS} more")
    assert text_of(None) == "None"


def test_keys_become_words():
    assert [words(key) for key in ("longest_example", "words_p95", "p5", "R01", "")] == [
        "Longest example",
        "Words, percentile 95",
        "Percentile 5",
        "R01: A line is valid JSON.",
        "",
    ]


def test_what_is_counted_by_another_word_is_a_chart_too():
    (block,) = blocks_of(
        {"links": {"sites": [{"site": "a.example", "links": 4}, {"site": "b.example", "links": 1}]}}
    )
    assert [(bar.label, bar.value) for bar in block.charts[0].bars] == [("a.example", "4"), ("b.example", "1")]


def test_a_share_is_a_percentage():
    (block,) = blocks_of({"answers": {"share_of_refusals": 0.0312}})
    assert block.facts == (("Share of refusals", "3.1%"),)


def test_lengths_of_each_file_are_charts_with_their_bounds():
    bins = [{"from": 0, "below": 1, "examples": 2}, {"from": 64, "below": 128, "examples": 9}]
    (block,) = blocks_of({"tokens": {"kind": "estimate", "files": {"training": {"total": 7, "histogram": bins}}}})
    assert block.facts == (("How they were counted", "estimate"), ("Training: total", "7"))
    (shown,) = block.charts
    assert shown.title == "Training: histogram"
    assert [(bar.label, bar.value) for bar in shown.bars] == [("0", "2"), ("64-127", "9")]


def test_a_rule_that_was_looked_for_says_what_it_is():
    (block,) = blocks_of({"texts": {"R01": 0, "R02": 3}, "empty": {}})
    assert block.title == "Looked for in texts"
    assert block.facts == (("R01: A line is valid JSON.", "holds"), ("R02: A line is a JSON object.", "3"))
