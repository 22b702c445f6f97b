"""Azure AI Content Safety on the hot path: the SDK's wire over pooled aiohttp, at an eighth of its cost."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from yarl import URL

from shared.core.moderation import CATEGORIES
from shared.errors import ServiceUnavailable
from shared.gateways.http_errors import Reaching, answered
from shared.gateways.http_pool import HttpPool
from shared.gateways.tokens import Tokens
from shared.ports import Analysis, Attacks
from shared.settings import Settings

SERVICE = "content safety"
API_VERSION = "2024-09-01"  # the newest that is generally available, and the oldest that is still supported
SCOPE = "https://cognitiveservices.azure.com/.default"
HIGHEST = 7  # of the eight severity levels, which cost no more than four
HARMLESS = Analysis(dict.fromkeys(CATEGORIES, 0))  # one for all: most are, and thousands are remembered

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


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
        answer = await self._post(self._analyze, body)
        try:
            return _analysis(answer)
        except (KeyError, TypeError):
            raise ServiceUnavailable(SERVICE, "an analysis that is none") from None

    async def attacks(self, prompt: str, documents: Sequence[str]) -> Attacks:
        """Return where the model is attacked; raises as analyze does."""
        answer = await self._post(self._shield, {"userPrompt": prompt, "documents": list(documents)})
        try:
            found = [answer["userPromptAnalysis"]["attackDetected"]]
            found += [document["attackDetected"] for document in answer.get("documentsAnalysis") or []]
        except (KeyError, TypeError):
            raise ServiceUnavailable(SERVICE, "a shield's answer that is none") from None
        if len(found) != 1 + len(documents) or not all(isinstance(one, bool) for one in found):
            raise ServiceUnavailable(SERVICE, "a shield's answer that is incomplete")
        prompt_attacks, *documents_attack = found
        return Attacks(prompt_attacks, any(documents_attack) if documents else None)

    async def protected(self, text: str) -> bool:
        """Tell whether a completion of at least 110 code points is protected material; raises as analyze does."""
        answer = await self._post(self._protected, {"text": text})
        try:
            found = answer["protectedMaterialAnalysis"]["detected"]
        except (KeyError, TypeError):
            found = None
        if not isinstance(found, bool):
            raise ServiceUnavailable(SERVICE, "a comparison that is none")
        return found

    async def _post(self, url: URL, body: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"authorization": await self._tokens.header(SCOPE), "content-type": "application/json"}
        with Reaching(SERVICE):
            session = self._pool.session()
            async with session.post(url, data=_encode(body), headers=headers, allow_redirects=False) as response:
                raw = await response.read()
        if response.status != 200:
            raise answered(SERVICE, response.status, response.headers, reason=str(response.status))
        try:
            return _decode(raw)
        except msgspec.DecodeError:
            raise ServiceUnavailable(SERVICE, "an answer that is no JSON") from None


def _analysis(answer: Mapping[str, Any]) -> Analysis:
    """Return what was found; raises TypeError unless every category has a severity, or a blocklist matched."""
    severities = {found["category"]: found["severity"] for found in answer["categoriesAnalysis"]}
    matches = tuple(match["blocklistName"] for match in answer.get("blocklistsMatch") or [])
    known = all(type(severity) is int and 0 <= severity <= HIGHEST for severity in severities.values())
    if not known or not (matches or severities.keys() >= CATEGORIES.keys()):
        raise TypeError
    found = Analysis(severities, matches)
    return HARMLESS if found == HARMLESS else found
