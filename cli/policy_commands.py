"""The commands about policies; they talk to the policy table, as the app does."""

from typing import Annotated

import typer

from cli.options import AsJson

LONGEST_OPT_OUT = 30  # days; whoever needs longer says so again

commands = typer.Typer(help="How strictly each model's texts are looked at.", no_args_is_help=True)

Model = Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")]
Threshold = "CATEGORY=SEVERITY"


@commands.command()
def show(
    model: Annotated[str | None, typer.Argument(metavar="MODEL", help="One model; all if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the policy that holds for a model, or all of them and the default."""
    from cli import policy

    policy.show(model, as_json=as_json)


@commands.command("set")
def change(
    model: Model,
    prompt: Annotated[
        list[str] | None,
        typer.Option(metavar=Threshold, help="From where on prompts are blocked: Hate=2; repeat."),
    ] = None,
    completion: Annotated[
        list[str] | None, typer.Option(metavar=Threshold, help="The same for answers; repeat.")
    ] = None,
    blocklist: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A blocklist; repeat. In place of those there were.")
    ] = None,
    no_blocklists: Annotated[bool, typer.Option("--no-blocklists", help="Ask for none.")] = False,
    shields: Annotated[bool | None, typer.Option(help="Whether Prompt Shields are asked.")] = None,
    protected_material: Annotated[
        bool | None, typer.Option(help="Whether answers are compared with protected material.")
    ] = None,
    ask_first: Annotated[
        bool | None, typer.Option(help="Whether the model waits until the prompt has passed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change what is named, of the model's own policy or, where it has none, of the default."""
    from cli import policy

    changes = {
        "prompt": policy.thresholds(prompt or ()),
        "completion": policy.thresholds(completion or ()),
        "blocklists": [] if no_blocklists else blocklist,
        "shields": shields,
        "protected_material": protected_material,
        "ask_first": ask_first,
    }
    policy.change(model, {name: value for name, value in changes.items() if value is not None}, as_json=as_json)


@commands.command()
def opt_out(
    model: Model,
    owner: Annotated[str, typer.Option(metavar="WHO", help="Who answers for it.")],
    reason: Annotated[str, typer.Option(metavar="WHY", help="Why; it stands in each answer.")],
    days: Annotated[int, typer.Option(min=1, max=LONGEST_OPT_OUT, help="Days until the model is guarded again.")],
    as_json: AsJson = False,
) -> None:
    """Let nobody check what goes into a model and what comes out of it, for some days."""
    from cli import policy

    policy.opt_out(model, owner, reason, days, as_json=as_json)


@commands.command()
def guard(model: Model, as_json: AsJson = False) -> None:
    """End an opt-out."""
    from cli import policy

    policy.change(model, {"opt_out": None}, as_json=as_json)


@commands.command()
def clear(model: Model, as_json: AsJson = False) -> None:
    """Remove a model's own policy: the default holds."""
    from cli import policy

    policy.clear(model, as_json=as_json)
