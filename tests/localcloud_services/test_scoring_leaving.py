"""A client that leaves stops the writing, whether it wanted a stream or a whole answer."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from localcloud.azure_ml.workspace import Endpoint, Model, workspace_of
from localcloud.scoring_worker.client import Worker
from tests.localcloud_services.conftest import ENDLESS_WORKER, STAND_IN_TRAINER, Served, calm, served_cloud

BODY = {"messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Served]:
    worker = Worker(tmp_path / "worker.log", ENDLESS_WORKER)
    with served_cloud(tmp_path, STAND_IN_TRAINER, calm(), worker) as cloud:
        facts = {"baseModelId": "azureml://registries/azureml/models/Phi-4"}
        model = Model("endless", "1", "job", tmp_path, facts)
        workspace_of(cloud.cloud).endpoints["td"] = Endpoint("td", model, provisioning="Succeeded")
        yield cloud


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_leaves_stops_the_writing(endless: Served, tmp_path: Path, stream: bool):
    key = workspace_of(endless.cloud).endpoints["td"].primary_key
    url = f"{endless.urls['scoring']}/endpoints/td/v1/chat/completions"
    headers, body = {"Authorization": f"Bearer {key}"}, {**BODY, "stream": stream}
    async with httpx2.AsyncClient(verify=endless.tls, headers=headers) as http:
        if stream:
            async with http.stream("POST", url, json=body) as answer:
                await anext(answer.aiter_lines())
        else:
            with pytest.raises(httpx2.ReadTimeout):
                await http.post(url, json=body, timeout=1.0)
    log = tmp_path / "worker.log"
    await asyncio.to_thread(endless.until, lambda: log.read_text("utf-8").strip(), "canceled 1")
