"""``boardless profile``: record a run, and say where its cycles go."""

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
from benches.suite.benchmarks import NAMES
from emulator.cli.command import Command
from emulator.cli.options import base_option, hook_option, launch_options, symbols_option, timing_option
from emulator.cli.parameter_types import (
    ConsoleText,
    Count,
    InputFile,
    InputFolder,
    OutputTarget,
)
from emulator.files import OutputFile

if TYPE_CHECKING:
    from emulator.image.launch import Launch


@click.command(cls=Command)
@image_argument
@click.option(
    "-o",
    "--output",
    type=OutputTarget("the recording"),
    metavar="FILE",
    help="Also write all that was recorded, for `boardless report FILE`.",
)
@images_board_option
@base_option
@launch_options
@symbols_option
@click.option(
    "--benchmark",
    type=click.Choice(NAMES),
    help="Record one inference of this benchmark; IMAGE must speak its protocol.",
)
@input_option
@warmups_option
@after_option
@click.option("--until", type=ConsoleText(), metavar="TEXT", help="End when it has sent TEXT.")
@click.option(
    "--max-cycles",
    type=Count(),
    metavar="N",
    help="End N modelled cycles after the begin, which must come within as many.",
)
@click.option(
    "--function", metavar="NAME|ADDRESS", help="Record one call of this function, the first from there on."
)
@click.option(
    "--operators-from",
    metavar="FUNCTION",
    help="A network's operators are the calls that this function makes, where neither an interpreter nor"
    " markers tell.",
)
@click.option(
    "--model",
    type=InputFile(),
    metavar="FILE.tflite",
    help="The network: its operators' names, shapes and sizes, where the firmware does not tell.",
)
@click.option("--top", type=Count(), help="Rows shown. [default: all operators, or 10 functions]")
@click.option(
    "--sources",
    "source_roots",
    type=InputFolder(),
    multiple=True,
    metavar="FOLDER",
    help="Where the sources lie, if they have moved since they were compiled.",
)
@timing_option
@hook_option
def profile(
    *,
    image: Path,
    output: OutputFile | None,
    board: str | None,
    base: int | None,
    launch: Launch,
    symbols: Path | None,
    benchmark: str | None,
    input_file: Path | None,
    warmups: int,
    after: bytes | None,
    until: bytes | None,
    max_cycles: int | None,
    function: str | None,
    operators_from: str | None,
    model: Path | None,
    top: int | None,
    source_roots: tuple[Path, ...],
    timing: str,
    hook: str,
) -> None:
    """Record a run with every call in it, and say where the cycles go.

    IMAGE is a firmware file, or kws, vww, ic or ad for a shipped one. Of a benchmark image one
    inference is recorded; of any other firmware the run from reset until it idles or ends, or what
    --from, --until, --max-cycles and --function say. Every figure is simulated and unofficial.
    """
    from benches.cli.profile_run import ProfileOptions, run_profile  # noqa: PLC0415 - keeps --help fast
    from emulator.profiling.recorded_run import Stretch  # noqa: PLC0415

    run_profile(
        ProfileOptions(
            image=str(image),
            output=output,
            board=board,
            base=base,
            symbols=symbols,
            launch=launch,
            benchmark=benchmark,
            input_file=input_file,
            warmups=warmups,
            stretch=Stretch(after, until, max_cycles, function),
            operators_from=operators_from,
            model=model,
            top=top,
            source_roots=source_roots,
            timing=timing,
            hook=hook,
        )
    )
