"""The commands about datasets. What they need is imported when they run, so that `--help` is quick."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import AsJson

commands = typer.Typer()

Validation = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The validation file, where it lies elsewhere.")
]
Tokenizer = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The base model's tokenizer.json: tokens are counted, not estimated."),
]
Price = Annotated[
    float | None,
    typer.Option(
        "--price-per-1000-tokens", min=0, metavar="PRICE", help="What 1000 tokens of training cost; adds the cost."
    ),
]
PerHour = Annotated[
    float | None,
    typer.Option(
        "--training-per-hour", min=0, metavar="PRICE", help="What an hour of training costs, on the managed route."
    ),
]
Gpus = Annotated[int, typer.Option("--gpus", min=1, max=8, metavar="N", help="That share this training.")]
Hosting = Annotated[
    float | None, typer.Option("--hosting-per-hour", min=0, metavar="PRICE", help="What an hour of hosting costs.")
]
Currency = Annotated[str, typer.Option(metavar="CODE", help="Of these prices, as in EUR.")]


@commands.command()
def check(
    file: Annotated[Path, typer.Argument(help="The .jsonl; its .yaml and .validation.jsonl are found beside it.")],
    validation: Validation = None,
    base_model: Annotated[
        str | None,
        typer.Option("--base-model", "--model", metavar="NAME", help="For a manifest that names none."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings reject too.")] = False,
    as_json: AsJson = False,
    html: Annotated[Path | None, typer.Option(metavar="OUT", help="Write report.html there.")] = None,
    tokenizer: Tokenizer = None,
    price: Price = None,
    training: PerHour = None,
    gpus: Gpus = 1,
    hosting: Hosting = None,
    currency: Currency = "USD",
) -> None:
    """Check a dataset on this machine, before it is dropped."""
    from cli import check as work
    from cli.prices import prices_given

    prices = prices_given(price, hosting, currency, training, gpus)
    asked = work.Asked(validation, base_model, strict, tokenizer, prices)
    raise typer.Exit(work.run(file, asked, as_json=as_json, html=html))


@commands.command()
def repair(
    file: Annotated[Path, typer.Argument(help="The file to repair; it is not changed.")],
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace OUT where it is there already.")] = False,
    no_bom: Annotated[bool, typer.Option("--no-bom", help="Leave the byte-order mark.")] = False,
    no_array: Annotated[bool, typer.Option("--no-array", help="Refuse a JSON array and indented JSON.")] = False,
    no_line_ends: Annotated[
        bool, typer.Option("--no-line-ends", help="Leave CRLF, and a missing end of the last line.")
    ] = False,
    no_blank_lines: Annotated[bool, typer.Option("--no-blank-lines", help="Leave blank lines.")] = False,
    no_white_space: Annotated[bool, typer.Option("--no-white-space", help="Leave white space.")] = False,
    no_zero_width: Annotated[bool, typer.Option("--no-zero-width", help="Leave zero-width spaces.")] = False,
    no_duplicates: Annotated[bool, typer.Option("--no-duplicates", help="Leave copies of examples.")] = False,
) -> None:
    """Mend what is safe to mend, into a new file."""
    from cli import repair as work

    switched_off = {
        "bom": no_bom,
        "array": no_array,
        "line-ends": no_line_ends,
        "blank-lines": no_blank_lines,
        "white-space": no_white_space,
        "zero-width": no_zero_width,
        "duplicates": no_duplicates,
    }
    without = frozenset(fix for fix, off in switched_off.items() if off)
    raise typer.Exit(work.run(file, out, without, force=force))
