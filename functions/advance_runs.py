"""Timer, every minute: queue every open run; sweep for datasets whose event never came."""

import azure.functions as func

from shared.wiring import app

bp = func.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="%ADVANCE_RUNS_SCHEDULE%")
def advance_runs(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding needs it
    """Look after everything that no event asks for."""
    app().reconciler.queue_open()
    app().intake.sweep()
    app().intake.read_dead_letters()
    app().retire_previous()
