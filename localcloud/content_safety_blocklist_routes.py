"""The routes of Content Safety's blocklists; lists come page by page."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localcloud.content_safety_blocklists import Blocklist, Blocklists, InvalidRequest

Answer = Callable[[Request, dict[str, Any]], Awaitable[Response]]
LARGEST_PAGE = 100


class BlocklistRoutes:
    """The answers about blocklists."""

    def __init__(self, blocklists: Blocklists) -> None:
        self._blocklists = blocklists

    def routes(self, route: Callable[[str, str, Answer], Route]) -> list[Route]:
        """Return the routes; those with a colon come first, since a name would take it in."""
        one = "/blocklists/{name}"
        return [
            route("/blocklists", "GET", self.listed),
            route(one + ":addOrUpdateBlocklistItems", "POST", self.add),
            route(one + ":removeBlocklistItems", "POST", self.remove),
            route(one, "PATCH", self.save),
            route(one, "GET", self.show),
            route(one, "DELETE", self.delete),
            route(one + "/blocklistItems", "GET", self.items),
            route(one + "/blocklistItems/{item}", "GET", self.item),
        ]

    def _named(self, request: Request) -> Blocklist:
        return self._blocklists.named(request.path_params["name"])

    async def save(self, request: Request, body: dict[str, Any]) -> Response:
        """Create or change a list."""
        new = self._blocklists.save(request.path_params["name"], body)
        return JSONResponse(self._named(request).json(), 201 if new else 200)

    async def show(self, request: Request, _body: dict[str, Any]) -> Response:
        """Return one list without its entries."""
        return JSONResponse(self._named(request).json())

    async def listed(self, request: Request, _body: dict[str, Any]) -> Response:
        """Return every list without its entries."""
        return _page(request, [each.json() for each in self._blocklists.lists.values()])

    async def delete(self, request: Request, _body: dict[str, Any]) -> Response:
        """Forget a list; a missing one is forgotten already."""
        self._blocklists.lists.pop(request.path_params["name"], None)
        return Response(status_code=204)

    async def add(self, request: Request, body: dict[str, Any]) -> Response:
        """Add entries to a list."""
        added = self._named(request).add(body.get("blocklistItems"))
        return JSONResponse({"blocklistItems": [item.json() for item in added]})

    async def remove(self, request: Request, body: dict[str, Any]) -> Response:
        """Remove entries from a list."""
        self._named(request).remove(body.get("blocklistItemIds"))
        return Response(status_code=204)

    async def items(self, request: Request, _body: dict[str, Any]) -> Response:
        """Return a list's entries."""
        return _page(request, [item.json() for item in self._named(request).items.values()])

    async def item(self, request: Request, _body: dict[str, Any]) -> Response:
        """Return one entry."""
        found = self._named(request).items.get(request.path_params["item"])
        if found is None:
            raise InvalidRequest("there is no such item", "blocklistItemId", 404, "ResourceNotFound")
        return JSONResponse(found.json())


def _page(request: Request, rows: list[dict[str, Any]]) -> Response:
    """Return the page of rows that top, skip and maxpagesize ask for, with a link to the next one."""
    skip, top = _number(request, "skip", 0), _number(request, "top", len(rows))
    size = _number(request, "maxpagesize", LARGEST_PAGE)
    page = rows[skip : skip + min(top, size)]
    answer: dict[str, Any] = {"value": page}
    left = top - len(page)
    if page and left > 0 and skip + len(page) < len(rows):
        answer["nextLink"] = str(request.url.include_query_params(skip=skip + len(page), top=left))
    return JSONResponse(answer)


def _number(request: Request, name: str, default: int) -> int:
    given = request.query_params.get(name, str(default))
    if not given.isdecimal():
        raise InvalidRequest(f"{name} must be a number", name)
    return int(given)
