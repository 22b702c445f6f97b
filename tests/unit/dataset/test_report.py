"""The report: its JSON, its short reasons, its hash, and what strict changes."""

import hashlib
import json
from pathlib import Path

import pytest

from shared.core.dataset import reasons, report_json
from tests.unit.dataset.examples import check, codes, file_of, good, line, say

SAMPLES = Path(__file__).parents[3] / "samples"
NO_ANSWER = line(say("user", "Hi?"))


def test_the_written_report_has_the_documented_keys():
    report = check(file_of(b"bad", fill=12), manifest=b"licence: MIT\nretention: 9 days")
    written = json.loads(report_json(report))
    assert written["schema"] == "tunedrop/report/1"
    assert list(written) == [
        "schema",
        "accepted",
        "base_model",
        "counts",
        "files",
        "examples",
        "tokens",
        "split",
        "manifest",
        "hyperparameters",
        "content_hash",
        "measures",
        "findings",
    ]
    assert written["counts"] == {"error": 1, "warning": 1, "note": 0}
    assert written["files"][0] | {"sha256": ""} == {
        "name": "support.jsonl",
        "bytes": len(file_of(b"bad", fill=12)),
        "lines": 13,
        "blank_lines": 0,
        "examples": 12,
        "tokens": report.tokens,
        "longest": report.dataset.longest,
        "sha256": "",
        "counts": {"D02": 1, "R01": 1},
    }
    assert written["findings"][-1] == {
        "code": "R01",
        "severity": "error",
        "line": 1,
        "path": "",
        "message": "not JSON: Expecting value at character 1",
        "source": "Azure ML",
        "fix": "Mend the JSON; write lines with a JSON library.",
        "file": "support.jsonl",
    }


def test_an_accepted_report_tells_the_split_and_keeps_the_texts_to_itself():
    report = check(file_of(fill=20), manifest=b"seed: 7\nvalidation_share: 0.2")
    written = json.loads(report_json(report))
    assert written["split"] == {"seed": 7, "share": 0.2, "by": "prompt, near copies"}
    assert written["examples"] == {"training": 16, "validation": 4}
    assert report.system_message == "Help."
    assert "Help." not in report_json(report).decode()


@pytest.mark.parametrize(
    ("content", "validation", "manifest", "first"),
    [
        (
            file_of(b"bad", fill=10),
            None,
            None,
            "line 1: not JSON: Expecting value at character 1. Fix: Mend the JSON",
        ),
        (
            file_of(good(1), NO_ANSWER, NO_ANSWER, fill=10),
            None,
            None,
            "line 2: the assistant says nothing (and 1 more)",
        ),
        (b"", None, None, "the file is empty. Fix: Write one example per line."),
        (file_of(fill=10), b"bad\n", None, "support.validation.jsonl, line 1: not JSON"),
        (
            file_of(fill=10),
            None,
            b"epoch: 1",
            "support.yaml, line 1: unknown key 'epoch'; did you mean epochs? Fix",
        ),
        (file_of(fill=10), None, b"-", "support.yaml, line 1: the manifest is not a list"),
        (file_of(fill=10), None, b"\xff", "support.yaml: the manifest is not UTF-8"),
        (file_of(fill=10), None, None, "10 examples; more do better. Fix: Add examples."),
    ],
)
def test_a_reason_says_where_what_and_how_to_mend_it(content, validation, manifest, first):
    assert reasons(check(content, validation, manifest))[0].startswith(first)


def test_the_most_frequent_errors_come_first_and_no_more_than_asked_for():
    report = check(file_of(b"{}", NO_ANSWER, b"bad", NO_ANSWER, b"bad", NO_ANSWER, fill=10))
    assert [reason.split(".")[0] for reason in reasons(report, 2)] == [
        "line 2: the assistant says nothing (and 2 more)",
        "line 3: not JSON: Expecting value at character 1 (and 1 more)",
    ]


def test_strict_makes_errors_of_warnings():
    content = file_of(good(1), fill=60)
    assert check(content).accepted
    report = check(content, manifest=b"strict: true")
    assert not report.accepted
    assert reasons(report)[0].startswith("line 3: the same example as in line 1")


def test_the_content_hash_tells_any_change_of_what_was_dropped():
    dataset, validation, manifest = file_of(fill=12), good(90), b"epochs: 2"
    drops = [
        (dataset, None, None),
        (dataset + b"\n", None, None),
        (dataset, validation, None),
        (dataset, validation, manifest),
        (dataset, validation, b"epochs: 3"),
        (dataset, None, manifest),
        (dataset, None, b""),
    ]
    assert len({check(*drop).content_hash for drop in drops}) == len(drops)
    assert check(*drops[3]).content_hash == check(*drops[3], path="other/1.jsonl").content_hash


def test_the_same_file_for_another_default_base_model_is_another_drop():
    files = {None: set(), b"base_model: Phi-4": set()}
    for manifest, hashes in files.items():
        for default in ("Phi-4-mini-instruct", "Phi-4"):
            hashes.add(check(file_of(fill=12), manifest=manifest, default_base_model=default).content_hash)
    assert [len(hashes) for hashes in files.values()] == [2, 1]


def test_leaks_name_both_lines_and_the_validation_file():
    report = check(file_of(b"", fill=12), validation=file_of(good(50), good(3), good(4).replace(b"Answer", b"No")))
    leaks = [finding for finding in report.findings if finding.code == "D08"]
    assert [(leak.file, leak.line, leak.message) for leak in leaks] == [
        ("support.validation.jsonl", 2, "the same example as in line 5 of the dataset"),
        ("support.validation.jsonl", 3, "the same prompt as in line 6 of the dataset"),
    ]


def test_what_is_held_out_too_is_named_with_both_lines_and_both_files():
    exam, old = file_of(good(50), good(3)), file_of(b"", good(4).replace(b"Answer", b"No"))
    files = {"exam.held-out.jsonl": exam, "1.validation.jsonl": old}
    report = check(
        file_of(fill=12),
        manifest=b"held_out: exam.held-out.jsonl, 1.validation.jsonl",
        path="support/2.jsonl",
        held_out=lambda name: lambda: [files[name]],
    )
    assert [(leak.file, leak.line, leak.message) for leak in report.findings if leak.code == "D09"] == [
        ("support/2.jsonl", 4, "the same example as in line 2 of exam.held-out.jsonl"),
        ("support/2.jsonl", 5, "the same prompt as in line 2 of 1.validation.jsonl"),
    ]
    listed = json.loads(report_json(report))["files"]
    assert [(file["name"], file["examples"], file["sha256"]) for file in listed[1:3]] == [
        ("support/exam.held-out.jsonl", 2, hashlib.sha256(exam).hexdigest()),
        ("support/1.validation.jsonl", 1, hashlib.sha256(old).hexdigest()),
    ]
    assert report.split is None


def test_another_held_out_file_makes_another_hash():
    manifest = b"held_out: exam.held-out.jsonl"
    drops = (
        check(file_of(fill=12), manifest=manifest, held_out=lambda _, n=n: lambda: [good(n)]) for n in (50, 51)
    )
    assert len({drop.content_hash for drop in drops}) == 2


def test_thousands_of_copies_are_counted_and_the_first_are_listed():
    report = check(file_of(*[good(1)] * 3_000, fill=10), validation=file_of(*[good(2)] * 50))
    assert (report.count("D05"), report.count("D08")) == (3_000, 50)
    assert len([finding for finding in report.findings if finding.code == "D05"]) == 20


def test_the_sample_is_accepted():
    report = check((SAMPLES / "support.jsonl").read_bytes())
    assert report.accepted
    assert codes(report) == set()
    assert report.system_message


def test_the_broken_sample_shows_its_faults():
    report = check((SAMPLES / "broken.jsonl").read_bytes(), path="broken.jsonl")
    assert {"R01", "R02", "R03", "R04", "R07", "R09", "R10", "R11", "R14", "R16", "R24", "D05"} <= codes(report)
    assert not report.accepted
