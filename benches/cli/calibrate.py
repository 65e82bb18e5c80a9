"""``boardless calibrate``: a board's memory parameters from what its micro-kernels counted."""

from __future__ import annotations

from pathlib import Path

import click

from emulator.cli.command import Command
from emulator.cli.options import json_option
from emulator.cli.parameter_types import BoardName, Count, InputFile, InputFolder, OutputTarget, Seconds
from emulator.files import OutputFile

BAUD = 115200
SECONDS = 60.0


@click.command(cls=Command)
@click.argument("board", type=BoardName(), metavar="BOARD")
@click.option(
    "--counts", "counts_file", type=InputFile(), metavar="FILE", help="Text of the board's console."
)
@click.option("--port", metavar="DEVICE", help="The board's serial port, such as /dev/ttyACM0.")
@click.option("--emulated", is_flag=True, help="Count on the model itself: what the kernels determine.")
@click.option(
    "--elf", type=InputFile(), metavar="FILE", help="The firmware that counted. [default: it is built anew]"
)
@click.option(
    "--assembly",
    type=InputFile(),
    metavar="CATALOG",
    help="Functions with measured cycles, as `boardless validate --assembly` reads them: fitted too.",
)
@click.option(
    "--images", type=InputFolder(), multiple=True, metavar="DIR", help="Folders with the catalogue's ELFs."
)
@click.option(
    "--keep",
    multiple=True,
    metavar="NAME",
    help="A parameter that is known, such as flash.wait_states; may be repeated.",
)
@click.option("--baud", type=Count(), default=BAUD, show_default=True, help="The serial port's speed.")
@click.option(
    "--seconds", type=Seconds(), default=SECONDS, show_default=True, help="How long to wait for the port."
)
@click.option(
    "--output", "-o", type=OutputTarget("the parameters"), metavar="FILE", help="Write the TOML lines there."
)
@click.option(
    "--save-counts", type=OutputTarget("the counts"), metavar="FILE", help="Write the console's text there."
)
@json_option
def calibrate(
    *,
    board: str,
    counts_file: Path | None,
    port: str | None,
    emulated: bool,
    elf: Path | None,
    assembly: Path | None,
    images: tuple[Path, ...],
    keep: tuple[str, ...],
    baud: int,
    seconds: float,
    output: OutputFile | None,
    save_counts: OutputFile | None,
    json_file: OutputFile | None,
) -> None:
    r"""Fit the memory parameters of BOARD's file to what its kernels count.

    \b
    boardless build calibration --board my-board.toml   # to be flashed
    boardless calibrate my-board.toml --port /dev/ttyACM0

    The same firmware runs on the model, until it counts what the board did. What comes out are lines
    for the board file, and what remains of each kernel. Every modelled figure is simulated and unofficial.
    """
    from benches.cli.calibrate_run import CalibrateInput, CalibrateOutputs, run_calibrate  # noqa: PLC0415

    if sum((counts_file is not None, port is not None, emulated)) != 1:
        raise click.UsageError("counts come from one of --counts FILE, --port DEVICE and --emulated")
    run_calibrate(
        board,
        CalibrateInput(counts_file, port, baud, seconds, elf, keep, assembly, images),
        CalibrateOutputs(output, save_counts, json_file),
    )
