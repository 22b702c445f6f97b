"""The templates of e-mails and pages; what is put into HTML is escaped."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2

TEMPLATES = Path(__file__).with_name("templates")
COLORS = {
    "good": "#1a7f37",
    "accent": "#0b6bcb",
    "warning": "#9a6700",
    "attention": "#cf222e",
    "emphasis": "#59636e",
}


def rendered(template: str, **shown: object) -> str:
    """Return a template with what it shows."""
    return _environment().get_template(template).render(**shown)


@cache
def _environment() -> "jinja2.Environment":
    import jinja2  # only where something is written: it costs a start of the app a few hundredths of a second

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["colors"] = COLORS
    return environment
