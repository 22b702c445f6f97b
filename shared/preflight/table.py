"""Every check, in the order in which a person reads them; docs/doctor.md is compared with it."""

from shared.core.base_models import Route
from shared.preflight import (
    account,
    app,
    compute,
    gpus,
    moderation,
    news,
    roles,
    storage,
    telling,
    training,
    weights,
)
from shared.preflight.lines import Check

GROUP = ("subscription", "resource_group")
STORAGE = (*GROUP, "blob_url", "queue_url", "table_url")
WORKSPACE = (*GROUP, "workspace")
NEWS = (*GROUP, "event_topic_url")

CHECKS = (
    Check("settings", account.settings, "the app does not start, or does something else than you think"),
    Check("sign-in", account.signed_in, "nothing else can be asked"),
    Check(
        "subscription",
        account.subscription,
        "nothing can be created or called",
        ("subscription",),
        scope="subscription",
    ),
    Check("clock", account.clock, "tokens, signatures and report links are refused", ("subscription",)),
    Check(
        "resource providers",
        account.providers,
        "azd up fails, or events never come",
        ("subscription",),
        scope="subscription",
    ),
    Check("quota", account.quota, "azd up fails half-way", GROUP, scope="subscription"),
    Check("workspace", training.workspace, "no job can be submitted", WORKSPACE),
    Check("base model", training.chosen_model, "every dataset that names no base model is rejected"),
    Check("region", training.region, "Azure ML refuses each job", WORKSPACE, route=Route.SERVERLESS),
    Check(
        "GPU machines",
        gpus.machines,
        "Azure ML refuses each job, or each endpoint",
        WORKSPACE,
        scope="subscription",
        route=Route.MANAGED,
    ),
    Check(
        "GPU quota",
        gpus.quota,
        "jobs are refused or wait; the endpoint fails once all is trained",
        WORKSPACE,
        scope="subscription",
        route=Route.MANAGED,
    ),
    Check("GPU compute", compute.compute, "Azure ML refuses each job", WORKSPACE, route=Route.MANAGED),
    Check(
        "GPU network",
        compute.network,
        "jobs fail: they do not reach their files",
        (*GROUP, "blob_url"),
        route=Route.MANAGED,
    ),
    Check("weights", weights.weights, "jobs fail: they have nothing to train on", WORKSPACE, route=Route.MANAGED),
    Check("datastore", training.datastore, "jobs fail: they do not find their files", (*WORKSPACE, "blob_url")),
    Check("function app", app.app, "nothing reacts to a dropped file", GROUP),
    Check("roles of the app", roles.of_the_app, "runs wait for rights, then fail", (*STORAGE, *NEWS)),
    Check("roles of the project", roles.of_the_project, "jobs fail: they may not read their files", STORAGE),
    Check(
        "roles of the machines",
        roles.of_the_machines,
        "jobs fail: they may not read or write their files; endpoints find neither code nor model",
        (*STORAGE, *WORKSPACE),
        route=Route.MANAGED,
    ),
    Check("your roles", roles.of_the_caller, "tunedrop drop, keys and policy are refused", STORAGE),
    Check("storage", storage.places, "runs, keys or reports cannot be kept", STORAGE),
    Check("storage CORS", storage.cors, "web pages of others may call the account", STORAGE),
    Check(
        "content safety account",
        moderation.account,
        "the endpoint answers 503: Entra ID is refused",
        (*GROUP, "content_safety_url"),
    ),
    Check(
        "content safety verdict",
        moderation.verdict,
        "the endpoint answers 503: nothing is released unjudged",
        ("content_safety_url",),
        role="Cognitive Services User",
    ),
    Check("event topic", news.topic, "nobody is told", NEWS),
    Check(
        "event subscriptions", news.subscriptions, "runs begin minutes late, or nobody is told", (*STORAGE, *NEWS)
    ),
    Check("webhook", telling.webhook, "Teams gets no cards", ("teams_webhook_url",)),
    Check("mail domain", telling.mail, "e-mails are refused", (*GROUP, "email_url", "email_sender")),
)
