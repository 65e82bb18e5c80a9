"""Options that several commands share."""

from __future__ import annotations

import click

from emulator.cli.parameter_types import Address, BoardName, InputFolder, json_target

DEFAULT_BOARD = "nucleo-l4r5zi"


board_option = click.option(
    "--board",
    type=BoardName(),
    default=DEFAULT_BOARD,
    show_default=True,
    metavar="NAME|FILE.toml",
    help="Board to emulate.",
)
base_option = click.option("--base", type=Address(), help="Load address of a raw .bin image.")
timing_option = click.option(
    "--timing",
    type=click.Choice(["memory", "core", "count"]),
    default="memory",
    show_default=True,
    help="Model core and memories, the core alone, or count instructions.",
)
hook_option = click.option(
    "--hook",
    type=click.Choice(["auto", "native", "python"]),
    default="auto",
    show_default=True,
    help="Which block hook prices the code; both give the same figures.",
)
strict_option = click.option("--strict", is_flag=True, help="An access that no model covers is an error.")
files_option = click.option(
    "--files-dir",
    type=InputFolder(),
    help="Folder in which semihosting may open files; nowhere without it.",
)
json_option = click.option(
    "--json",
    "json_file",
    type=json_target(),
    metavar="FILE|-",
    help="Write the report as JSON; - is standard output, and everything else goes to standard error then.",
)
