"""The table of the dataset bench says of each row what it misses."""

from pathlib import Path

import pytest

from bench.datasets.aims import HEAD, against

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


@pytest.mark.parametrize(
    ("speed", "share", "peak_mb", "lines", "missed"),
    [
        (200, 0.5, 101, 62_500, "nothing"),
        (199, 0.5, 101, 62_500, "speed"),
        (200, 0.49, 101, 62_500, "share of the floor"),
        (200, 0.5, 102, 62_500, "memory"),
        (200, None, 260, 10_000_000, "nothing"),
        (45, 0.2, 261, 10_000_000, "speed, memory, share of the floor"),
    ],
)
def test_a_row_says_which_figures_miss_the_target(speed, share, peak_mb, lines, missed):
    assert against(speed, share, peak_mb, lines)[1] == missed


def test_the_page_says_of_each_file_what_its_figures_miss():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    begin = next(place for place, each in enumerate(lines) if each.startswith("| file | MB |"))
    rows = [[cell.strip() for cell in each.split("|")[1:-1]] for each in lines[begin : begin + 7]]
    assert tuple(rows[0][-2:]) == HEAD
    for _name, _, count, _, speed, share, peak, _, *told in rows[2:]:
        counted = int(count.replace(",", ""))
        assert tuple(told) == against(float(speed), float(share) if share else None, float(peak), counted)
