"""What is let through, in each direction, and how strictly it is looked at: one policy per model."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from shared.core.moderation import CATEGORIES, MEDIUM

LOWEST, HIGHEST = 1, 7  # of the severities that can block; 0 is a text without harm
MOST_BLOCKLISTS = 10
BLOCKLIST = re.compile(r"[0-9A-Za-z._~-]{1,64}")  # Content Safety's own rule
LONGEST_OWNER, LONGEST_REASON = 200, 500  # characters


class BadPolicy(ValueError):
    """What was given is no policy; the message names what is wrong."""


@dataclass(frozen=True)
class OptOut:
    """A model whose texts nobody checks: who answers for it, why, and until when."""

    owner: str
    reason: str
    until: datetime


def _from_medium() -> Mapping[str, int]:
    return dict.fromkeys(CATEGORIES, MEDIUM)


@dataclass(frozen=True)
class Policy:
    """From which severity on each category blocks, and what else is asked of Content Safety."""

    prompt: Mapping[str, int] = field(default_factory=_from_medium)
    completion: Mapping[str, int] = field(default_factory=_from_medium)
    blocklists: tuple[str, ...] = ()
    shields: bool = True
    protected_material: bool = False  # whether completions are compared with known texts
    ask_first: bool = False  # True: the model is not asked before the prompt has passed
    opt_out: OptOut | None = None

    @cached_property
    def version(self) -> str:
        """Tell policies apart: two that decide alike have the same version."""
        decides = {name: value for name, value in asdict(self).items() if name != "opt_out"}
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:12]

    def at(self, now: datetime) -> "Policy":
        """Return the policy as it holds at this time: an opt-out that is over guards again."""
        if self.opt_out is None or now < self.opt_out.until:
            return self
        return replace(self, opt_out=None)


def policy_of(facts: Any) -> Policy:
    """Return the policy that facts (as of JSON) describe, what they leave out by default; raises BadPolicy."""
    known = {each.name for each in fields(Policy)}
    unknown = sorted(facts.keys() - known) if isinstance(facts, Mapping) else ["no object"]
    if unknown:
        raise BadPolicy(f"a policy knows {', '.join(sorted(known))}, but not {str(unknown[0])[:100]!r}")
    read = dict(_readings(facts))
    return Policy(**read)


def facts_of(policy: Policy) -> dict[str, Any]:
    """Return the policy as JSON has it; `policy_of` reads it back."""
    facts = asdict(policy)
    facts["blocklists"] = list(policy.blocklists)
    if policy.opt_out is not None:
        facts["opt_out"]["until"] = policy.opt_out.until.isoformat()
    return facts


def _readings(facts: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in facts.items():
        if name in ("prompt", "completion"):
            yield name, _thresholds(name, value)
        elif name == "blocklists":
            yield name, _blocklists(value)
        elif name == "opt_out":
            yield name, None if value is None else _opt_out(value)
        elif isinstance(value, bool):
            yield name, value
        else:
            raise BadPolicy(f"{name} must be true or false")


def _thresholds(direction: str, value: Any) -> Mapping[str, int]:
    wanted = f"{direction} must give {', '.join(CATEGORIES)} a severity from {LOWEST} to {HIGHEST} to block from"
    if not isinstance(value, Mapping) or not value.keys() <= CATEGORIES.keys():
        raise BadPolicy(wanted)
    if not all(type(severity) is int and LOWEST <= severity <= HIGHEST for severity in value.values()):
        raise BadPolicy(wanted)
    return {**_from_medium(), **value}


def _blocklists(value: Any) -> tuple[str, ...]:
    named = isinstance(value, list | tuple) and all(
        isinstance(name, str) and BLOCKLIST.fullmatch(name) for name in value
    )
    if not named or len(value) > MOST_BLOCKLISTS:
        raise BadPolicy(f"blocklists must be at most {MOST_BLOCKLISTS} names of letters, digits and . _ ~ -")
    return tuple(dict.fromkeys(value))


def _opt_out(value: Any) -> OptOut:
    wanted = "opt_out must have an owner, a reason, and until: a date and time with its offset, as ISO 8601"
    if not isinstance(value, Mapping) or value.keys() != {"owner", "reason", "until"}:
        raise BadPolicy(wanted)
    texts = [(value["owner"], LONGEST_OWNER), (value["reason"], LONGEST_REASON)]
    if not all(isinstance(text, str) and 0 < len(text.strip()) <= longest for text, longest in texts):
        raise BadPolicy(wanted)
    try:
        until = datetime.fromisoformat(value["until"])
    except (TypeError, ValueError):
        raise BadPolicy(wanted) from None
    if until.tzinfo is None:
        raise BadPolicy(wanted)
    return OptOut(value["owner"].strip(), value["reason"].strip(), until)
