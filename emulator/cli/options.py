"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator.cli.parameter_types import (
    Address,
    BoardName,
    FileAtAddress,
    InputFile,
    InputFolder,
    json_target,
)
from emulator.files import cache_folder

if TYPE_CHECKING:
    from emulator.image.together import AddedFile

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
symbols_option = click.option(
    "--symbols",
    type=InputFile(),
    metavar="FILE",
    help="Names for an image without them: the ELF or the linker map that it comes from.",
)
uart_option = click.option(
    "--uart",
    metavar="NAME",
    help="Serial port to show, by its device's name. [default: the one that the firmware talks on]",
)
console_option = click.option(
    "--console",
    metavar="none|semihosting|rtt[:N]|itm[:N]|NAME",
    help="The console in place of the board's: a debugger's, or a device's. [default: the board file's]",
)
load_option = click.option(
    "--load",
    "files",
    type=FileAtAddress(),
    multiple=True,
    help="A further file of the chip's memory: an ELF, HEX or UF2, or raw bytes with their address.",
)
vectors_option = click.option(
    "--vectors",
    type=Address(),
    help="Begin by the vector table there. [default: the board's]",
)
start_option = click.option(
    "--start",
    type=Address(),
    help="Begin at the instruction there, whatever the vectors say. [default: their reset vector]",
)


def launch_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what lies beside an image and where the core begins; the command gets it as ``launch``."""

    @wraps(command)
    def gathered(
        *arguments: Any,
        files: tuple[AddedFile, ...],
        vectors: int | None,
        start: int | None,
        console: str | None,
        **options: Any,
    ) -> Any:
        from emulator.image.launch import Launch  # noqa: PLC0415 -- keeps --help fast

        return command(*arguments, launch=Launch(files, vectors, start, console), **options)

    return load_option(vectors_option(start_option(console_option(gathered))))


timing_option = click.option(
    "--timing",
    type=click.Choice(["memory", "core", "count"]),
    default="memory",
    show_default=True,
    help="Model core and memories, the core alone, or count instructions.",
)


def settle_hook(hook: str) -> str:
    """The hook that ``auto`` stands for; who gets the slow one without having asked is told so, once."""
    if hook != "auto":
        return hook
    from emulator.engine.library import native_library_problem  # noqa: PLC0415 -- loads Unicorn

    problem = native_library_problem()
    if not problem:
        return "native"
    from emulator.installation.origin import slow_hook_words  # noqa: PLC0415 -- only for these words

    click.echo(f"boardless: {slow_hook_words(problem)} (--hook python leaves this line out)", err=True)
    return "python"


def _settle_hook(ctx: click.Context, _parameter: click.Parameter, hook: str) -> str:
    return hook if ctx.resilient_parsing else settle_hook(hook)


hook_option = click.option(
    "--hook",
    type=click.Choice(["auto", "native", "python"]),
    default="auto",
    show_default=True,
    callback=_settle_hook,
    help="Which block hook prices the code; both give the same figures. auto: native if it is there.",
)


def _prices_folder(_ctx: click.Context, _parameter: click.Parameter, cache: bool) -> Path | None:
    return cache_folder("prices") if cache else None


cache_option = click.option(
    "--cache/--no-cache",
    "prices_folder",
    default=True,
    show_default=True,
    callback=_prices_folder,
    help="Keep an image's priced blocks on disk for its next run; figures are the same.",
)
strict_option = click.option("--strict", is_flag=True, help="An access that no model covers is an error.")
files_option = click.option(
    "--files-dir",
    type=InputFolder(),
    help="Folder in which semihosting may open files; nowhere without it.",
)
arguments_option = click.option(
    "--args",
    "arguments",
    default="",
    metavar="TEXT",
    help="What a program finds in its command line behind its name (semihosting's SYS_GET_CMDLINE).",
)
gdb_option = click.option(
    "--gdb",
    metavar="[HOST:]PORT",
    help="Serve GDB there; without HOST on loopback, 0 takes a free port.",
)
json_option = click.option(
    "--json",
    "json_file",
    type=json_target(),
    metavar="FILE|-",
    help="Write the report as JSON; - is standard output, and everything else goes to standard error then.",
)
