"""What Microsoft's inference server runs: init() when it starts, run() for each request to /score."""

import logging
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from azureml_inference_server_http.api.aml_request import rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")  # read by transformers when it is imported
sys.path.append(str(Path(__file__).resolve().parents[1]))  # the code folder, wherever it was put

from scorer.checkpoint import UnusableError, load, model_folder
from scorer.connection import watching
from scorer.generating import answer
from scorer.prompt import Prompt
from scorer.reading import LONGEST_BODY
from scorer.refusals import Refusal
from scorer.serving import Serving

log = logging.getLogger("azmlinfsrv.scorer")


def init() -> None:
    """Load the model and let it write a word; where it cannot, the server ends with a line that says why."""
    _serving()


@rawhttp  # type: ignore[untyped-decorator]
def run(request: Any) -> Any:
    """Answer a chat completion, whole or streamed."""
    if request.method != "POST":
        refused = Refusal(405, "Ask with POST.", "method_not_allowed")
        return AMLResponse(refused.body(), refused.status, {"Content-Type": "application/json", "Allow": "POST"})
    reply = _serving().reply(request.stream.read(LONGEST_BODY + 1), watching(request.environ))
    return AMLResponse(reply.body, reply.status, reply.headers)


@cache
def _serving() -> Serving:
    """Return the one model of this process."""
    try:
        _refuse_to_log_answers()
        folder = model_folder(Path(os.environ.get("AZUREML_MODEL_DIR", "")))
        checkpoint = load(folder)
    except UnusableError as error:
        log.critical("the model cannot be served: %s", error)
        raise
    for _word in answer(checkpoint, Prompt((("user", "Hello"),), max_tokens=1)):
        pass
    kind, count = checkpoint.model.device.type, checkpoint.model.num_parameters()
    log.info("serving %s: %.1f M parameters on %s, %d tokens", folder.name, count / 1e6, kind, checkpoint.context)
    return Serving(checkpoint, folder.name)


def _refuse_to_log_answers() -> None:
    """Raise UnusableError where the server would tell Application Insights every answer, as it does by default."""
    told = os.environ.get("AML_APP_INSIGHTS_ENABLED", "").lower() == "true"
    if told and os.environ.get("APP_INSIGHTS_LOG_RESPONSE_ENABLED", "").lower() != "false":
        raise UnusableError("Application Insights would keep the answers: APP_INSIGHTS_LOG_RESPONSE_ENABLED=false")
