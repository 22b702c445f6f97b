"""Asks every check beside the others, each with a deadline, and tells what each one says."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from shared.errors import NoToken, ServiceRefused, TuneDropError, place_of
from shared.preflight.lines import NO_RIGHTS, Check, Line, Status, unknown
from shared.preflight.site import Site
from shared.preflight.table import CHECKS
from shared.settings import OPTIONAL, REQUIRED

DEADLINE = 25.0  # seconds for each check; they all begin at once
VARIABLES = REQUIRED | {field: variable for field, (variable, _default) in OPTIONAL.items()}


@dataclass(frozen=True)
class Told:
    """One line, and whose it is."""

    check: Check
    line: Line

    def view(self) -> dict[str, Any]:
        """Return it as JSON."""
        line = self.line
        return {"check": self.check.name, "status": line.status.value, "says": line.says, "mend": line.mend}


def look(site: Site, checks: Sequence[Check] = CHECKS, deadline: float = DEADLINE) -> list[Told]:
    """Return what each check says, in their order; one that does not answer in time says so.

    Checks of another route than that of the base model are left out.
    """
    checks = [check for check in checks if check.route in (None, site.route)]
    # Not a with-statement: it would wait for whoever is late. Each call has a timeout, so threads do end.
    pool = ThreadPoolExecutor(max_workers=len(checks))
    asked = [pool.submit(_lines, check, site) for check in checks]
    wait(asked, timeout=deadline)
    pool.shutdown(wait=False, cancel_futures=True)
    late = [unknown(f"no answer within {deadline:g} s", "try again")]
    return [
        Told(check, line)
        for check, answer in zip(checks, asked, strict=True)
        for line in (answer.result() if answer.done() and not answer.cancelled() else late)
    ]


def verdict(told: Sequence[Told]) -> Status:
    """Return the worst of all lines: missing, then unknown, then ok."""
    found = {each.line.status for each in told}
    return next((status for status in (Status.MISSING, Status.UNKNOWN) if status in found), Status.OK)


def _lines(check: Check, site: Site) -> list[Line]:
    """Return what one check says; what it may not read or does not get is unknown."""
    lacking = [VARIABLES[field] for field in check.needs if not getattr(site.settings, field)]
    if lacking:
        return [unknown(f"needs {', '.join(lacking)}", "see settings")]
    found: list[Line] = []
    try:
        found.extend(check.ask(site))
    except ServiceRefused as refusal:
        found.append(_refused(check, site, refusal))
    except NoToken:
        found.append(unknown("nobody is signed in", "see sign-in"))
    except TuneDropError as problem:
        found.append(unknown(str(problem), "try again"))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        # An answer of another shape than Azure documents, or a setting that no SDK takes; its words may be secret.
        what = f"{type(error).__name__} in {place_of(error)}"
        found.append(unknown(f"Azure answered otherwise than expected ({what})", "look into the portal"))
    return found


def _refused(check: Check, site: Site, refusal: ServiceRefused) -> Line:
    if refusal.status not in NO_RIGHTS:
        return unknown(str(refusal), "look into the portal")
    at_group = check.scope == "group" and site.settings.resource_group
    return unknown(
        f"you may not read it ({refusal.status} {refusal.code}".rstrip() + ")",
        f'az role assignment create --assignee "$(az ad signed-in-user show --query id --output tsv)" '
        f'--role "{check.role}" --scope {site.group_id if at_group else site.subscription_id}',
    )
