"""A run as a page, for people who signed in: the same words as in a message, with all reasons and the history."""

from shared.core.messages.background import Background
from shared.core.messages.templating import rendered
from shared.core.messages.words import words_of
from shared.core.run import Run


def run_page(run: Run, background: Background) -> str:
    """Return the page as HTML; it runs no script and loads nothing."""
    words = words_of(run, background)
    return rendered("run.html", words=words, reasons=run.reasons, history=background.history)
