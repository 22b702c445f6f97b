"""Queue: runs whose work failed five times in a row."""

import azure.functions as func

from shared.wiring import app

bp = func.Blueprint()


@bp.queue_trigger(arg_name="message", queue_name="runs-poison", connection="AzureWebJobsStorage")
def advance_run_poison(message: func.QueueMessage) -> None:
    """Park the run where a fault of ours keeps it from going on: people hear of it, nothing goes on costing."""
    app().reconciler.park(message.get_body().decode())
