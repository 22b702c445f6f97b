"""`tunedrop doctor`: what is missing in Azure, and how to mend it."""

import logging
import os
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from cli.errors import CommandError, azure_packages
from cli.output import console, json_out, plain
from shared.preflight import Status, Told, verdict
from shared.wiring import look_at_the_site

COLORS = {Status.OK: "green", Status.MISSING: "bold red", Status.UNKNOWN: "yellow"}
EXIT_CODES = {Status.OK: 0, Status.MISSING: 1, Status.UNKNOWN: 3}  # 2: nothing could be asked
VERDICTS = {
    Status.OK: "All is there.",
    Status.UNKNOWN: "Nothing is missing, as far as could be seen; unknown lines say how to see more.",
    Status.MISSING: "Something is missing. What each line means: docs/doctor.md",
}


def run(
    *, test_card: bool, as_json: bool, base_model: str = "", environment: Mapping[str, str] = os.environ
) -> int:
    """Look, tell, and return the exit code; raises CommandError where nothing could be asked.

    `base_model` is looked at in place of BASE_MODEL.
    """
    if not environment.get("AZURE_SUBSCRIPTION_ID"):
        raise CommandError(
            "which deployment? AZURE_SUBSCRIPTION_ID is not set. After azd up: "
            'set -a; eval "$(azd env get-values)"; set +a; before: export AZURE_SUBSCRIPTION_ID=<id>'
        )
    if base_model:
        environment = {**environment, "BASE_MODEL": base_model}
    logging.getLogger("azure").addHandler(logging.NullHandler())  # the lines say it once, and better
    with azure_packages("doctor"):
        told = look_at_the_site(environment, test_card=test_card)
    if as_json:
        json_out({"status": verdict(told).value, "checks": [each.view() for each in told]})
    else:
        show(console(), told)
    return EXIT_CODES[verdict(told)]


def show(screen: Console, told: Sequence[Told]) -> None:
    """Show each line with what mends it, and the verdict."""
    width = max(len(each.check.name) for each in told)
    for each in told:
        line = each.line
        mark = (f"{line.status.value:7}", COLORS[line.status])
        screen.print(Text.assemble(mark, f"  {each.check.name:{width}}  {plain(line.says)}"))
        if line.mend:
            screen.print(f"{'':{width + 11}}{plain(line.mend)}")
    screen.print(f"\n{VERDICTS[verdict(told)]}")
