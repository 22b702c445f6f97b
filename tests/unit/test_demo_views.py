"""What the demo reads out of a dataset, a run, a card, an e-mail and a block."""

import json

import pytest

from demo.examples import Example, examples_in, telling
from demo.steps import Recall
from demo.views import block_text, card_lines, email_lines, loss_text, run_of


def line(*texts: str) -> str:
    roles = ["system", *["user", "assistant"] * 9]
    return json.dumps({"messages": [{"role": r, "content": t} for r, t in zip(roles, texts, strict=False)]})


def test_an_example_is_a_question_and_the_answer_that_the_file_gives():
    (example,) = examples_in(line("be kind", "hello?", "hi") + "\n\n")
    assert (example.question, example.answer, example.is_single) == ("hello?", "hi", True)
    assert example.messages() == [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "hello?"},
    ]


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("Press the button.", True),
        (" Press the button.\n", True),
        ("press the button.", False),
        ("Press the  button.", False),
        ("Press the button. Now.", False),
        ("", False),
    ],
)
def test_an_answer_is_exact_word_for_word(text, exact):
    assert Example((("user", "How?"),), "Press the button.").is_answered_by(text) is exact


def test_the_telling_examples_are_single_questions_of_middle_and_greatest_length():
    texts = [("s", "a", "1"), ("s", "b", "22"), ("s", "c", "333"), ("s", "d", "1", "e", "4444")]
    middle, longest = telling(examples_in("\n".join(line(*one) for one in texts)))
    assert (middle.question, longest.question) == ("b", "c")


def test_a_dataset_without_two_single_questions_is_refused():
    with pytest.raises(ValueError, match="two examples"):
        telling(examples_in(line("s", "a", "1")))


@pytest.mark.parametrize(("exact", "enough"), [(50, True), (45, True), (44, False), (0, False)])
def test_nine_tenths_of_the_answers_must_be_exact(exact, enough):
    assert Recall(50, exact).is_enough is enough


def view(**changes: object) -> dict[str, object]:
    plain = {
        "id": "r1",
        "model": "support",
        "dataset": "support.jsonl",
        "state": "training",
        "reasons": [],
        "base_model": "Phi-4-mini-instruct",
        "training_examples": 54,
        "validation_examples": 6,
        "job": {"name": "j", "status": "Running", "metrics": {"train_loss": 1.5}},
    }
    return plain | changes


@pytest.mark.parametrize(
    ("state", "ended"),
    [("received", False), ("training", False), ("abandoning", False), ("serving", True), ("rejected", True)],
)
def test_a_run_ends_in_its_final_states(state, ended):
    assert run_of(view(state=state)).has_ended is ended


def test_a_run_knows_the_states_that_it_was_in():
    history = [{"at": "t", "state": state, "reasons": []} for state in ("received", "submitting")]
    assert run_of(view(history=history)).states == ("received", "submitting")
    assert run_of(view()).states == ()


@pytest.mark.parametrize(
    ("metrics", "text"),
    [
        ({}, ""),
        ({"train_loss": 1.23456}, "loss 1.23"),
        ({"eval_loss": 0.5, "train_loss": 0.25, "learning_rate": 1}, "loss 0.25, eval loss 0.5"),
    ],
)
def test_the_loss_is_shown_and_nothing_else(metrics, text):
    assert loss_text(metrics) == text


def test_a_card_is_told_by_its_texts_and_facts_in_order():
    body = [
        {"type": "TextBlock", "text": "support is serving"},
        {"type": "Container", "items": [{"type": "TextBlock", "text": "inside"}]},
        {"type": "RichTextBlock", "inlines": [{"text": "to the "}, {"text": "letter"}]},
        {"type": "Container", "isVisible": False, "items": [{"type": "TextBlock", "text": "hidden"}]},
        {"type": "FactSet", "facts": [{"title": "Run", "value": "r1"}]},
    ]
    actions = [{"title": "Read the report", "url": "https://x.example/?sig=s"}, {"title": "Try it"}]
    message = {"body": {"attachments": [{"content": {"body": body, "actions": actions}}]}}
    lines = ["support is serving", "inside", "to the letter", "Run: r1", "[Read the report] [Try it]"]
    assert list(card_lines(message)) == lines


def test_an_email_is_told_by_recipients_subject_and_text():
    body = {
        "recipients": {"to": [{"address": "a@x.example"}, {"address": "b@x.example"}]},
        "content": {"subject": "It serves", "plainText": "one\n\ntwo: https://x.example/a?sig=secret\n"},
    }
    assert list(email_lines({"body": body})) == [
        "To: a@x.example, b@x.example",
        "Subject: It serves",
        "one",
        "two: https://x.example/a?...",
    ]


@pytest.mark.parametrize(
    ("results", "text"),
    [
        (
            {"violence": {"filtered": True, "severity": "high"}, "hate": {"filtered": False, "severity": "safe"}},
            "violence (high)",
        ),
        ({"jailbreak": {"filtered": True, "detected": True}}, "jailbreak (detected)"),
        ({}, "no category was named"),
    ],
)
def test_a_block_is_told_by_the_categories_that_were_filtered(results, text):
    assert block_text({"innererror": {"content_filter_result": results}}) == text


def test_a_block_without_details_is_told_plainly():
    assert block_text(None) == block_text({"code": "content_filter"}) == "no category was named"
