"""The question that `make up` proposes is one of the sample's."""

import json
from pathlib import Path

from localcloud.welcome import QUESTION


def test_the_proposed_question_is_in_the_sample():
    lines = Path("samples/support.jsonl").read_text(encoding="utf-8").splitlines()
    trained = [json.loads(line)["messages"][:-1] for line in lines]
    assert json.loads(QUESTION)["messages"] in trained
