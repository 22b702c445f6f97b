"""`tunedrop policy`: show, change and remove the policies of models."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.errors import CommandError, azure_packages
from cli.output import console, json_out, moment, print_table
from shared.core.dataset.naming import MODEL_NAME
from shared.core.policy import BadPolicy, Policy, facts_of, policy_of
from shared.settings import default_policy
from shared.wiring import App, app

DEFAULT = "(default)"
HOLDS = "It holds at most 30 seconds from now."


def show(model: str | None, *, as_json: bool) -> None:
    """Show one model's policy, or every model's own and the default."""
    with _app() as tables:
        default = default_policy(tables.settings.policy)
        if model is None:
            found = {DEFAULT: default, **tables.policies.all()}
        else:
            own = tables.policies.find(_name(model))
            found = {model: own} if own else {f"{model} {DEFAULT}": default}
    _print(found, as_json=as_json)


def change(model: str, changes: Mapping[str, Any], *, as_json: bool) -> None:
    """Change some fields of a model's policy; raises CommandError for what is no policy."""
    if not changes:
        raise CommandError("nothing was named to change; --help lists what can be")
    with _app() as tables:
        current = tables.policies.find(_name(model)) or default_policy(tables.settings.policy)
        facts = facts_of(current)
        facts |= {name: _joined(facts[name], value) for name, value in changes.items()}
        try:
            policy = policy_of(facts)
        except BadPolicy as error:
            raise CommandError(f"policy of {model}: {error}") from None
        tables.policies.put(model, policy)
    _print({model: policy}, as_json=as_json, said=HOLDS)


def opt_out(model: str, owner: str, reason: str, days: int, *, as_json: bool) -> None:
    """Let nobody check a model's texts for some days."""
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
    facts = {"owner": owner, "reason": reason, "until": until.isoformat()}
    change(model, {"opt_out": facts}, as_json=as_json)


def clear(model: str, *, as_json: bool) -> None:
    """Remove a model's own policy; raises CommandError where it has none."""
    with _app() as tables:
        removed = tables.policies.remove(_name(model))
    if not removed:
        raise CommandError(f"{model} has no policy of its own; the default holds already")
    if as_json:
        json_out({"model": model, "cleared": True})
    else:
        print(f"{model} has the default policy. {HOLDS}")


def thresholds(given: Sequence[str]) -> dict[str, int] | None:
    """Return what was given as CATEGORY=SEVERITY, or None for nothing; raises CommandError."""
    found = {}
    for each in given:
        category, _, severity = each.partition("=")
        if not severity.isdecimal():
            raise CommandError(f"{each!r} is no CATEGORY=SEVERITY, such as Hate=2")
        found[category] = int(severity)
    return found or None


def _joined(before: Any, value: Any) -> Any:
    """Return the new value of a field; thresholds that are not named stay."""
    return {**before, **value} if isinstance(before, Mapping) and isinstance(value, Mapping) else value


@contextmanager
def _app() -> Iterator[App]:
    with azure_packages("policy"):
        yield app()


def _name(model: str) -> str:
    if not MODEL_NAME.fullmatch(model):
        raise CommandError(f"{model!r} cannot be a model's name: small letters, digits and . _ -")
    return model


def _print(policies: Mapping[str, Policy], *, as_json: bool, said: str = "") -> None:
    if as_json:
        json_out({"object": "list", "data": [{"model": name} | facts_of(each) for name, each in policies.items()]})
        return
    heads = (
        "model",
        "prompts from",
        "answers from",
        "blocklists",
        "shields",
        "protected",
        "asks first",
        "opt-out",
    )
    print_table(console(), heads, [_row(*each) for each in policies.items()])
    if said:
        print(said)


def _row(name: str, policy: Policy) -> tuple[str, ...]:
    def switch(on: bool) -> str:
        return "yes" if on else "no"

    out = policy.opt_out
    return (
        name,
        _levels(policy.prompt),
        _levels(policy.completion),
        ", ".join(policy.blocklists) or "none",
        switch(policy.shields),
        switch(policy.protected_material),
        switch(policy.ask_first),
        f"until {moment(out.until)}: {out.owner}, {out.reason}" if out else "none",
    )


def _levels(severities: Mapping[str, int]) -> str:
    """Return one number where all are equal, else each by its category."""
    if len(set(severities.values())) == 1:
        return str(next(iter(severities.values())))
    return ", ".join(f"{category}={severity}" for category, severity in severities.items())
