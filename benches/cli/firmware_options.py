"""What commands that look at one firmware have in common on the command line; quick to load."""

from __future__ import annotations

from pathlib import Path

import click

from benches.suite.benchmarks import NAMES
from emulator.cli.parameter_types import BoardName, ConsoleText, Count, InputFile

WARMUPS = 1
"""Inferences before one that is recorded, as hosts ask for before a window that they measure."""


def _file_or_name(ctx: click.Context, _parameter: click.Parameter, image: Path) -> Path:
    if not ctx.resilient_parsing and str(image) not in NAMES and not image.exists():
        raise click.BadParameter(
            f"{str(image)!r} is neither a file nor one of {', '.join(NAMES)}", param_hint="IMAGE"
        )
    return image


image_argument = click.argument(
    "image", metavar="IMAGE", type=InputFile(checked=False), callback=_file_or_name
)
images_board_option = click.option(
    "--board",
    type=BoardName(),
    metavar="NAME|FILE.toml",
    help="Board to emulate. [default: nucleo-l4r5zi]",
)
input_option = click.option(
    "--input",
    "input_file",
    type=InputFile(),
    metavar="FILE",
    help="The benchmark's input. [default: a synthetic one]",
)
warmups_option = click.option(
    "--warmups",
    type=Count(least=0),
    default=WARMUPS,
    show_default=True,
    help="Inferences before the recorded one, which fill the caches; 0: the first of all is recorded.",
)
after_option = click.option(
    "--from",
    "after",
    type=ConsoleText(),
    metavar="TEXT",
    help="Begin when the console (or the ITM) has sent TEXT. [default: at reset]",
)
