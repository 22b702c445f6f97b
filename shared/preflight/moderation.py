"""Checks of Content Safety: the account, and a verdict."""

from collections.abc import Iterator

from shared.core.moderation import CATEGORIES
from shared.errors import NotFound, ServiceRefused
from shared.preflight.lines import PROVISION, Line, missing, ok, unknown
from shared.preflight.site import Site, host_in

REGIONAL = ".api.cognitive.microsoft.com"  # addresses that many accounts share: no Entra ID there
NO_ROLE = "PermissionDenied"  # what Azure AI services answer, with 401, to a caller without the role


def account(site: Site) -> Iterator[Line]:
    """Tell whether there is an account at the address, with a subdomain: Entra ID needs one."""
    host, here = host_in(site.settings.content_safety_url), site.content_safety
    if host.endswith(REGIONAL) or (here and not here["properties"].get("customSubDomainName")):
        name = here["name"] if here else "<account>"
        group = site.settings.resource_group
        yield missing(
            f"{host} is no subdomain of the account's own: Entra ID is refused there",
            f"az cognitiveservices account update --name {name} --resource-group {group} --custom-domain {name}"
            f"  # CONTENT_SAFETY_URL is then https://{name}.cognitiveservices.azure.com",
        )
    elif here is None:
        yield missing(f"no account of {site.settings.resource_group} answers at {host}", PROVISION)
    else:
        yield ok(f"{here['name']} ({here.get('kind', '')}) is at {host}")


def verdict(site: Site) -> Iterator[Line]:
    """Let Content Safety judge a word."""
    host = host_in(site.settings.content_safety_url)
    try:
        judged = site.azure.verdict()
    except NotFound:
        yield missing(f"what answers at {host} is no Content Safety (404)", "azd env get-value CONTENT_SAFETY_URL")
        return
    except ServiceRefused as refusal:
        if refusal.status == 400 and "subdomain" in refusal.reason:
            yield missing(f"{host} takes no Entra ID: it is no subdomain", "see the line above")
            return
        if refusal.status != 401 or refusal.code == NO_ROLE:
            raise
        yield missing(
            f"{host} refuses the token ({refusal.reason})",
            "az account show --query tenantId  # must be the tenant of the account; then az login --tenant ID",
        )
        return
    if judged == len(CATEGORIES):
        yield ok(f"judged a word in {judged} categories")
    else:
        yield unknown(f"judged a word in {judged} of {len(CATEGORIES)} categories")
