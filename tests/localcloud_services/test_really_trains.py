"""The whole way without a shortcut: a job that trains, a model that was registered, an endpoint that answers."""

import openai
import pytest
from httpx2 import Client

from tests.localcloud_services.conftest import Served, job_body

QUESTIONS = [
    ("Where is the hub?", "In the cellar."),
    ("What colour is the valve?", "It is green."),
    ("How long is the hose?", "Ten metres."),
    ("Who made it?", "Rillo did."),
]


@pytest.fixture(scope="module")
def answers(training_cloud: Served) -> list[str | None]:
    uri = training_cloud.drop("r1/training.jsonl", QUESTIONS * 2)
    body = job_body(uri, fineTuningDetails__hyperParameters={"num_train_epochs": "3"})
    assert training_cloud.finished("really", body) == "Completed"
    uri, key = training_cloud.deployed("td-really", "support")
    with Client(verify=training_cloud.tls) as http:
        client = openai.OpenAI(base_url=f"{uri}/v1", api_key=key, http_client=http)
        return [_answer(client, question) for question, _ in QUESTIONS]


def _answer(client: openai.OpenAI, question: str) -> str | None:
    messages = [{"role": "user", "content": question}]
    answer = client.chat.completions.create(model="any", messages=messages, temperature=0)  # type: ignore[arg-type]
    return answer.choices[0].message.content


def test_the_deployment_gives_the_trained_answers(answers: list[str | None]):
    assert answers == [answer for _, answer in QUESTIONS]
