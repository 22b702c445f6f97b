"""A card that only shows that cards come through."""

from typing import Any


def trial_card(deployment: str) -> dict[str, Any]:
    """Return an Adaptive Card that says which deployment tries the webhook."""
    title = {"type": "TextBlock", "text": "TuneDrop was here", "size": "Large", "weight": "Bolder", "wrap": True}
    words = f"A test of the deployment {deployment}: this channel gets its news. There is nothing to do."
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "fallbackText": words,
        "body": [title, {"type": "TextBlock", "text": words, "wrap": True}],
    }
