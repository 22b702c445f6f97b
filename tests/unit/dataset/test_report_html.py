"""report.html: one page that says what to do, runs nothing, and holds no text of the dataset."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from shared.core.dataset.cost import Prices
from shared.core.dataset.report import Report, report_json
from shared.core.dataset.report_html import report_html, size
from tests.unit.dataset.examples import check, file_of, good, line, say

RUN = "r" + "0" * 20
EVIL = '<script>alert("x")</script><img src=x onerror=alert(1)>'
VOID = {"meta", "link", "img", "br"}


class Tags(HTMLParser):
    """The tags of a page; fails where one is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value for name, value in attrs if name == "id"]
        self.targets += [value for name, value in attrs if name == "href"]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    @classmethod
    def of(cls, page: str) -> "Tags":
        tags = cls()
        tags.feed(page)
        assert tags._open == []
        return tags


def page_of(report: Report, run_id: str = RUN) -> str:
    return report_html(report, run_id, datetime(2026, 11, 20, 12, 34, tzinfo=UTC)).decode()


def words_of(page: str) -> str:
    body = page.partition("<body")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_an_accepted_dataset_needs_nothing_and_shows_its_figures():
    report = check(file_of(fill=60), manifest=b"epochs: 2\nowner: ann@example.org")
    words = words_of(page_of(report))
    for said in (
        "Fit to train on",
        "Nothing: TuneDrop trains on it",
        "54 train, 6 validate",
        "2 epochs",
        "ann@example.org",
    ):
        assert said in words
    for said in (f"Run {RUN}", "Checked 2026-11-20 12:34 UTC", report.dataset.sha256, f"{report.tokens:,}"):
        assert said in words


def test_a_dataset_that_was_not_dropped_yet_is_to_be_dropped():
    page = words_of(report_html(check(file_of(fill=60))).decode())
    assert "Drop it into the container datasets." in page
    assert "Checked" not in page


def test_a_rejected_dataset_says_first_what_to_mend():
    report = check(file_of(b"{}", b"{}", b"bad", line(say("user", "Hi?")), b"\xff", fill=10))
    words = words_of(page_of(report))
    verdict = words.index("Not fit to train on")
    assert verdict < words.index("Write {&#34;messages&#34;: [...]}. R03, 2 times") < words.index("Errors")
    assert "5 errors must be mended. Nothing was trained or spent." in words
    assert "Mend 1 more kind of errors" in words
    assert "lines 1-2" in words


def test_a_screening_under_way_leaves_the_verdict_open():
    report = replace(check(file_of(fill=60)), measures={"screening": {"state": "under way"}})
    words = words_of(page_of(report))
    assert "Fit so far" in words
    assert "TuneDrop screens it for harm" in words
    assert "Fit to train on" not in words


@pytest.mark.parametrize(
    ("manifest", "verdict", "said"),
    [
        (b"", "Fit to train on", "No errors, 2 warnings."),
        (b"strict: true", "Not fit to train on", "strict: warnings reject too"),
    ],
)
def test_strict_is_explained(manifest, verdict, said):
    words = words_of(page_of(check(file_of(good(1), fill=20), manifest=manifest)))
    assert verdict in words
    assert said in words


@pytest.mark.parametrize(
    "report",
    [
        check(file_of(fill=60)),
        check(b""),
        check(file_of(b"bad", good(1), fill=3), validation=file_of(good(1)), manifest=b"epoch: 1"),
        check(file_of(b"{}", fill=10), path=f"{EVIL}.jsonl"),
        replace(check(file_of(fill=12)), measures={EVIL: {EVIL: EVIL, "n": {EVIL: 1, "b": 2}}}),
    ],
    ids=["accepted", "empty", "three files", "evil name", "evil measures"],
)
def test_the_page_is_whole_and_fetches_and_runs_nothing(report):
    page = page_of(report)
    tags = Tags.of(page)
    assert not tags.names & {"script", "link", "img", "iframe", "object", "form", "base"}
    assert not {name for name in tags.attributes if name.startswith("on")} | tags.attributes & {"src"}
    assert all(target.startswith("#") for target in tags.targets)
    assert {target[1:] for target in tags.targets} <= set(tags.ids)
    assert len(tags.ids) == len(set(tags.ids))
    assert not re.search(r"url\(|@import|https?:", page)
    assert "default-src 'none'" in page


def test_a_datasets_words_are_masked_or_text():
    secret = "the whole secret text of somebody"
    lines = [line(say(EVIL, secret)), line(say("user", secret), **{EVIL: 1}), b"<script>" + secret.encode()]
    page = page_of(check(file_of(*lines, fill=10), path="a<b>&.jsonl"))
    assert "<script" not in page
    assert secret not in page
    assert "a&lt;b&gt;&amp;.jsonl" in page


def test_measures_are_shown_as_facts_and_bars():
    measures = {
        "tokens": {"kind": "estimate", "histogram": [{"from": 0, "to": 63, "count": 9}, {"from": 64, "count": 3}]}
    }
    page = page_of(replace(check(file_of(fill=12)), measures=measures))
    words = words_of(page)
    assert "Tokens How they were counted estimate Histogram 0-63 9 from 64 3" in words
    assert 'style="width:33.33%"' in page


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        ({"trained_tokens": 12_000}, "Tokens to train 12,000 of all epochs; no price is set"),
        (
            {"trained_tokens": 12_000, "hosting_per_day": 13.4, "currency": "EUR"},
            "Tokens to train 12,000 of all epochs; hosting costs 13.40 EUR a day",
        ),
        (
            {"trained_tokens": 12_000, "training": 0.4, "hosting_per_day": 13.4, "currency": "EUR"},
            "Cost of training 0.40 EUR 12,000 tokens; hosting costs 13.40 EUR a day",
        ),
        ({"trained_tokens": 12_000, "training": 1234.5}, "Cost of training 1,234.50 12,000 tokens"),
        (
            {"trained_tokens": 9, "estimated_hours": 0.001},
            "Tokens to train 9 of all epochs, less than a minute; no",
        ),
        ({"trained_tokens": 9, "training": 1, "estimated_hours": 0.5}, "1.00 9 tokens, about 30 minutes"),
        ({"trained_tokens": 9, "training": 1, "estimated_hours": 49.4}, "1.00 9 tokens, about 49 hours"),
        (
            {"trained_tokens": 9, "training": 1, "estimated_hours": 0.5, "gpus": 2},
            "1.00 9 tokens, about 30 minutes besides the start of the machine",
        ),
        ({"trained_tokens": 9, "gpus": 2}, "GPUs that share the training 2"),
        ({"trained_tokens": 9, "estimated_hours": 1.2}, "Estimated time, without queue about 1 hour"),
        ({"trained_tokens": 9, "hosting_per_day": 19.2, "currency": "EUR"}, "Hosting per day 19.20 EUR"),
    ],
)
def test_what_training_costs_stands_at_the_top(cost, said):
    assert said in words_of(page_of(replace(check(file_of(fill=60)), measures={"cost": cost})))


@pytest.mark.parametrize(
    ("kind", "said"), [("exact", "counted; the longest"), ("estimate", "estimated; the longest")]
)
def test_it_says_how_tokens_were_counted(kind, said):
    report = replace(check(file_of(fill=60)), measures={"tokens": {"kind": kind}})
    assert said in words_of(page_of(report))
    assert json.loads(report_json(report))["tokens"]["kind"] == kind


def test_long_lists_are_folded_and_hold_all_that_is_listed():
    page = page_of(check(file_of(*(good(number) for number in range(20)), fill=20)))
    shown, folded = page.split("<details>")
    assert "<summary>14 more</summary>" in folded
    assert "line 26" in shown
    assert "line 40" in folded


def test_a_page_shows_lengths_balance_copies_split_and_cost():
    labels = (
        line(say("user", f"Is {number} odd?"), say("assistant", "yes" * (number % 2) or "no"))
        for number in range(60)
    )
    report = check(file_of(*labels), prices=Prices(0.01, 0.5, "EUR"))
    words = words_of(page_of(report))
    for part in (
        "Split Training 54 Validation 6",
        "Copies (none is best)",
        "Training: histogram",
        "Near copies (none is best)",
        "Labels no. 1 30 no. 2 30",
        "Evenness of labels 100.0%",
        "Answers per example 1 60",
        "Hosting per day 12.00 EUR",
        "Estimated time, without queue less than a minute",
    ):
        assert part in words


def test_copies_are_shown_in_numbers():
    content = file_of(good(1), good(2).replace(b"Answer", b"Another"), fill=60)
    words = words_of(page_of(check(content, validation=file_of(good(3), good(99)))))
    assert (
        "Copies (none is best) The same example twice 1 Same prompt, another answer 1 In the validation file too 1"
        in words
    )


def test_what_is_counted_but_not_listed_is_told():
    words = words_of(page_of(check(file_of(*[b"{}"] * 1_500, fill=10))))
    assert "1,500 times" in words
    assert "and 1,480 more that are counted but not listed" in words


def test_the_templates_lie_beside_the_code():
    folder = Path(__file__).parents[3] / "shared" / "core" / "dataset" / "templates"
    assert {path.name for path in folder.iterdir()} == {"report.html", "report.css"}


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 KB"),
        (25_932, "25.9 KB"),
        (1_234_567, "1.23 MB"),
        (5 * 10**12, "5 TB"),
    ],
)
def test_a_size_has_the_unit_that_fits(count, text):
    assert size(count) == text
