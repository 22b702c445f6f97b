"""The least that a moderating proxy does: Starlette, aiohttp, the same four calls, no rules, no keys, no limits.

Usage: python -m bench.proxy.reference PORT UPSTREAM-FOLDER
"""

import argparse
import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


def application(url: str) -> Starlette:
    """Return the proxy to an upstream: prompt checks beside the model, then the answer's check."""
    sessions: list[aiohttp.ClientSession] = []

    async def post(path: str, body: object) -> dict:
        async with sessions[0].post(url + path, json=body) as response:
            return json.loads(await response.read())

    async def analyzed(text: str) -> bool:
        found = await post("/contentsafety/text:analyze?api-version=2024-09-01", {"text": text})
        return all(one["severity"] < 4 for one in found["categoriesAnalysis"])

    async def shielded(text: str) -> bool:
        body = {"userPrompt": text, "documents": []}
        found = await post("/contentsafety/text:shieldPrompt?api-version=2024-09-01", body)
        return not found["userPromptAnalysis"]["attackDetected"]

    async def chat(request: Request) -> Response:
        body = json.loads(await request.body())
        prompt = "\n".join(message["content"] for message in body["messages"])
        answer, *passed = await asyncio.gather(
            post("/v1/chat/completions", body), analyzed(prompt), shielded(prompt)
        )
        text = answer["choices"][0]["message"]["content"]
        if not all(passed) or not await analyzed(text):
            return JSONResponse({"error": {"message": "blocked", "code": "content_filter"}}, 400)
        return JSONResponse(answer)

    @asynccontextmanager
    async def connected(_app: Starlette) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as session:
            sessions.append(session)
            yield

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])], lifespan=connected)


def main() -> None:
    """Serve with uvicorn's defaults, as most do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path)
    chosen = parser.parse_args()
    url = json.loads((chosen.folder / "upstream.json").read_text())["plain"]
    uvicorn.run(application(url), host="127.0.0.1", port=chosen.port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
