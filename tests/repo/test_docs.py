"""The pages agree with the code, and their links lead somewhere."""

import json
import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

from localcloud.app_settings import app_settings
from localcloud.azurite import ACCOUNT
from localcloud.ports import DEFAULT
from localcloud.stand_ins import urls_of
from shared.settings import OPTIONAL, REQUIRED

ROOT = Path(__file__).resolve().parents[2]
OURS = [path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "." and path.name != "node_modules"]
PAGES = sorted(
    page.relative_to(ROOT)
    for page in [*ROOT.glob("*.md"), *(page for folder in OURS for page in folder.rglob("*.md"))]
)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
EACH_START_ANEW = "from: python -m localcloud env"


def text_of(page: Path | str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def rows_of(page: str, heading: str = "") -> list[list[str]]:
    """Return the cells of a page's table rows, without heads; of one section where a heading is given."""
    text = text_of(page)
    if heading:
        text = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in row] for row in rows]
    return [row for row in cells if row[0] not in ("variable", "word")]


def documented(heading: str = "") -> dict[str, list[str]]:
    return {row[0].strip("`"): row for row in rows_of("docs/settings.md", heading)}


def example() -> dict[str, str]:
    return json.loads(text_of("local.settings.json.example"))["Values"]


def composed() -> dict[str, str]:
    """Return what the local cloud composes on its default ports."""
    shared: dict[str, str] = {}
    cloud = SimpleNamespace(urls=urls_of(DEFAULT, ACCOUNT), ca_file="ca.pem", shared=SecretForEach(shared))
    return app_settings(cloud)


class SecretForEach(dict[str, str]):
    """What the stand-ins share, before they have made their secrets."""

    def __missing__(self, name: str) -> str:
        return f"secret {name}"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_inside_the_repository_leads_to_something(page):
    missing = [link for link in LINK.findall(text_of(page)) if not (ROOT / page).parent.joinpath(link).exists()]
    assert missing == []


def test_every_setting_that_the_app_reads_is_explained_with_its_default():
    variables = dict.fromkeys(REQUIRED.values(), "required") | dict(OPTIONAL.values())
    explained = {name: row[3].strip("`") for name, row in documented("What the app reads").items()}
    assert explained == variables


def test_the_example_of_core_tools_has_exactly_what_the_local_cloud_composes():
    values, cloud = example(), composed()
    assert set(values) == set(cloud)
    fixed = {name: value for name, value in values.items() if value != EACH_START_ANEW}
    assert fixed == {name: cloud[name] for name in fixed}


def test_every_setting_is_explained_and_every_explained_one_exists():
    assert set(documented()) - set(documented("Only on Azure")) == set(example())


def test_no_secret_has_a_value_in_the_example():
    secrets = {name for name, row in documented().items() if "yes" in row[-1]}
    assert secrets == {"TEAMS_WEBHOOK_URL", "IDENTITY_HEADER"}
    assert {example()[name] for name in secrets} == {EACH_START_ANEW}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_make_command_on_a_page_is_in_the_makefile(page):
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    named = set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)", text_of(page), re.MULTILINE))
    assert {one or other for one, other in named} <= targets


@pytest.mark.parametrize("module", sorted(set(re.findall(r"python -m (\w+)", text_of("README.md")))))
def test_every_python_command_of_the_readme_has_its_program(module):
    assert (ROOT / module / "__main__.py").is_file()


@cache
def sources() -> list[str]:
    folders = ("shared", "localcloud", "functions", "tests")
    return [path.read_text(encoding="utf-8") for folder in folders for path in (ROOT / folder).rglob("*.py")]


def words() -> list[str]:
    return [row[0] for row in rows_of("docs/glossary.md")]


def test_each_word_of_the_glossary_is_explained_once():
    assert len(words()) == len(set(words())) > 0


@pytest.mark.parametrize("word", words())
def test_each_word_of_the_glossary_is_used_in_the_code(word):
    form = re.compile(rf"\b{word.replace(' ', '[ _]')}", re.IGNORECASE)
    assert any(form.search(source) for source in sources())
