"""Event Grid, custom topic: one notification by e-mail."""

import azure.functions as func

from shared.core.run import Channel
from shared.wiring import send_event

bp = func.Blueprint()


@bp.event_grid_trigger(arg_name="event")
def notify_email(event: func.EventGridEvent) -> None:
    """Send the event's notification by e-mail; an error makes Event Grid come back."""
    send_event(event.get_json(), Channel.EMAIL)
