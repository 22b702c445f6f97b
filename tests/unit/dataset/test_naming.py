"""Which blobs are datasets, and which model they train."""

import pytest

from shared.core.dataset.naming import DatasetName, NotADataset, dataset_of


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("support.jsonl", "support"),
        ("support/2026-11-20.jsonl", "support"),
        ("support/any name, really (2).jsonl", "support"),
        ("Support.jsonl", "support"),
        ("gpt-mini_v1.5.jsonl", "gpt-mini_v1.5"),
        ("2026-11-20.jsonl", "2026-11-20"),
        ("a.jsonl", "a"),
        ("a" * 64 + ".jsonl", "a" * 64),
        ("support.jsonl/x.jsonl", "support.jsonl"),
    ],
)
def test_a_dataset_trains_the_model_of_its_folder_or_name(path, model):
    assert dataset_of(path) == DatasetName(path, model)


def test_validation_file_and_manifest_lie_beside_it():
    name = dataset_of("support/2026.jsonl")
    assert (name.validation_path, name.manifest_path) == ("support/2026.validation.jsonl", "support/2026.yaml")


def test_a_held_out_file_lies_in_the_same_folder():
    assert dataset_of("support.jsonl").held_out_path("exam.held-out.jsonl") == "exam.held-out.jsonl"
    assert dataset_of("support/2.jsonl").held_out_path("1.validation.jsonl") == "support/1.validation.jsonl"


@pytest.mark.parametrize(
    "name",
    [
        "exam.jsonl",
        "../exam.held-out.jsonl",
        "other/exam.held-out.jsonl",
        "/exam.held-out.jsonl",
        ".exam.held-out.jsonl",
        "exam.held-out.jsonl\n",
        "..held-out.jsonl",
        "%2e%2e/exam.held-out.jsonl",
        "exam\\a.held-out.jsonl",
        "a" * 300 + ".held-out.jsonl",
        "",
    ],
)
def test_a_name_that_leads_elsewhere_is_no_held_out_file(name):
    with pytest.raises(ValueError, match="is no name of a held-out file"):
        dataset_of("support.jsonl").held_out_path(name)


@pytest.mark.parametrize(
    ("path", "expected", "reason"),
    [
        ("support.validation.jsonl", True, "a validation file"),
        ("support/1.validation.jsonl", True, "a validation file"),
        ("support.held-out.jsonl", True, "a held-out file"),
        ("support/exam.held-out.jsonl", True, "a held-out file"),
        ("support.yaml", True, "a manifest"),
        ("support/", True, "a folder"),
        ("support.report.json", True, "a report"),
        ("support/1.report.html", True, "a report"),
        (".support.jsonl", True, "hidden"),
        (".git/support.jsonl", True, "hidden"),
        ("support/.jsonl", True, "hidden"),
        ("", False, "does not end with .jsonl"),
        ("support.json", False, "does not end with .jsonl"),
        ("support.JSONL", False, "does not end with .jsonl"),
        ("support.yml", False, "a manifest's name ends with .yaml"),
        ("team/support/1.jsonl", False, "too deep"),
        ("my data.jsonl", False, "call it my-data"),
        ("größe/1.jsonl", False, "call it gr-e"),
        ("-support.jsonl", False, "call it support"),
        ("/support.jsonl", False, "no name for a model"),
        ("a" * 65 + ".jsonl", False, "at most 64"),
        ("日本.jsonl", False, "no name for a model"),
    ],
)
def test_another_blob_is_none_and_says_why(path, expected, reason):
    with pytest.raises(NotADataset) as refused:
        dataset_of(path)
    assert reason in refused.value.reason
    assert refused.value.expected is expected
