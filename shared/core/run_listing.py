"""Which runs `GET /runs` lists: of a model, a dataset or a state, page by page, as OpenAI pages its lists."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.core.names import RUN_ID
from shared.core.openai_errors import ApiError, bad_request
from shared.core.run import Run, State
from shared.core.run_view import run_view

LONGEST_PAGE = 100  # runs, as in OpenAI's lists
LONGEST_VALUE = 1_024  # characters: no blob's name is longer
NUMBER = re.compile("[0-9]{1,3}")


@dataclass(frozen=True)
class RunFilter:
    """Which runs are wanted; an empty part asks for any."""

    model: str = ""
    dataset: str = ""
    state: State | None = None

    def takes(self, run: Run) -> bool:
        """Tell whether the run is one of them."""
        return (
            self.model in ("", run.model) and self.dataset in ("", run.dataset) and self.state in (None, run.state)
        )


ALL_RUNS = RunFilter()


@dataclass(frozen=True)
class PageWanted:
    """One page of the list: at most `limit` runs, older than the run `after` (none: from the newest on)."""

    wanted: RunFilter = ALL_RUNS
    limit: int = LONGEST_PAGE
    after: str = ""


def page_wanted(query: Mapping[str, str]) -> PageWanted:
    """Return what the query of a request asks for; raises ApiError that says what is wrong with it."""
    for name in query:
        if name not in ("model", "dataset", "state", "limit", "after"):
            known = "There are model, dataset, state, limit and after."
            raise bad_request(f"There is no parameter {name[:50]!r}. {known}", "unknown_parameter", name[:50])
        if len(query[name]) > LONGEST_VALUE:
            raise wrong_value(name, f"{name} is longer than {LONGEST_VALUE} characters.")
    wanted = RunFilter(query.get("model", ""), query.get("dataset", ""), _state(query.get("state", "")))
    return PageWanted(wanted, _limit(query.get("limit", "")), _run_id(query.get("after", "")))


def page_of(runs: list[Run], limit: int) -> dict[str, Any]:
    """Return a page as JSON; `runs` are the newest that the page may hold, and one more where there are more."""
    page = runs[:limit]
    return {
        "object": "list",
        "data": [run_view(run) for run in page],
        "first_id": page[0].id if page else None,
        "last_id": page[-1].id if page else None,
        "has_more": len(runs) > limit,
    }


def _state(value: str) -> State | None:
    if value and value not in set(State):
        raise wrong_value("state", f"There is no state {value[:50]!r}. The states are {', '.join(State)}.")
    return State(value) if value else None


def _limit(value: str) -> int:
    if not value:
        return LONGEST_PAGE
    if not NUMBER.fullmatch(value) or not 1 <= int(value) <= LONGEST_PAGE:
        raise wrong_value("limit", f"limit must be a number from 1 to {LONGEST_PAGE}.")
    return int(value)


def _run_id(value: str) -> str:
    if value and not RUN_ID.fullmatch(value):
        raise wrong_value("after", "after must be the id of a run: the last_id of the page before.")
    return value


def wrong_value(param: str, message: str) -> ApiError:
    """Return the 400 for a parameter whose value cannot be."""
    return bad_request(message, "invalid_value", param)
