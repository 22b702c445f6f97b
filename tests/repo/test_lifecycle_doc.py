"""The page about a run's life says what the table says."""

from pathlib import Path

from tests.repo.lifecycle_doc import page


def test_the_page_is_made_from_the_table():
    assert Path("docs/lifecycle.md").read_text(encoding="utf-8") == page(), (
        "run: python -m tests.repo.lifecycle_doc > docs/lifecycle.md"
    )
