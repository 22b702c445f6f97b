"""What the control port takes: each mistake is answered with where it is, what it is, and what to do."""

from dataclasses import dataclass, fields
from typing import Any, get_args, get_type_hints

from localcloud.azure_ml.instances import FAMILIES, LOW_PRIORITY
from localcloud.control import CHANCES, TOKEN_LIFETIME, Fault, Training
from localcloud.event_subscriptions import TOPICS, Event

MOST_EVENTS = 1000
LONGEST_JOB = 3600  # seconds
FAULT_FIELDS = tuple(field.name for field in fields(Fault))


class BadInputError(Exception):
    """Something the control port cannot take."""

    def __init__(self, where: str, what: str, remedy: str) -> None:
        super().__init__(f"{where}: {what}; {remedy}")


@dataclass(frozen=True)
class EventOrder:
    """An event to send by hand: to one subscription (past its filters) or to a topic, so many times."""

    event: Event
    subscription: str = ""
    topic: str = ""
    times: int = 1
    at_once: bool = False


def faults_in(body: Any, services: tuple[str, ...]) -> list[Fault]:
    """Return the faults of a request body; raises BadInputError."""
    if not isinstance(body, list):
        raise BadInputError("body", "not an array", 'send an array of faults such as [{"service": "arm"}]')
    return [_fault(number, entry, services) for number, entry in enumerate(body)]


def _fault(number: int, entry: Any, services: tuple[str, ...]) -> Fault:
    where = f"fault {number}"
    if not isinstance(entry, dict):
        raise BadInputError(where, "not an object", 'send objects such as {"service": "arm", "status": 503}')
    for name in entry:
        if name not in FAULT_FIELDS:
            raise BadInputError(f"{where}.{name}", "unknown", f"use {', '.join(FAULT_FIELDS)}")
    if entry.get("service") not in services:
        raise BadInputError(
            f"{where}.service", f"unknown: {entry.get('service')!r}", f"use one of {', '.join(services)}"
        )
    _check_choices(where, entry)
    _check_numbers(where, entry)
    if not isinstance(entry.get("match", ""), str):
        raise BadInputError(f"{where}.match", "not text", 'give a part of "METHOD /path"')
    headers = entry.get("headers", {})
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise BadInputError(f"{where}.headers", "not an object of texts", 'send {"Retry-After": "1"}')
    return Fault(**entry)


def _check_choices(where: str, entry: dict[str, Any]) -> None:
    for name in ("when", "action"):
        choices = get_args(get_type_hints(Fault)[name])
        if entry.get(name, choices[0]) not in choices:
            raise BadInputError(f"{where}.{name}", f"unknown: {entry[name]!r}", f"use one of {', '.join(choices)}")


def _check_numbers(where: str, entry: dict[str, Any]) -> None:
    for name in ("times", "skip", "status", "seconds"):
        value: Any = entry.get(name, 0)
        fits = isinstance(value, int | float if name == "seconds" else int) and not isinstance(value, bool)
        if not fits or value < 0:
            raise BadInputError(f"{where}.{name}", f"not a number from 0 up: {value!r}", "give a number")


def weather_in(body: Any) -> dict[str, float]:
    """Return the chances that a request body changes; raises BadInputError."""
    if not isinstance(body, dict):
        raise BadInputError("body", "not an object", 'send {"calm": true} or chances such as {"throttled": 0.1}')
    if body.get("calm") is True:
        return dict.fromkeys(CHANCES, 0.0) | {"token_seconds": TOKEN_LIFETIME}
    for name, chance in body.items():
        if name == "token_seconds":
            _check_seconds(name, chance, 1, TOKEN_LIFETIME)
            continue
        if name not in CHANCES:
            raise BadInputError(name, "unknown", f"use calm, {', '.join(CHANCES)}, token_seconds")
        if isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 <= chance <= 1:
            raise BadInputError(name, f"not a chance: {chance!r}", "give a number between 0 and 1")
    return {name: float(chance) for name, chance in body.items()}


def _check_seconds(where: str, value: Any, least: float, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise BadInputError(where, f"not a time: {value!r}", f"give a number of seconds from {least} to {most}")


def training_in(body: Any) -> Training:
    """Return how a request body wants jobs to run; raises BadInputError."""
    example = '{"mode": "instant", "seconds": 2}'
    if not isinstance(body, dict) or not set(body) <= {"mode", "seconds"}:
        raise BadInputError("body", "not an object with a mode", f"send {example}")
    modes = get_args(get_type_hints(Training)["mode"])
    mode: Any = body.get("mode")
    seconds = body.get("seconds", 0)
    if mode not in modes:
        raise BadInputError("mode", f"unknown: {mode!r}", f"use one of {', '.join(modes)}")
    _check_seconds("seconds", seconds, 0, LONGEST_JOB)
    return Training(mode, float(seconds))


def quota_in(body: Any) -> dict[str, int]:
    """Return the limits that a request body sets, by family of machines; raises BadInputError."""
    names = (*FAMILIES, LOW_PRIORITY)
    if not isinstance(body, dict):
        raise BadInputError(
            "body", "not an object", f'send limits such as {{"{names[0]}": 0}}, or {{}} for the usual'
        )
    for name, limit in body.items():
        if name not in names:
            raise BadInputError(name, "unknown", f"use {', '.join(names)}")
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
            raise BadInputError(name, f"not a number of vCPUs: {limit!r}", "give a whole number from 0 on")
    return dict(body)


def job_in(body: Any) -> str:
    """Return the name of the job that a request body names; raises BadInputError."""
    name = body.get("job") if isinstance(body, dict) else None
    if not isinstance(name, str) or not name:
        raise BadInputError("job", "missing or not a name", 'send {"job": "td-..."}')
    return name


def event_order(body: Any, subscriptions: tuple[str, ...]) -> EventOrder:
    """Return what a request body asks to send; raises BadInputError."""
    example = '{"subscription": "dataset-uploaded", "event": {...}, "times": 5, "at_once": true}'
    if not isinstance(body, dict) or not isinstance(body.get("event"), dict):
        raise BadInputError("event", "missing or not an object", f"send {example}")
    subscription, topic = body.get("subscription", ""), body.get("topic", "")
    if bool(subscription) == bool(topic):
        raise BadInputError("subscription", "one of subscription and topic is needed", f"send {example}")
    if subscription and subscription not in subscriptions:
        raise BadInputError("subscription", f"unknown: {subscription!r}", f"use one of {', '.join(subscriptions)}")
    if topic and topic not in TOPICS:
        raise BadInputError("topic", f"unknown: {topic!r}", f"use one of {', '.join(TOPICS)}")
    times, at_once = body.get("times", 1), body.get("at_once", False)
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MOST_EVENTS:
        raise BadInputError("times", f"not a count: {times!r}", f"give a number from 1 to {MOST_EVENTS}")
    if not isinstance(at_once, bool):
        raise BadInputError("at_once", f"not true or false: {at_once!r}", "give true or false")
    return EventOrder(body["event"], subscription, topic, times, at_once)
