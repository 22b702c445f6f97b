"""Content Safety through its SDK, for what is not hot: does it answer, with our identity?"""

from azure.ai.contentsafety import ContentSafetyClient
from azure.core.credentials import TokenCredential

from shared.calling import calling
from shared.settings import Settings

API_VERSION = "2024-09-01"  # the SDK's own default, 2023-10-01, is announced as no longer supported


class ContentSafetyCheck:
    """One small analysis, without retries: they would honour a Retry-After of days."""

    def __init__(self, settings: Settings, credential: TokenCredential) -> None:
        self._client = ContentSafetyClient(
            settings.content_safety_url, credential, api_version=API_VERSION, retry_total=0, read_timeout=4
        )

    def ask(self) -> int:
        """Return in how many categories a word was judged; raises ServiceUnavailable or ServiceRefused."""
        with calling("content safety"):
            return len(self._client.analyze_text({"text": "hello"}).categories_analysis)
