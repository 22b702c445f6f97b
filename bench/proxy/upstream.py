"""All that the endpoint asks, in one process with settable latencies: models, Content Safety, identity, tables.

Usage: python -m bench.proxy.upstream FOLDER    (writes its certificate and `upstream.json` with both URLs there)
"""

import argparse
import asyncio
import hashlib
import itertools
import json
import ssl
from collections import Counter
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import trustme

from bench.proxy.wire import Requests, message

KEY = "td-bench"
MODEL, BASE_MODEL = "support", "Phi-4-mini-instruct"
TOKENS = 300  # of a streamed answer, of about four characters each
FAR = "2999-01-01T00:00:00+00:00"
BEGUN = "2026-01-01T00:00:00+00:00"
SAFE = json.dumps(
    {
        "blocklistsMatch": [],
        "categoriesAnalysis": [
            {"category": name, "severity": 0} for name in ("Hate", "SelfHarm", "Sexual", "Violence")
        ],
    }
).encode()
MARK = "@@@@"  # stands where each answer has another word, so that no cache of verdicts knows it
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
ANSWER = f"{MARK} The hub has three years of warranty, the valves and sensors have two. " + "Ask again! " * 20
USAGE = {"prompt_tokens": 40, "completion_tokens": 60, "total_tokens": 100}
COMPLETION = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": BASE_MODEL,
    "choices": [{"index": 0, "message": {"role": "assistant", "content": ANSWER}, "finish_reason": "stop"}],
    "usage": USAGE,
}
COMPLETED = json.dumps(COMPLETION).encode()


def chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    """Return one server-sent event of a streamed answer."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": BASE_MODEL, "choices": [choice]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


FRAMES = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "w00 "}),
    *(chunk({"content": MARK}) for _ in range(TOKENS - 1)),
    chunk({}, "stop"),
    b"data: [DONE]\n\n",
]
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Upstream:
    """Answers by path; counts what it is asked."""

    def __init__(self) -> None:
        self.seconds = {"model": 0.0, "check": 0.0, "token": 0.0}
        self.fault_every = 0  # every so many calls of a model or a check fail; 0: none
        self.asked: Counter[str] = Counter()
        self.url = ""
        self._numbers = itertools.count()

    def answer(self, connection: Requests, head: bytes, body: bytes) -> None:
        """Answer one request, at once or when its time has come."""
        method, target, _rest = head.split(b" ", 2)
        path = unquote(target.decode()).partition("?")[0]
        if path.endswith("/chat/completions"):
            self._model(connection, body)
        elif "/contentsafety/" in path:
            kind = path.rpartition(":")[2]
            self._later(connection, kind, "check", message(SAFE if kind == "analyze" else shield(body)))
        elif path == "/control":
            connection.say(message(self._control(body)))
        elif path.startswith("/keys(") and method != b"GET":  # the last use of the key
            connection.say(NO_CONTENT)
        else:
            self.asked["other"] += 1
            found = self._row(path) or (b"{}" if method != b"GET" else None)
            connection.say(message(found) if found else message(NO_ROW, b"404 Not Found"))

    def _control(self, body: bytes) -> bytes:
        wanted = json.loads(body or b"{}")
        self.fault_every = int(wanted.pop("fault_every", self.fault_every))
        asked = json.dumps(self.asked).encode()
        if wanted.pop("reset", False):
            self.asked.clear()
        self.seconds |= {name: float(value) / 1000 for name, value in wanted.items()}
        return asked

    def _later(self, connection: Requests, kind: str, latency: str, raw: bytes) -> None:
        self.asked[kind] += 1
        seconds = self.seconds[latency]
        if self.fault_every and self.asked.total() % self.fault_every == 0:
            raw = FAULTS[self.asked.total() // self.fault_every % len(FAULTS)]
            seconds = seconds if raw else HANGING
        say = connection.cut if raw in (CUT, b"") else connection.say
        if seconds:
            connection.later = asyncio.get_running_loop().call_later(seconds, say, raw)
        else:
            say(raw)

    def _model(self, connection: Requests, body: bytes) -> None:
        if b'"stream":true' not in body.replace(b" ", b""):
            self._later(connection, "model", "model", message(COMPLETED.replace(MARK.encode(), self._word())))
            return
        self.asked["model"] += 1
        loop = asyncio.get_running_loop()
        connection.later = loop.call_later(self.seconds["model"], self._stream, connection, self._word(), 0)

    def _word(self) -> bytes:
        """Return another word of four characters each time, for a million times."""
        number = next(self._numbers)
        return "".join(DIGITS[number // 36**place % 36] for place in range(4)).encode()

    def _stream(self, connection: Requests, word: bytes, place: int) -> None:
        """Send the next frame, or all at once where a token takes no time."""
        step = self.seconds["token"]
        frames = FRAMES[place : place + 1] if step else FRAMES
        raw = b"".join(b"%x\r\n%s\r\n" % (len(frame), frame) for frame in frames).replace(MARK.encode(), word)
        last = place + len(frames) == len(FRAMES)
        connection.say((STREAM_HEAD if place == 0 else b"") + raw + (b"0\r\n\r\n" if last else b""))
        if not last:
            loop = asyncio.get_running_loop()
            connection.later = loop.call_later(step, self._stream, connection, word, place + len(frames))

    def _row(self, path: str) -> bytes | None:
        if path.endswith("/listKeys"):
            return json.dumps({"primaryKey": "upstream", "secondaryKey": "upstream"}).encode()
        if path == "/msi/token":
            token = {"access_token": "t", "expires_on": "32503680000", "resource": "r", "token_type": "Bearer"}
            return json.dumps(token).encode()
        rows = {"/keys(": key_row(), "/models(": model_row(self.url)}
        found = next((row for start, row in rows.items() if path.startswith(start)), None)
        return json.dumps(found).encode() if found else None


HANGING = 5.0  # seconds until a call without an answer is cut: longer than any check may take
CUT = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut"
FAULTS = [
    message(b"{}", b"503 Service Unavailable"),
    message(b"{}", b"429 Too Many Requests"),
    message(b"not JSON"),
    CUT,
    b"",
]
NO_CONTENT = b'HTTP/1.1 204 No Content\r\netag: W/"1"\r\n\r\n'
NO_ROW = b'{"odata.error": {"code": "ResourceNotFound", "message": {"lang": "en-us", "value": "none"}}}'


def shield(body: bytes) -> bytes:
    """Return that there is no attack, in the prompt and in each document."""
    documents = json.loads(body).get("documents") or []
    found = [{"attackDetected": False} for _ in documents]
    return json.dumps({"userPromptAnalysis": {"attackDetected": False}, "documentsAnalysis": found}).encode()


def key_row() -> dict[str, str]:
    """Return the one API key, as a row of the table `keys`."""
    return {
        "PartitionKey": "key",
        "RowKey": hashlib.sha256(KEY.encode()).hexdigest(),
        "owner": "bench",
        "created": BEGUN,
        "expires": FAR,
        "models": "[]",
        "scopes": '["chat"]',
    }


def model_row(url: str) -> dict[str, str]:
    """Return the one model, as a row of the table `models`."""
    return {
        "PartitionKey": "model",
        "RowKey": MODEL,
        "model": MODEL,
        "run_id": "r0",
        "endpoint": "td-r0",
        "url": url,
        "base_model": BASE_MODEL,
        "created": BEGUN,
        "dataset_created": BEGUN,
        "content_hash": "",
        "previous": "",
    }


async def serve(folder: Path) -> None:
    """Listen on a plain and on a TLS port until told to stop."""
    upstream, loop = Upstream(), asyncio.get_running_loop()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    listen = partial(loop.create_server, lambda: Requests(upstream.answer), "127.0.0.1", 0)
    plain, secure = await listen(), await listen(ssl=context)
    ports = [server.sockets[0].getsockname()[1] for server in (plain, secure)]
    urls = {"plain": f"http://127.0.0.1:{ports[0]}", "secure": f"https://localhost:{ports[1]}"}
    upstream.url = urls["plain"]
    (folder / "upstream.json.part").write_text(json.dumps(urls))
    (folder / "upstream.json.part").rename(folder / "upstream.json")
    await asyncio.gather(plain.serve_forever(), secure.serve_forever())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    asyncio.run(serve(parser.parse_args().folder))
