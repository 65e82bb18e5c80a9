"""``boardless explain``: where a function's cycles go, instruction by instruction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from benches.cli.firmware_options import (
    after_option,
    image_argument,
    images_board_option,
    input_option,
    warmups_option,
)
from emulator.cli.command import Command
from emulator.cli.options import base_option, hook_option, json_option, launch_options, symbols_option
from emulator.cli.parameter_types import Address, ConsoleText, Count
from emulator.files import OutputFile

if TYPE_CHECKING:
    from emulator.image.launch import Launch


@click.command(cls=Command)
@image_argument
@images_board_option
@base_option
@launch_options
@symbols_option
@click.option("--function", metavar="NAME|ADDRESS", help="Show this function only.")
@click.option(
    "--block", type=Address(), metavar="ADDRESS", help="Show the block that begins at (or holds) it."
)
@click.option("--top", type=Count(), default=5, show_default=True, help="Functions and blocks shown.")
@input_option
@warmups_option
@after_option
@click.option(
    "--until",
    type=ConsoleText(),
    metavar="TEXT",
    help="Any firmware: explain its run up to this text on the console (or the ITM).",
)
@click.option("--max-cycles", type=Count(), metavar="N", help="Any firmware: explain so many cycles.")
@click.option(
    "--second-opinion", is_flag=True, help="What llvm-mca, if installed, says of the blocks that are shown."
)
@click.option("--timing", type=click.Choice(["memory", "core"]), default="memory", show_default=True)
@hook_option
@json_option
def explain(
    *,
    image: Path,
    board: str | None,
    base: int | None,
    launch: Launch,
    symbols: Path | None,
    function: str | None,
    block: int | None,
    top: int,
    input_file: Path | None,
    warmups: int,
    after: bytes | None,
    until: bytes | None,
    max_cycles: int | None,
    second_opinion: bool,
    timing: str,
    hook: str,
    json_file: OutputFile | None,
) -> None:
    """Show where cycles go: issue, load-use, branch, fetch, flash, cache, divide ...

    IMAGE is a firmware file, or kws, vww, ic or ad for a shipped one. What is explained is what
    `boardless profile` records: one inference of a benchmark image, a run of any other firmware, or what
    --from, --until and --max-cycles say. All shares are of its cycles. Every figure is simulated and
    unofficial.
    """
    if function is not None and block is not None:
        raise click.UsageError("--function and --block exclude each other")
    from benches.cli.explain_run import ExplainOptions, run_explain  # noqa: PLC0415 - keeps --help fast
    from benches.cli.profile_run import ProfileOptions  # noqa: PLC0415
    from benches.measure.explanation import Selection  # noqa: PLC0415
    from emulator.profiling.recorded_run import Stretch  # noqa: PLC0415

    window = ProfileOptions(
        image=str(image),
        board=board,
        base=base,
        symbols=symbols,
        launch=launch,
        input_file=input_file,
        warmups=warmups,
        stretch=Stretch(after, until, max_cycles),
        timing=timing,
        hook=hook,
    )
    run_explain(ExplainOptions(window, Selection(function, block), top, json_file, second_opinion))
