"""The command line counts tokens with a tokenizer, where one is given."""

import json

import pytest

from cli.__main__ import main
from shared.core.dataset.texts import TOKENS_PER_MESSAGE
from tests.unit.dataset.examples import file_of


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "good.jsonl").write_bytes(file_of(fill=60))
    return tmp_path


def test_tokens_are_counted_where_a_tokenizer_is_given(folder, capsys):
    tokenizers = pytest.importorskip("tokenizers")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    words.save(str(folder / "tokenizer.json"))
    options = ["--json", "--tokenizer", str(folder / "tokenizer.json")]
    assert main(["check", str(folder / "good.jsonl"), *options]) == 0
    tokens = json.loads(capsys.readouterr().out)["measures"]["tokens"]
    assert tokens["kind"] == "exact"
    assert tokens["files"]["training"]["longest"] == 1 + 2 + 2 + 3 * TOKENS_PER_MESSAGE


@pytest.mark.parametrize("content", [None, b"{}", b"\xff"])
def test_a_file_that_is_no_tokenizer_is_refused(folder, capsys, content):
    path = folder / "tokenizer.json"
    if content is not None:
        path.write_bytes(content)
    assert main(["check", str(folder / "good.jsonl"), "--tokenizer", str(path)]) == 2
    assert str(path) in capsys.readouterr().err
