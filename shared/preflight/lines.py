"""What a check says: fine, missing with the command that mends it, or not to be known from here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from shared.core.base_models import Route

if TYPE_CHECKING:
    from shared.preflight.site import Site

NO_RIGHTS = frozenset({401, 403})  # statuses of an identity that may not read
# Without --no-state azd does nothing where template and parameters are those of the last deployment, whatever was
# removed or changed since.
PROVISION = "azd provision --no-state"
ANEW = f"azd up  # where it was there before: {PROVISION}; azd deploy"

Scope = Literal["subscription", "group"]


class Status(StrEnum):
    """How a line ends."""

    OK = "ok"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Line:
    """One finding of a check; `mend` is a command or a place in the portal, empty where nothing is to be done."""

    status: Status
    says: str
    mend: str = ""


@dataclass(frozen=True)
class Check:
    """One thing to look at."""

    name: str
    ask: Callable[["Site"], Iterator[Line]]
    means: str  # what follows where it is not fine
    needs: tuple[str, ...] = ()  # fields of the settings without which it cannot be asked
    role: str = "Reader"  # lets a person read what the check reads
    scope: Scope = "group"  # what the role must be given on
    route: Route | None = None  # of base models without which there is nothing to look at


def ok(says: str) -> Line:
    """Return a line that all is fine."""
    return Line(Status.OK, says)


def missing(says: str, mend: str) -> Line:
    """Return a line about what is not as it must be."""
    return Line(Status.MISSING, says, mend)


def unknown(says: str, mend: str = "") -> Line:
    """Return a line about what cannot be known from here."""
    return Line(Status.UNKNOWN, says, mend)
