"""Checks of how people are told: the Teams webhook, and the domain that e-mails come from."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from shared.errors import NotFound, ServiceRefused
from shared.preflight.account import KEY_VAULT
from shared.preflight.lines import PROVISION, Line, missing, ok, unknown
from shared.preflight.site import COMMUNICATION, Facts, Site, host_in

NEW_WEBHOOK = (
    'Teams: the channel > Workflows > "when a webhook request is received" > copy its URL; '
    f"then azd env set TEAMS_WEBHOOK_URL '<URL>'; {PROVISION}"
)
VERIFIED = ("Domain", "SPF", "DKIM", "DKIM2")


def webhook(site: Site) -> Iterator[Line]:
    """Tell whether the webhook is one, and, where a test card is asked for, whether it takes it."""
    url = site.settings.teams_webhook_url
    if url.startswith(KEY_VAULT):
        yield unknown("it is in the key vault, which the app alone reads", "azd env get-value TEAMS_WEBHOOK_URL")
        return
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or len(parts.path) < 2:
        yield missing("TEAMS_WEBHOOK_URL is no https URL with a path", NEW_WEBHOOK)
    elif not site.test_card:
        yield ok(f"an address at {parts.hostname}; --send-test-card shows whether it answers")
    else:
        yield _answer(site)


def _answer(site: Site) -> Line:
    try:
        site.azure.post_test_card()
    except ServiceRefused as refusal:
        return missing(f"the webhook refused the test card ({refusal.status})", NEW_WEBHOOK)
    return ok("the webhook took the test card: look into the channel")


def mail(site: Site) -> Iterator[Line]:
    """Tell whether e-mails may come from the sender: its domain is linked and verified."""
    host, group = host_in(site.settings.email_url), site.settings.resource_group
    service = site.communication
    if service is None:
        yield missing(f"no Communication Services of {group} is at {host}", PROVISION)
        return
    domains = [
        found for linked in service["properties"].get("linkedDomains") or () if (found := _domain(site, linked))
    ]
    wanted = site.settings.email_sender.rpartition("@")[2].lower()
    domain = next((one for one in domains if _name_of(one) == wanted), None)
    if domain is None:
        yield _foreign(site, [_name_of(one) for one in domains])
        return
    states = domain["properties"].get("verificationStates") or {}
    unverified = [one for one in VERIFIED if (states.get(one) or {}).get("status") != "Verified"]
    for one in unverified:
        yield missing(
            f"{wanted} is not verified: {one}",
            f"az communication email domain initiate-verification --domain-name {domain['name']} "
            f"--email-service-name {_service_of(domain)} --resource-group {group} --verification-type {one}",
        )
    if not unverified:
        yield ok(f"{site.settings.email_sender} may send, and its domain is verified")


def _domain(site: Site, linked: str) -> Facts | None:
    try:
        return site.azure.read(linked, COMMUNICATION)
    except NotFound:
        return None  # unlinked in the meantime, or removed


def _name_of(domain: Facts) -> str:
    return str(domain["properties"].get("mailFromSenderDomain", "")).lower()


def _service_of(domain: Facts) -> str:
    return str(domain["id"]).partition("/emailServices/")[2].partition("/")[0]


def _foreign(site: Site, linked: list[str]) -> Line:
    """Return the line about a sender whose domain the service does not have."""
    sender, group = site.settings.email_sender, site.settings.resource_group
    if not linked:
        return missing("the service has no domain to send from", f"{PROVISION}  # infra/communication.bicep")
    app = site.app["name"] if site.app else "<app>"
    return missing(
        f"{sender} is of another domain than {', '.join(linked)}",
        f"az functionapp config appsettings set --name {app} --resource-group {group} "
        f"--settings EMAIL_SENDER=DoNotReply@{linked[0]}",
    )
