"""docs/cli.md has each command, each option of its own has a word of help, and each variable is read."""

import re
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from cli.__main__ import root

PAGE = Path("docs/cli.md").read_text(encoding="utf-8")


def commands() -> dict[str, object]:
    """Return every command by how it is called."""
    found: dict[str, object] = {}
    for name, command in get_command(root).commands.items():
        if isinstance(command, TyperGroup):
            found |= {f"{name} {inner}": each for inner, each in command.commands.items()}
        else:
            found[name] = command
    return found


def test_the_page_has_each_command_and_no_other_one():
    rows = re.findall(r"^\| `tunedrop ((?:[a-z-]+ ?)+?)(?: [A-Z\[\] ]+)?` \|", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(commands())


@pytest.mark.parametrize("name", sorted(commands()))
def test_each_option_says_what_it_does(name):
    command = commands()[name]
    assert command.help
    assert [parameter.name for parameter in command.params if not getattr(parameter, "help", "")] == []


@pytest.mark.parametrize("option", sorted(set(re.findall(r"--[a-z][a-z0-9-]+", PAGE))))
def test_each_option_on_the_page_exists(option):
    known = {
        name
        for command in commands().values()
        for each in command.params
        for name in each.opts + each.secondary_opts
    }
    assert option in known | {"--help", "--install-completion"}


@pytest.mark.parametrize("variable", re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
def test_each_variable_on_the_page_is_read(variable):
    assert any(f'"{variable}"' in path.read_text(encoding="utf-8") for path in Path("cli").glob("*.py"))
