"""Mistakes in what was given are told in one line: where, what, and what to do."""

import json

import pytest

from tests.trainer.conftest import chat
from trainer.__main__ import main
from trainer.errors import UserError
from trainer.examples import read_examples

GOOD = json.dumps(chat("Why?", "Because."))


@pytest.mark.parametrize(
    ("line", "where", "what"),
    [
        ("{", "line 2", "is not JSON"),
        ("[" * 100_000, "line 2", "is not JSON"),
        ("[1]", "line 2", 'has no list "messages"'),
        ('{"messages": []}', "line 2", 'has no list "messages"'),
        ('{"messages": [7]}', "line 2, messages[0]", "has the role null"),
        ('{"messages": [{"role": "bot", "content": "hi"}]}', "line 2, messages[0]", 'has the role "bot"'),
        ('{"messages": [{"role": ["user"], "content": "hi"}]}', "line 2, messages[0]", "has the role"),
        ('{"messages": [{"role": "user", "content": "  "}]}', "line 2, messages[0]", "has no text"),
        ('{"messages": [{"role": "user", "content": null}]}', "line 2, messages[0]", "has no text"),
        ('{"messages": [{"role": "user", "content": "hi"}]}', "line 2", "has no assistant message"),
        (json.dumps(chat("Hi", "<|end|>")), "line 2, messages[2]", "contains the control token <|end|>"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, where, what):
    path = tmp_path / "bad.jsonl"
    path.write_text(f"{GOOD}\n{line}\n", encoding="utf-8")
    with pytest.raises(UserError) as error:
        read_examples(path)
    assert str(error.value).startswith(f"{path}, {where}: ")
    assert what in str(error.value)
    assert "; " in str(error.value)


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"", "holds no examples"), (b"\n \n", "holds no examples"), (b"\xff\xfe{", "is not UTF-8 text")],
)
def test_a_bad_file_is_named(tmp_path, content, what):
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises(UserError, match=what):
        read_examples(path)


def test_a_mark_at_the_start_blank_lines_and_windows_line_ends_do_no_harm(tmp_path):
    path = tmp_path / "good.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode() + b"\r\n\r\n" + GOOD.encode())
    assert [example.line for example in read_examples(path)] == [1, 3]


def _with(arguments, name, value):
    at = arguments.index(name)
    return [*arguments[: at + 1], str(value), *arguments[at + 2 :]]


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("--train", "/no/such/file", "cannot be read (No such file or directory)"),
        ("--validation", "/", "cannot be read"),
        ("--base-model", "/no/such/folder", "is not a folder"),
        ("--base-model", "./nowhere", "is not a folder"),
        ("--num_train_epochs", "0", "is not a whole number from 1 to 1000000"),
        ("--num_train_epochs", "many", "is not a whole number from 1 to 1000000"),
        ("--output", "/dev/null/out", "cannot be written"),
    ],
)
def test_a_bad_argument_ends_with_one_line_and_code_2(arguments, capsys, name, value, what):
    assert main(_with(arguments, name, value)) == 2
    said = capsys.readouterr().err
    assert said.startswith("trainer: ")
    assert what in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({}, "has no readable config.json"),
        ({"config.json": "{"}, "has no readable config.json"),
        ({"config.json": "[]"}, "has no readable config.json"),
        ({"config.json": '{"model_type": "llama"}'}, 'says model_type "llama", not phi3'),
        ({"config.json": '{"model_type": "phi3"}'}, "has no weights"),
        ({"config.json": '{"model_type": "phi3"}', "model.safetensors": ""}, "has no tokenizer.json"),
        (
            {"config.json": '{"model_type": "phi3"}', "model.safetensors": "", "tokenizer.json": ""},
            "does not load",
        ),
        (
            {
                "config.json": '{"model_type": "phi3", "vocab_size": "many"}',
                "model.bin": "",
                "tokenizer.model": "",
            },
            "does not load",
        ),
    ],
)
def test_a_bad_base_folder_is_named(arguments, capsys, tmp_path, files, what):
    folder = tmp_path / "bad-base"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    assert main(_with(arguments, "--base-model", folder)) == 2
    said = capsys.readouterr().err
    assert what in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "what"),
    [
        ("--lora_r=0", "'0' is not a whole number from 1 to 512"),
        ("--lora_r=513", "'513' is not a whole number from 1 to 512"),
        ("--lora_alpha=0.5", "'0.5' is not a whole number from 1 to 4096"),
        ("--lora_dropout=1", "'1' is not a number from 0 to below 1"),
        ("--gradient_accumulation_steps=0", "'0' is not a whole number from 1 to 1024"),
        ("--per_device_train_batch_size=2000", "'2000' is not a whole number from 1 to 1024"),
        ("--max_seq_length=8", "'8' is not a whole number from 16 to 131072"),
        ("--packing=perhaps", "'perhaps' is neither on nor off"),
        ("--early_stopping_patience=-1", "'-1' is not a whole number from 0 to 1000"),
        ("--warmup_ratio=1.5", "'1.5' is not a number from 0 to below 1"),
        ("--weight_decay=-0.1", "'-0.1' is not a number from 0 to below 1"),
        ("--weight_decay=nan", "'nan' is not a number from 0 to below 1"),
        ("--seed=-1", "'-1' is not a whole number from 0 to 2147483647"),
        ("--save_steps=0", "'0' is not a whole number from 1 on"),
        ("--profile=large", "invalid choice: 'large'"),
    ],
)
def test_what_is_out_of_bounds_is_named_with_its_bounds(arguments, capsys, option, what):
    assert main([*arguments, option]) == 2
    said = capsys.readouterr().err
    assert option.split("=")[0] in said
    assert what in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "fast"])
def test_rates_must_be_above_zero(arguments, capsys, value):
    assert main([*arguments, f"--learning_rate={value}"]) == 2
    assert "is not a number above zero" in capsys.readouterr().err
