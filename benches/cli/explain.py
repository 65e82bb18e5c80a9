"""``boardless explain``: where a function's cycles go, instruction by instruction."""

from __future__ import annotations

from pathlib import Path

import click

from benches.cli.firmware_options import image_argument, images_board_option, input_option
from emulator.cli.command import Command
from emulator.cli.options import base_option, hook_option, json_option, symbols_option
from emulator.cli.parameter_types import Address, ConsoleText, Count
from emulator.files import OutputFile


@click.command(cls=Command)
@image_argument
@images_board_option
@base_option
@symbols_option
@click.option("--function", metavar="NAME|ADDRESS", help="Show this function only.")
@click.option(
    "--block", type=Address(), metavar="ADDRESS", help="Show the block that begins at (or holds) it."
)
@click.option("--top", type=Count(), default=5, show_default=True, help="Functions and blocks shown.")
@input_option
@click.option(
    "--until",
    type=ConsoleText(),
    metavar="TEXT",
    help="Any firmware: explain its run up to this text on the console (or the ITM).",
)
@click.option("--max-cycles", type=Count(), help="Any firmware: explain so many cycles from reset.")
@click.option("--timing", type=click.Choice(["memory", "core"]), default="memory", show_default=True)
@hook_option
@json_option
def explain(
    *,
    image: Path,
    board: str | None,
    base: int | None,
    symbols: Path | None,
    function: str | None,
    block: int | None,
    top: int,
    input_file: Path | None,
    until: bytes | None,
    max_cycles: int | None,
    timing: str,
    hook: str,
    json_file: OutputFile | None,
) -> None:
    """Show where cycles go: issue, load-use, branch, fetch, flash, cache, divide ...

    IMAGE is a firmware file, or kws, vww, ic or ad for a shipped one. A benchmark image is
    booted and one inference explained; with --until or --max-cycles any firmware's run is.
    Every figure is simulated and unofficial.
    """
    if function is not None and block is not None:
        raise click.UsageError("--function and --block exclude each other")
    from benches.cli.explain_run import ExplainOptions, run_explain  # noqa: PLC0415 - keeps --help fast

    run_explain(
        ExplainOptions(
            image=str(image),
            board=board,
            base=base,
            symbols=symbols,
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
