"""The command line: what it says, what it writes, and its exit codes."""

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cli.__main__ import main
from cli.progress import reading
from shared.core.dataset.repair import ALL, FIXES
from tests.unit.dataset.examples import file_of, good, line, say

NO_ANSWER = line(say("user", "Hi?"))
GOOD = file_of(fill=60)
BROKEN = file_of(b"{}", b"{}", b"bad", good(1), fill=10)
MESSY = b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n") + b"\n" + good(1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in (("good", GOOD), ("broken", BROKEN), ("messy", MESSY)):
        (tmp_path / f"{name}.jsonl").write_bytes(content)
    return tmp_path


def lines_of(capsys) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_a_good_file_is_fit_to_train_on(folder, capsys):
    assert main(["check", str(folder / "good.jsonl")]) == 0
    said = lines_of(capsys)
    assert "Fit to train on: good.jsonl. No errors and no warnings." in said
    assert any(each.split() == ["Examples", "60", "(54", "train,", "6", "validate)"] for each in said)


def test_a_broken_file_is_told_rule_by_rule_with_lines_and_the_way_out(folder, capsys):
    assert main(["check", str(folder / "broken.jsonl")]) == 1
    said = lines_of(capsys)
    start = said.index("  R03  An example has messages: a list of 1 to 1000. broken 2 times")
    assert said[start - 1] == "Errors (they reject the dataset)"
    assert said[start + 1 : start + 3] == [
        '       lines 1-2: no "messages"',
        '       Fix: Write {"messages": [...]}. (Azure ML)',
    ]
    assert "Not fit to train on: broken.jsonl. 3 errors must be mended. Nothing was trained or spent." in said
    assert any(each.startswith("Some of it can be repaired: tunedrop repair") for each in said)


def test_what_lies_beside_the_file_is_checked_with_it(folder, capsys):
    (folder / "good.validation.jsonl").write_bytes(b"bad\n")
    (folder / "good.yaml").write_bytes(b"epoch: 1")
    assert main(["check", str(folder / "good.jsonl")]) == 1
    said = "\n".join(lines_of(capsys))
    assert "good.validation.jsonl: line 1: not JSON" in said
    assert "good.yaml: line 1: unknown key 'epoch'" in said


@pytest.mark.parametrize("also_right", [False, True])
def test_a_manifest_that_would_not_be_read_is_an_error(folder, capsys, also_right):
    (folder / "good.yml").write_bytes(b"budget: 5")
    if also_right:
        (folder / "good.yaml").write_bytes(b"budget: 5")
    assert main(["check", str(folder / "good.jsonl")]) == 1
    assert "good.yml is not read: nothing that it says would hold" in "\n".join(lines_of(capsys))


@pytest.mark.parametrize("change", [good(99) + b"\n", b"", b"x" * 1_000, b'{"messages": [{"role": ""}]}\n' * 60])
@pytest.mark.parametrize(("command", "module"), [("check", "cli.check"), ("repair", "cli.repair")])
def test_a_file_that_changes_while_it_is_read_is_an_error_of_its_own(
    folder, capsys, monkeypatch, change, command, module
):
    path, out, readings = folder / "good.jsonl", folder / "out.jsonl", []

    def chunks(file: Path) -> list[bytes]:
        readings.append(file)
        return [GOOD if len(readings) == 1 else change]

    monkeypatch.setattr(f"{module}.chunks", chunks)
    assert main([command, str(path), *([str(out)] if command == "repair" else [])]) == 2
    assert "good.jsonl changed while it was read" in capsys.readouterr().err
    assert not out.exists()


def test_a_validation_file_may_lie_elsewhere(folder, capsys):
    (folder / "other.txt").write_bytes(b"bad\n")
    assert main(["check", str(folder / "good.jsonl"), "--validation", str(folder / "other.txt")]) == 1
    assert "good.validation.jsonl: line 1: not JSON" in "\n".join(lines_of(capsys))


def test_only_the_first_messages_of_a_rule_are_shown(folder, capsys):
    path = folder / "many.jsonl"
    path.write_bytes(file_of(good(1), *[b'{"a": ' + b"1" * number + b"x" for number in range(1, 9)], fill=10))
    main(["check", str(path)])
    assert "       and 5 more of this kind" in lines_of(capsys)


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--strict"], 1)])
def test_strict_makes_errors_of_warnings(folder, capsys, options, code):
    path = folder / "few.jsonl"
    path.write_bytes(file_of(fill=20))
    assert main(["check", str(path), *options]) == code
    assert ("strict: warnings reject too" in capsys.readouterr().out) == bool(options)


def test_json_is_the_report_and_nothing_else(folder, capsys):
    assert main(["check", str(folder / "broken.jsonl"), "--json"]) == 1
    written = json.loads(capsys.readouterr().out)
    assert written["accepted"] is False
    assert written["files"][0]["counts"]["R03"] == 2


def test_html_is_written_where_asked(folder, capsys):
    assert main(["check", str(folder / "good.jsonl"), "--html", str(folder / "out.html")]) == 0
    assert "Drop it into the container datasets" in (folder / "out.html").read_text()
    assert f"The whole report: {folder / 'out.html'}" in lines_of(capsys)


@pytest.mark.parametrize("option", ["--base-model", "--model"])
def test_another_base_model_can_be_asked_for(folder, capsys, option):
    assert main(["check", str(folder / "good.jsonl"), option, "Phi-4"]) == 0
    assert "Phi-4 (3 epochs)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["check", "missing.jsonl"], "is not a file"),
        (["check", "good.jsonl", "--validation", "missing.jsonl"], "is not a file"),
        (["check", "good.jsonl", "--model", "GPT-9"], "GPT-9"),
        (["check", "good.jsonl", "--currency", "euro"], "three capital letters"),
        (["check", "good.jsonl", "--html", "no/folder/out.html"], "No such file or directory"),
        (["check", "notes.txt"], "does not end with .jsonl"),
        (["repair", "missing.jsonl", "out.jsonl"], "is not a file"),
        (["repair", "messy.jsonl", "messy.jsonl"], "the input is never changed"),
        (["repair", "messy.jsonl", "link.jsonl", "--force"], "the input is never changed"),
        (["repair", "messy.jsonl", "broken.jsonl"], "--force replaces it"),
        (["repair", "table.jsonl", "out.jsonl"], "nothing was written"),
        (["repair", "messy.jsonl", "no/folder/out.jsonl"], "No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_explained_and_leaves_everything_as_it_was(
    folder, capsys, monkeypatch, arguments, reason
):
    (folder / "notes.txt").write_text("x")
    (folder / "table.jsonl").write_text("name;age\nann;7\n")
    (folder / "link.jsonl").symlink_to(folder / "messy.jsonl")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.chdir(folder)
    assert main(arguments) == 2
    assert reason in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_repair_writes_a_new_file_and_tells_each_change(folder, capsys):
    out = folder / "mended.jsonl"
    assert main(["repair", str(folder / "messy.jsonl"), str(out)]) == 0
    said = lines_of(capsys)
    assert "  took off the byte-order mark" in said
    assert "  ended with LF: lines 1-20 and 41 more" in said
    assert "  took out blank lines: line 61" in said
    assert "  took out copies of earlier examples: line 62" in said
    assert out.read_bytes() == GOOD
    assert (folder / "messy.jsonl").read_bytes() == MESSY


def test_repair_names_what_it_does_not_touch(folder, capsys):
    assert main(["repair", str(folder / "broken.jsonl"), str(folder / "out.jsonl")]) == 1
    said = "\n".join(lines_of(capsys))
    assert "Not touched, since only you know what is right:" in said
    assert "R03  An example has messages: a list of 1 to 1000. broken once" in said  # the other was a copy


@pytest.mark.parametrize(("text", "rule", "code"), [("\u200b", "R27b", 0), (" \n", "R11", 1)])
def test_repair_names_a_text_that_it_would_empty(folder, capsys, text, rule, code):
    (folder / "blank.jsonl").write_bytes(file_of(line(say("user", "Hi?"), say("assistant", text)), fill=60))
    assert main(["repair", str(folder / "blank.jsonl"), str(folder / "out.jsonl")]) == code
    said = "\n".join(lines_of(capsys)).partition("Not touched, since only you know what is right:")[2]
    assert f"  {rule} " in said
    assert (folder / "out.jsonl").read_bytes() == (folder / "blank.jsonl").read_bytes()


def test_a_fix_can_be_switched_off(folder, capsys):
    out = folder / "mended.jsonl"
    assert main(["repair", str(folder / "messy.jsonl"), str(out), "--no-bom", "--no-duplicates"]) == 0
    assert out.read_bytes() == b"\xef\xbb\xbf" + GOOD + good(1) + b"\n"


def test_force_replaces_what_is_there(folder, capsys):
    out = folder / "broken.jsonl"
    assert main(["repair", str(folder / "good.jsonl"), str(out), "--force"]) == 0
    assert out.read_bytes() == GOOD
    assert "There was nothing to repair." in lines_of(capsys)


def test_a_name_that_is_no_datasets_is_repaired_but_not_checked(folder, capsys):
    assert main(["repair", str(folder / "messy.jsonl"), str(folder / "out.txt")]) == 0
    assert "Not checked, for its name" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("prices", "told"),
    [
        ([], set()),
        (["--price-per-1000-tokens", "1000"], {"training", "currency"}),
        (["--hosting-per-hour", "0.5"], {"hosting_per_day", "currency"}),
    ],
)
def test_the_cost_is_told_where_prices_are_given(folder, capsys, prices, told):
    assert main(["check", str(folder / "good.jsonl"), "--json", "--currency", "EUR", *prices]) == 0
    cost = json.loads(capsys.readouterr().out)["measures"]["cost"]
    assert cost.keys() & {"training", "hosting_per_day", "currency"} == told
    assert cost.get("training", cost["trained_tokens"]) == cost["trained_tokens"]
    assert cost.get("hosting_per_day", 12) == 12
    assert cost.get("currency", "EUR") == "EUR"


def test_each_fix_has_its_switch(capsys):
    assert main(["repair", "--help"]) == 0
    said = capsys.readouterr().out
    assert set(re.findall(r"--no-([a-z-]+)", said)) == ALL
    letters = "".join(said.lower().split())  # lines are folded anywhere
    assert [fix.no for fix in FIXES if "".join(fix.no.lower().split()) not in letters] == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        ([], 2),
        (["check"], 2),
        (["surprise"], 2),
        (["check", "good.jsonl", "--surprise"], 2),
        (["check", "good.jsonl", "--price-per-1000-tokens", "-1"], 2),
    ],
)
def test_a_command_line_that_is_none_ends_with_2(capsys, arguments, code):
    assert main(arguments) == code
    out, err = capsys.readouterr()
    assert (out if code == 0 else err).startswith("Usage: tunedrop")


@pytest.mark.parametrize(("terminal", "said"), [(True, "6/6 bytes"), (False, "")])
def test_the_reading_is_shown_where_somebody_looks(terminal, said):
    screen = Console(file=StringIO(), force_terminal=terminal, width=80, color_system=None)
    with reading(6, screen) as shown:
        assert list(shown([b"abc", b"def"])) == [b"abc", b"def"]
    assert said in screen.file.getvalue()
    assert bool(screen.file.getvalue()) == terminal
