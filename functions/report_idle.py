"""Timer, every morning: tell of endpoints that nobody asks."""

import azure.functions as func

from shared.wiring import app

bp = func.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="0 0 7 * * *")
def report_idle(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding needs it
    """Publish news of each endpoint that nobody asked for IDLE_DAYS days; an error is left to the next morning."""
    app().report_idle()
