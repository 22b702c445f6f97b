"""From the deployment's environment variables to a model that serves."""

import logging
from collections.abc import Mapping
from pathlib import Path

from scorer.checkpoint import Checkpoint, UnusableError, load, model_folder
from scorer.generating import answer
from scorer.prompt import Prompt
from scorer.serving import Serving

log = logging.getLogger("azmlinfsrv.scorer")


def serving_from(environ: Mapping[str, str]) -> Serving:
    """Return the model beneath AZUREML_MODEL_DIR, ready to answer.

    It has written its first word: what a first answer costs is paid, and that the model can write is certain.
    Raises UnusableError, with the reason in the log's last critical line.
    """
    try:
        _check_that_answers_stay_here(environ)
        folder = model_folder(Path(environ.get("AZUREML_MODEL_DIR", "")))
        checkpoint = load(folder)
        _write_a_word(checkpoint)
    except UnusableError as error:
        log.critical("the model cannot be served: %s", error)
        raise
    model, name = checkpoint.model, environ.get("SERVED_MODEL_NAME") or folder.name
    size, device = model.num_parameters() / 1e6, model.device.type
    log.info("serving %s: %.1f M parameters on %s, %d tokens", name, size, device, checkpoint.context)
    return Serving(checkpoint, name)


def _check_that_answers_stay_here(environ: Mapping[str, str]) -> None:
    """Raise UnusableError where the server would tell Application Insights every answer, as it does by default."""
    told = environ.get("AML_APP_INSIGHTS_ENABLED", "").lower() == "true"
    if told and environ.get("APP_INSIGHTS_LOG_RESPONSE_ENABLED", "").lower() != "false":
        raise UnusableError(
            "Application Insights would keep every answer; set APP_INSIGHTS_LOG_RESPONSE_ENABLED=false"
        )


def _write_a_word(checkpoint: Checkpoint) -> None:
    try:
        for _word in answer(checkpoint, Prompt((("user", "Hello"),), max_tokens=1)):
            pass
    except (RuntimeError, ValueError, IndexError) as error:
        raise UnusableError(f"the model cannot write: {error}") from error
