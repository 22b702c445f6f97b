"""docs/doctor.md has each check of the preflight, in its order, with what follows where it is not fine."""

from pathlib import Path

from cli.doctor import EXIT_CODES
from shared.preflight import CHECKS
from shared.preflight.looking import DEADLINE

PAGE = Path("docs/doctor.md").read_text(encoding="utf-8")


def test_the_page_has_each_check_and_what_follows_where_it_is_not_fine():
    rows = [line.strip("|").split("|") for line in PAGE.split("## The checks")[1].splitlines() if line[:1] == "|"]
    cells = [[cell.strip() for cell in row] for row in rows[2:]]
    assert [(row[0], row[2]) for row in cells] == [(check.name, check.means) for check in CHECKS]
    assert all(row[1] and row[3] for row in cells)


def test_the_page_names_deadline_and_exit_codes():
    assert f"within {DEADLINE:g} seconds" in " ".join(PAGE.split())
    assert {f"| {code} |" in PAGE for code in EXIT_CODES.values()} == {True}
