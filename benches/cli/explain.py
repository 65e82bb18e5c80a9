"""``boardless explain``: where a function's cycles go, instruction by instruction."""

from __future__ import annotations

from pathlib import Path

import click

from benches.suite.benchmarks import NAMES
from emulator.cli.options import Address, base_option, hook_option


@click.command()
@click.argument("image", metavar="IMAGE")
@click.option("--board", metavar="NAME|FILE.toml", help="Board to emulate. [default: nucleo-l4r5zi]")
@base_option
@click.option("--function", metavar="NAME|ADDRESS", help="Show this function only.")
@click.option(
    "--block", type=Address(), metavar="ADDRESS", help="Show the block that begins at (or holds) it."
)
@click.option(
    "--top", type=click.IntRange(min=1), default=5, show_default=True, help="Functions and blocks shown."
)
@click.option(
    "--input",
    "input_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The benchmark's input. [default: a synthetic one]",
)
@click.option("--until", metavar="TEXT", help="Any firmware: explain its run up to this text on the console.")
@click.option(
    "--max-cycles", type=click.IntRange(min=1), help="Any firmware: explain so many cycles from reset."
)
@click.option("--timing", type=click.Choice(["memory", "core"]), default="memory", show_default=True)
@hook_option
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the report."
)
def explain(
    *,
    image: str,
    board: str | None,
    base: int | None,
    function: str | None,
    block: int | None,
    top: int,
    input_file: Path | None,
    until: str | None,
    max_cycles: int | None,
    timing: str,
    hook: str,
    json_file: Path | None,
) -> None:
    """Show where cycles go: issue, load-use, branch, fetch, flash, cache, divide ...

    IMAGE is a firmware file, or kws, vww, ic or ad for a shipped one. A benchmark image is
    booted and one inference explained; with --until or --max-cycles any firmware's run is.
    Every figure is simulated and unofficial.
    """
    if image not in NAMES and not Path(image).is_file():
        raise click.BadParameter(
            f"{image!r} is neither a file nor one of {', '.join(NAMES)}", param_hint="IMAGE"
        )
    if function is not None and block is not None:
        raise click.UsageError("--function and --block exclude each other")
    from benches.cli.explain_run import ExplainOptions, run_explain  # noqa: PLC0415 - keeps --help fast

    run_explain(
        ExplainOptions(
            image=image,
            board=board,
            base=base,
            function=function,
            block=block,
            top=top,
            input_file=input_file,
            until=until,
            max_cycles=max_cycles,
            timing=timing,
            hook=hook,
            json_file=json_file,
        )
    )
