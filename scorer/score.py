"""What Microsoft's inference server runs: init() when it starts, run() for each request to /score."""

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from azureml_inference_server_http.api.aml_request import rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")  # read by transformers when it is imported
sys.path.append(str(Path(__file__).resolve().parents[1]))  # the code folder, wherever it was put

from scorer.connection import watching
from scorer.reading import LONGEST_BODY
from scorer.refusals import Refusal
from scorer.serving import Serving
from scorer.starting import serving_from


def init() -> None:
    """Load the model; where that fails, the server ends, and its log says why."""
    _serving()


@rawhttp  # type: ignore[untyped-decorator]
def run(request: Any) -> Any:
    """Answer a chat completion, whole or streamed; `request` is Flask's."""
    if request.method != "POST":
        refused = Refusal(405, "Ask with POST.", "method_not_allowed")
        return AMLResponse(refused.body(), refused.status, {"Content-Type": "application/json", "Allow": "POST"})
    reply = _serving().reply(request.stream.read(LONGEST_BODY + 1), watching(request.environ))
    return AMLResponse(reply.body, reply.status, reply.headers)


@cache
def _serving() -> Serving:
    """Return the one model of this process."""
    return serving_from(os.environ)
