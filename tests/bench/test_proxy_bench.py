"""The bench of the endpoint runs: a few requests for each contestant that needs no download, and a short soak."""

import asyncio

from bench.proxy.__main__ import OURS, REFERENCE, bench
from bench.proxy.soak import endpoint, soak


def test_the_bench_writes_a_row_for_each_contestant():
    tables = bench(1, 10, 1, with_litellm=False)
    assert "requests failed" not in tables
    assert f"| {OURS} |" in tables
    assert f"| {REFERENCE} |" in tables


def test_a_short_soak_leaves_nothing_behind(capsys):
    with endpoint() as (server, control):
        assert asyncio.run(soak(server, control, 2.0)) == []
    assert "answers" in capsys.readouterr().out
