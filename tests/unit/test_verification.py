"""What a first answer must be like before a model's name points at the deployment."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.core.openai_errors import ApiError
from shared.core.run import Checked, Run, State
from shared.errors import ServiceUnavailable
from shared.ports import Deployment
from shared.verification import problem_of

NOW = datetime(2026, 11, 20, tzinfo=UTC)
KIND = Checked(system_message="Be kind.")
RUN = Run("r1", "support", "support.jsonl", "0x1", NOW, State.VERIFYING, NOW, checked=KIND)
DEPLOYMENT = Deployment("support", "r1", "td-r1", "https://e", "Phi-4-mini-instruct", NOW, NOW)


def saying(content: str | None, finish: str = "stop"):
    async def ask(_deployment: Deployment, _request: dict[str, Any]) -> dict[str, Any]:
        return {"choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": finish}]}

    return ask


def refusing(status: int, code: str):
    async def ask(_deployment: Deployment, _request: dict[str, Any]) -> dict[str, Any]:
        raise ApiError(status, "no", code)

    return ask


@pytest.mark.parametrize(
    ("ask", "problem"),
    [
        (saying("Yes."), None),
        (saying("Yes, of", "length"), None),
        (saying(""), "empty"),
        (saying(None), "empty"),
        (saying("  \n"), "empty"),
        (saying("", "content_filter"), "blocked"),
        (refusing(404, "not_found"), "404 not_found"),
        (refusing(400, "content_filter"), "400 content_filter"),
    ],
)
async def test_a_first_answer_is_judged(ask, problem):
    found = await problem_of(DEPLOYMENT, RUN, ask)
    assert found is None if problem is None else problem in found


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_service_that_is_away_is_asked_again(status):
    with pytest.raises(ServiceUnavailable):
        await problem_of(DEPLOYMENT, RUN, refusing(status, "x"))


async def test_the_question_is_asked_in_the_datasets_setting():
    asked: list[dict[str, Any]] = []

    async def ask(deployment: Deployment, request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request)
        return await saying("Yes.")(deployment, request)

    await problem_of(DEPLOYMENT, RUN, ask)
    assert asked[0]["messages"][0] == {"role": "system", "content": "Be kind."}
