"""Queue: do what the run's state asks for."""

import azure.functions as func

from shared.wiring import app

bp = func.Blueprint()


@bp.queue_trigger(arg_name="message", queue_name="runs", connection="AzureWebJobsStorage")
def advance_run(message: func.QueueMessage) -> None:
    """Advance the run whose id the message holds; an error brings the message back, five times at most."""
    app().reconciler.advance(message.get_body().decode())
