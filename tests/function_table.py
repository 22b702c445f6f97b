"""What the app consists of: each function's trigger, as the Functions host must see it."""

from typing import Any

Bindings = list[dict[str, Any]]


def http_function(method: str, route: str, *more_methods: str) -> Bindings:
    """Return the bindings of an HTTP function that checks its own keys."""
    return [
        {
            "type": "httpTrigger",
            "direction": "IN",
            "name": "req",
            "methods": [method, *more_methods],
            "authLevel": "ANONYMOUS",
            "route": route,
        },
        {"type": "http", "direction": "OUT", "name": "$return"},
    ]


EVENT_GRID = [{"type": "eventGridTrigger", "direction": "IN", "name": "event"}]


def queue(name: str) -> Bindings:
    """Return the bindings of a queue function."""
    trigger = {"type": "queueTrigger", "direction": "IN", "name": "message", "queueName": name}
    return [trigger | {"connection": "AzureWebJobsStorage"}]


def timer(schedule: str) -> Bindings:
    """Return the bindings of a timer function."""
    return [{"type": "timerTrigger", "direction": "IN", "name": "timer", "schedule": schedule}]


FUNCTIONS: dict[str, Bindings] = {
    "dataset_uploaded": EVENT_GRID,
    "advance_run": queue("runs"),
    "advance_run_poison": queue("runs-poison"),
    "advance_runs": timer("%ADVANCE_RUNS_SCHEDULE%"),
    "report_idle": timer("0 0 7 * * *"),
    "job_changed": EVENT_GRID,
    "notify_teams": EVENT_GRID,
    "notify_email": EVENT_GRID,
    "chat_completions": http_function("POST", "v1/chat/completions"),
    "chat_completions_of_azure": http_function("POST", "chat/completions"),
    "models": http_function("GET", "v1/models"),
    "model": http_function("GET", "v1/models/{id}"),
    "info": http_function("GET", "info"),
    "unknown_route": http_function("GET", "v1/{*rest}", "POST", "PUT", "PATCH", "DELETE"),
    "runs": http_function("GET", "runs"),
    "run": http_function("GET", "runs/{id}"),
    "cancel_run": http_function("POST", "runs/{id}/cancel"),
    "retry_run": http_function("POST", "runs/{id}/retry"),
    "delete_run": http_function("DELETE", "runs/{id}"),
    "run_page": http_function("GET", "runs/{id}/page"),
    "health": http_function("GET", "health"),
    "api_description": http_function("GET", "openapi.json"),
}


def trigger_in_words(bindings: Bindings) -> str:
    """Return the trigger as docs/functions.md writes it."""
    trigger = bindings[0]
    match trigger["type"]:
        case "httpTrigger":
            method = trigger["methods"][0] if len(trigger["methods"]) == 1 else "any"
            return f"`{method} /{trigger['route']}`"
        case "queueTrigger":
            return f"queue `{trigger['queueName']}`"
        case "timerTrigger":
            return f"timer `{trigger['schedule'].strip('%')}`"
        case _:
            return "Event Grid"
