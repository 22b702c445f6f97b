"""Telling: what a message knows beyond its run, and what happens where that cannot be learned."""

import logging

import pytest

from shared.core.messages import unlinked
from shared.core.run import State
from shared.errors import ServiceRefused, ServiceUnavailable
from tests.unit.world import World


def served(world: World) -> str:
    run_id = world.receive(world.drop())
    world.tick(6)
    assert world.run(run_id).state is State.SERVING
    return run_id


def test_a_message_knows_the_history_the_report_and_the_app():
    world = World()
    run_id = served(world)
    background = world.email.backgrounds[-1]
    assert [moment.state for moment in background.history][-1] == "serving"
    assert background.report.url.startswith(f"https://st.example/reports/{run_id}/report.html?")
    assert background.app_address == "https://app.example"


@pytest.mark.parametrize(
    "error", [ServiceUnavailable("blob storage", "503"), ServiceRefused("blob storage", "no right", 403)]
)
def test_without_a_key_for_links_the_message_goes_out_and_says_where_the_report_lies(
    error: Exception, caplog: pytest.LogCaptureFixture
):
    world = World()
    for _channel in (world.teams, world.email):
        world.reports.fail_next("place_of", error)
    run_id = world.receive(world.drop())
    with caplog.at_level(logging.WARNING):
        world.tick(6)
    first = world.email.backgrounds[0]
    assert world.email.sent[0].run.state is State.TRAINING
    assert first.report == unlinked(run_id)
    assert "its report is told without a link" in caplog.text


def test_no_link_is_logged(caplog: pytest.LogCaptureFixture):
    world = World()
    with caplog.at_level(logging.DEBUG):
        served(world)
    assert world.email.backgrounds[-1].report.url
    assert "sig=" not in caplog.text


def test_a_file_in_a_wrong_place_has_no_report_to_tell_of():
    world = World()
    world.reports.fail_next("place_of", ServiceUnavailable("blob storage", "503"))
    world.receive(world.drop("a/b/deep.jsonl"))
    world.tick(2)
    assert [background.report for background in world.email.backgrounds] == [None]


def test_the_owner_hears_of_a_rejection_and_the_system_message_is_not_kept():
    world = World()
    world.datasets.drop("support.yaml", b"owner: ann@example.com\nnotify: bob@example.com", world.now)
    run_id = world.receive(world.drop(content=b'{"messages": [{"role": "system", "content": "secret"}]}\n'))
    world.tick(2)
    checked = world.email.sent[-1].run.checked
    assert world.run(run_id).state is State.REJECTED
    assert (checked.owner, checked.notify, checked.system_message) == ("ann@example.com", "bob@example.com", "")
