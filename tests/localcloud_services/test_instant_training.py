"""Jobs that are over at once and endpoints that only echo: for tests of everything around training."""

from collections.abc import Iterator

import pytest

from localcloud.control import Training
from tests.localcloud_services.conftest import JOBS, Served, job_body


@pytest.fixture
def instant(here: Served) -> Iterator[Served]:
    here.cloud.control.training = Training("instant")
    yield here
    here.cloud.control.training = Training()


def submitted(here: Served, name: str) -> None:
    body = job_body("azureml://datastores/tunedrop/paths/none.jsonl", outputs__registered_model__assetName=name)
    assert here.arm("PUT", f"/jobs/{name}", JOBS, body).status == 201


def asked(here: Served, uri: str, key: str, **request: object) -> dict:
    body = {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Who is there?"}]}
    bearer = {"Authorization": f"Bearer {key}"}
    answer = here.call("POST", f"{uri}/v1/chat/completions", body | request, audience=None, headers=bearer)
    return dict(answer.body)


@pytest.mark.parametrize(("most", "text", "reason"), [(None, "Who is there?", "stop"), (2, "Who is ", "length")])
def test_a_job_that_trains_nothing_leaves_an_endpoint_that_echoes(instant: Served, most, text, reason):
    name = f"instant-{most}"
    submitted(instant, name)
    instant.until(lambda: instant.job_status(name), "Completed")
    answer = asked(instant, *instant.deployed(f"td-{name}", name), max_tokens=most)
    (choice,) = answer["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == (text, reason)
    assert answer["usage"]["prompt_tokens"] == 5


def test_a_job_may_take_its_time_and_be_canceled(instant: Served):
    instant.cloud.control.training = Training("instant", 3600)
    submitted(instant, "instant-slow")
    instant.until(lambda: instant.job_status("instant-slow"), "Running")
    assert instant.arm("POST", "/jobs/instant-slow/cancel", JOBS).status == 202
    instant.until(lambda: instant.job_status("instant-slow"), "Canceled")
