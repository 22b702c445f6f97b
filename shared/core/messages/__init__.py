"""What people are told of a run: what happened, what it means, what to do; as a Teams card and as an e-mail."""

from shared.core.messages.background import NOTHING_MORE, Background, ReportPlace, unlinked
from shared.core.messages.card import teams_card
from shared.core.messages.mail import Email, email
from shared.core.messages.page import run_page
from shared.core.messages.stories import STORIES

__all__ = [
    "NOTHING_MORE",
    "STORIES",
    "Background",
    "Email",
    "ReportPlace",
    "email",
    "run_page",
    "teams_card",
    "unlinked",
]
