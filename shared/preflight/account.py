"""Checks of who asks and where: settings, sign-in, subscription, providers, quota, clock."""

from collections.abc import Iterator
from datetime import timedelta

from shared.core.base_models import Route
from shared.errors import NotFound, NoToken
from shared.preflight.lines import ANEW, Line, missing, ok, unknown
from shared.preflight.site import GROUP, PROVIDER, STORAGE, SUBSCRIPTION, Site

SKEW = timedelta(minutes=5)  # by which tokens and signatures may be off
PROVIDERS = (
    "Microsoft.Web",
    "Microsoft.App",
    "Microsoft.Storage",
    "Microsoft.EventGrid",
    "Microsoft.MachineLearningServices",
    "Microsoft.CognitiveServices",
    "Microsoft.Communication",
    "Microsoft.KeyVault",
    "Microsoft.OperationalInsights",
    "Microsoft.Insights",
    "Microsoft.Network",
    "Microsoft.ManagedIdentity",
)
KEY_VAULT = "@Microsoft.KeyVault("  # how the app's settings point to a secret, which only the app can read
GPU_PROVIDERS = ("Microsoft.ContainerRegistry",)  # what the managed route needs beside
SETTINGS = 'set -a; eval "$(azd env get-values)"; set +a  # or set it by hand: docs/settings.md'


def settings(site: Site) -> Iterator[Line]:
    """Tell which settings are missing or make no sense."""
    faults = [fault for fault in site.faults if not _only_for_the_app(fault, site)]
    if not faults:
        yield ok("every setting is there")
    for fault in faults:
        yield missing(fault, SETTINGS)


def _only_for_the_app(fault: str, site: Site) -> bool:
    """Tell whether the fault is that the app's settings point to the key vault."""
    return fault.startswith("TEAMS_WEBHOOK_URL") and site.settings.teams_webhook_url.startswith(KEY_VAULT)


def signed_in(site: Site) -> Iterator[Line]:
    """Tell as whom the checks ask."""
    try:
        claims = site.claims
    except NoToken:
        yield missing("the Azure SDKs find nobody to sign in as, or Microsoft Entra gives no token", "az login")
        return
    who = claims.get("upn") or claims.get("unique_name") or claims.get("appid") or claims.get("oid", "")
    yield ok(f"signed in as {who}") if who else unknown("signed in, but the token does not say as whom")


def subscription(site: Site) -> Iterator[Line]:
    """Tell whether the subscription is there and may be used."""
    wanted = site.settings.subscription
    try:
        found = site.azure.read(site.subscription_id, SUBSCRIPTION)
    except NotFound:
        yield missing(
            f"there is no subscription {wanted} in your tenant",
            "az account list --output table; az login --tenant ID",
        )
        return
    name, state = found.get("displayName", wanted), found.get("state", "")
    if state == "Enabled":
        yield ok(f"{name} is enabled")
    else:
        yield missing(
            f"{name} is {state or 'in no known state'}", "portal: Subscriptions > it > Overview says why"
        )


def providers(site: Site) -> Iterator[Line]:
    """Tell which resource providers are not registered."""
    fine = 0
    wanted = (*PROVIDERS, *(GPU_PROVIDERS if site.route is Route.MANAGED else ()))
    for name in wanted:
        state = site.azure.read(f"{site.subscription_id}/providers/{name}", PROVIDER).get("registrationState", "")
        if state == "Registered":
            fine += 1
        elif state == "Registering":
            yield unknown(f"{name} is being registered", f"az provider show --namespace {name} # in some minutes")
        else:
            yield missing(f"{name} is not registered", f"az provider register --namespace {name} --wait")
    if fine == len(wanted):
        yield ok(f"all {fine} are registered")


def quota(site: Site) -> Iterator[Line]:
    """Tell whether there is room for storage accounts; Azure tells no quota of serverless fine-tuning."""
    try:
        region = site.azure.read(site.group_id, GROUP)["location"]
    except NotFound:
        yield missing(f"there is no resource group {site.settings.resource_group}", ANEW)
        return
    path = f"{site.subscription_id}/providers/Microsoft.Storage/locations/{region}/usages"
    usages = site.azure.listed(path, STORAGE)
    usage = next((one for one in usages if one["name"]["value"] == "StorageAccounts"), None)
    if usage is None:
        yield unknown(f"Azure tells no quota for {region}", "portal: Quotas")
        return
    used, limit = usage["currentValue"], usage["limit"]
    if used < limit:
        aside = "; none is told for serverless fine-tuning" if site.route is Route.SERVERLESS else ""
        yield ok(f"{used} of {limit} storage accounts in {region}{aside}")
    else:
        yield missing(
            f"all {limit} storage accounts of {region} are used up", "portal: Quotas > Storage > ask for more"
        )


def clock(site: Site) -> Iterator[Line]:
    """Tell whether this clock and Azure's agree."""
    off = site.now() - site.azure.time()
    minutes = round(off.total_seconds() / 60)
    if abs(off) <= SKEW:
        yield ok("this clock and Azure's agree")
    else:
        way = "ahead of" if minutes > 0 else "behind"
        yield missing(
            f"this clock is {abs(minutes)} minutes {way} Azure's: signatures and tokens fail",
            "sudo timedatectl set-ntp true  # Windows: w32tm /resync",
        )
