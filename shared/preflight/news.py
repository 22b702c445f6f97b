"""Checks of Event Grid: the topic for news, and who gets which event."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.errors import NotFound
from shared.preflight.lines import PROVISION, Line, missing, ok
from shared.preflight.site import EVENT_GRID, Facts, Site, host_in

SUBSCRIBE = f"azd env set DEPLOY_EVENT_SUBSCRIPTIONS true; {PROVISION}  # after azd deploy"


@dataclass(frozen=True)
class Wanted:
    """An event subscription of infra/subscriptions.bicep."""

    name: str
    topic: str  # storage, workspace or news
    function: str
    event_types: tuple[str, ...]
    subject_begins: str = ""
    subject_ends: str = ""
    apis: tuple[str, ...] = ()  # values of `data.api` that it lets through; none lets all through


SUBSCRIPTIONS = (
    Wanted(
        "dataset-uploaded",
        "storage",
        "dataset_uploaded",
        ("Microsoft.Storage.BlobCreated",),
        subject_begins="/blobServices/default/containers/datasets/",
        subject_ends=".jsonl",
        apis=("PutBlob", "PutBlockList", "CopyBlob", "FlushWithClose"),
    ),
    Wanted(
        "job-changed",
        "workspace",
        "job_changed",
        (
            "Microsoft.MachineLearningServices.RunCompleted",
            "Microsoft.MachineLearningServices.RunStatusChanged",
        ),
    ),
    Wanted("notify-teams", "news", "notify_teams", ("TuneDrop.TeamsNotification",)),
    Wanted("notify-email", "news", "notify_email", ("TuneDrop.EmailNotification",)),
)


def topic(site: Site) -> Iterator[Line]:
    """Tell whether the topic for news is there."""
    host = host_in(site.settings.event_topic_url)
    if site.topic is None:
        yield missing(f"no topic of {site.settings.resource_group} is at {host}", PROVISION)
        return
    state = site.topic["properties"].get("provisioningState")
    if state == "Succeeded":
        yield ok(f"{site.topic['name']} is at {host}")
    else:
        yield missing(f"{site.topic['name']} is {state}", PROVISION)


def subscriptions(site: Site) -> Iterator[Line]:
    """Tell which event subscriptions are missing or lead elsewhere."""
    topics = _topics(site)
    problems = {wanted.name: _problem(site, wanted, topics.get(wanted.topic)) for wanted in SUBSCRIPTIONS}
    for name, problem in problems.items():
        if problem:
            yield missing(f"{name} {problem}", SUBSCRIBE)
    if not any(problems.values()):
        yield ok(f"{', '.join(problems)} are wired")


def _topics(site: Site) -> dict[str, str]:
    """Return the ids of the topics that are there: the system topics are known by what they are about."""
    found = site.azure.listed(site.of_group("Microsoft.EventGrid/systemTopics"), EVENT_GRID)
    about = {str(one["properties"].get("source", "")).lower(): one["id"] for one in found}
    sources = {"storage": site.account_id.lower(), "workspace": site.workspace_id.lower()}
    topics = {name: about[source] for name, source in sources.items() if source in about}
    return topics | ({"news": site.topic["id"]} if site.topic else {})


def _problem(site: Site, wanted: Wanted, topic: str | None) -> str | None:
    """Return what is wrong with a subscription, or None."""
    if topic is None:
        return f"has no topic: there is none for {wanted.topic}"
    try:
        found = site.azure.read(f"{topic}/eventSubscriptions/{wanted.name}", EVENT_GRID)["properties"]
    except NotFound:
        return "is not there"
    if found.get("provisioningState") != "Succeeded":
        return f"is {found.get('provisioningState')}"
    return _elsewhere(site, wanted, found) or _held_back(wanted, found.get("filter") or {})


def _elsewhere(site: Site, wanted: Wanted, subscription: Facts) -> str | None:
    """Return that the events go to another function, or to that of another app, or None."""
    to = (subscription.get("destination") or {}).get("properties") or {}
    app, _, function = str(to.get("resourceId", "")).partition("/functions/")
    if function.lower() != wanted.function:
        return f"leads to {function or 'no function'}, not to {wanted.function}"
    if site.app is not None and app.lower() != str(site.app["id"]).lower():
        return f"leads to another app: {app.rpartition('/')[2]}"
    return None


def _held_back(wanted: Wanted, chosen: Facts) -> str | None:
    """Return which events a filter holds back, or lets through beside those that are wanted, or None."""
    lacking = sorted(set(wanted.event_types) - set(chosen.get("includedEventTypes") or ()))
    if lacking:
        return f"lets {', '.join(lacking)} not through"
    for way, field, subject in (
        ("begin", "subjectBeginsWith", wanted.subject_begins),
        ("end", "subjectEndsWith", wanted.subject_ends),
    ):
        found = str(chosen.get(field) or "")
        if found.lower() != subject.lower():
            return f"wants subjects that {way} with '{found}', not with '{subject}'"
    if _advanced(chosen) != ([("StringIn", "data.api", sorted(wanted.apis))] if wanted.apis else []):
        return "has other advanced filters than infra/subscriptions.bicep"
    return None


def _advanced(chosen: Facts) -> list[tuple[str, str, list[str]]]:
    return [
        (str(one.get("operatorType")), str(one.get("key")), sorted(map(str, one.get("values") or ())))
        for one in chosen.get("advancedFilters") or ()
    ]
