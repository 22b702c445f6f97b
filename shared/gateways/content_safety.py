"""Azure AI Content Safety on the hot path: the SDK's wire over pooled aiohttp, at an eighth of its cost."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from yarl import URL

from shared.core.moderation import CATEGORIES
from shared.errors import ServiceUnavailable
from shared.gateways.http_errors import UNREADABLE, Reaching, answered
from shared.gateways.http_pool import HttpPool
from shared.gateways.tokens import Tokens
from shared.ports import Analysis, Attacks
from shared.settings import Settings

SERVICE = "content safety"
API_VERSION = "2024-09-01"  # the newest that is generally available, and the oldest that is still supported
SCOPE = "https://cognitiveservices.azure.com/.default"
HIGHEST = 7  # of the eight severity levels, which cost no more than four
HARMLESS = Analysis(dict.fromkeys(CATEGORIES, 0))  # one for all: most are, and thousands are remembered


class _Category(msgspec.Struct):
    """How harmful a text is in one way."""

    category: str
    severity: Annotated[int, msgspec.Meta(ge=0, le=HIGHEST)]


class _Match(msgspec.Struct):
    """A hit of a blocklist."""

    blocklistName: str  # noqa: N815 - Azure's spelling, as below


class _Analyzed(msgspec.Struct):
    """What `text:analyze` answers."""

    categoriesAnalysis: list[_Category]  # noqa: N815
    blocklistsMatch: list[_Match] | None = None  # noqa: N815


class _Attack(msgspec.Struct):
    """Whether a prompt or a document attacks the model."""

    attackDetected: bool  # noqa: N815


class _Shielded(msgspec.Struct):
    """What `text:shieldPrompt` answers."""

    userPromptAnalysis: _Attack  # noqa: N815
    documentsAnalysis: list[_Attack] | None = None  # noqa: N815


class _Detected(msgspec.Struct):
    """Whether a text is known."""

    detected: bool


class _Compared(msgspec.Struct):
    """What `text:detectProtectedMaterial` answers."""

    protectedMaterialAnalysis: _Detected  # noqa: N815


T = TypeVar("T")
_encode = msgspec.json.Encoder().encode
_analyzed = msgspec.json.Decoder(_Analyzed)
_shielded = msgspec.json.Decoder(_Shielded)
_compared = msgspec.json.Decoder(_Compared)


class ContentSafety:
    """How harmful is a text, and does it attack the model? Whoever calls sets the deadline."""

    def __init__(self, settings: Settings, pool: HttpPool, tokens: Tokens) -> None:
        base = f"{settings.content_safety_url}/contentsafety/text"
        self._analyze = URL(f"{base}:analyze?api-version={API_VERSION}")
        self._shield = URL(f"{base}:shieldPrompt?api-version={API_VERSION}")
        self._protected = URL(f"{base}:detectProtectedMaterial?api-version={API_VERSION}")
        self._pool, self._tokens = pool, tokens

    async def analyze(self, text: str, blocklists: Sequence[str] = ()) -> Analysis:
        """Return the severities of a text of at most 10,000 code points; raises ServiceUnavailable or -Refused."""
        body: dict[str, Any] = {"text": text, "outputType": "EightSeverityLevels"}
        if blocklists:  # all categories in any case, so that a verdict names every reason
            body |= {"blocklistNames": list(blocklists), "haltOnBlocklistHit": False}
        return _analysis(await self._post(self._analyze, body, _analyzed))

    async def attacks(self, prompt: str, documents: Sequence[str]) -> Attacks:
        """Return where the model is attacked; raises as analyze does."""
        body = {"userPrompt": prompt, "documents": list(documents)}
        answer = await self._post(self._shield, body, _shielded)
        found = [document.attackDetected for document in answer.documentsAnalysis or []]
        if len(found) != len(documents):
            raise ServiceUnavailable(SERVICE, "a shield's answer that is incomplete")
        return Attacks(answer.userPromptAnalysis.attackDetected, any(found) if documents else None)

    async def protected(self, text: str) -> bool:
        """Tell whether a completion of at least 110 code points is protected material; raises as analyze does."""
        answer = await self._post(self._protected, {"text": text}, _compared)
        return answer.protectedMaterialAnalysis.detected

    async def _post(self, url: URL, body: Mapping[str, Any], answer: msgspec.json.Decoder[T]) -> T:
        headers = {"authorization": await self._tokens.header(SCOPE), "content-type": "application/json"}
        with Reaching(SERVICE):
            session = self._pool.session()
            async with session.post(url, data=_encode(body), headers=headers, allow_redirects=False) as response:
                raw = await response.read()
        if response.status != 200:
            raise answered(SERVICE, response.status, response.headers, reason=str(response.status))
        try:
            return answer.decode(raw)
        except UNREADABLE:
            raise ServiceUnavailable(SERVICE, "an answer that is none") from None


def _analysis(answer: _Analyzed) -> Analysis:
    """Return what was found; raises unless every category has a severity, or a blocklist matched."""
    severities = {found.category: found.severity for found in answer.categoriesAnalysis}
    matches = tuple(match.blocklistName for match in answer.blocklistsMatch or ())
    if severities == HARMLESS.severities and not matches:
        return HARMLESS
    if not matches and not severities.keys() >= CATEGORIES.keys():
        raise ServiceUnavailable(SERVICE, "an analysis that is incomplete")
    return Analysis(severities, matches)
