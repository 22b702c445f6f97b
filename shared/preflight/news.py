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


SUBSCRIPTIONS = (
    Wanted("dataset-uploaded", "storage", "dataset_uploaded", ("Microsoft.Storage.BlobCreated",)),
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
    state, to = found.get("provisioningState"), _function_of(found)
    lacking = sorted(set(wanted.event_types) - set((found.get("filter") or {}).get("includedEventTypes") or ()))
    if state != "Succeeded":
        return f"is {state}"
    if to != wanted.function:
        return f"leads to {to or 'no function'}, not to {wanted.function}"
    return f"lets {', '.join(lacking)} not through" if lacking else None


def _function_of(subscription: Facts) -> str:
    """Return the function that the events go to, or nothing."""
    to = (subscription.get("destination") or {}).get("properties") or {}
    _site, _, name = str(to.get("resourceId", "")).partition("/functions/")
    return name
