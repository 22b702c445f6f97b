"""The bench of the endpoint runs: a few requests for each contestant that needs no download, and a short soak."""

import asyncio

import pytest

from bench.proxy.__main__ import OURS, OURS_TLS, REFERENCE, bench
from bench.proxy.aims import aim_rows
from bench.proxy.load import Times
from bench.proxy.measure import Figures
from bench.proxy.soak import endpoint, soak


def test_the_bench_writes_a_row_for_each_contestant():
    tables = bench(1, 10, 1, with_litellm=False)
    assert "requests failed" not in tables
    assert f"| {OURS} |" in tables
    assert f"| {REFERENCE} |" in tables
    assert f"| target | {OURS} | {OURS_TLS} |" in tables


@pytest.mark.parametrize(
    ("cpu", "peak_mb", "peer", "said"),
    [
        (0.5, 99.6, 5.0, ["met: 0.50", "met: 2000", "met: 10.00", "met: 100"]),
        (1.004, 100.4, 5.0, ["met: 1.00", "missed: 996", "missed: 4.98", "met: 100"]),
        (1.006, 100.6, 20.0, ["missed: 1.01", "missed: 994", "met: 19.88", "missed: 101"]),
        (0.5, 50.0, None, ["met: 0.50", "met: 2000", "met: 50"]),
    ],
)
def test_each_figure_is_held_against_its_target(cpu, peak_mb, peer, said):
    times = {1: [Times(whole=[0.0015])]}
    figures = Figures(cpu=[9.0, cpu], times=times, slow=[360.4], first=[1.0], first_typed=[512.0], peak_mb=peak_mb)
    lines = list(aim_rows({OURS: figures}, 0.1, None if peer is None else Figures(cpu=[peer])))
    found = dict(lines[1:])
    assert [found[name] for name in found if any(word in name for word in ("CPU", "requests/s", "MB"))] == said
    assert list(found.values())[-1] == "missed: 512"
    assert "met: 1.4" in found.values()
    assert "met: 360" in found.values()


def test_a_short_soak_leaves_nothing_behind(capsys):
    with endpoint() as (server, control):
        assert asyncio.run(soak(server, control, 2.0)) == []
    assert "answers" in capsys.readouterr().out
