"""``boardless host``: start host software with our ports in its port list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from emulator.cli.command import Command
from emulator.cli.desk_options import desk_of, desk_options
from emulator.cli.options import base_option
from emulator.cli.parameter_types import BoardName, InputFile


@click.command(
    cls=Command, context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False}
)
@click.option(
    "--device",
    "devices",
    multiple=True,
    metavar="NAME=PATH[:VID:PID]",
    help="A port that exists already, or socket://HOST:PORT; ids in hexadecimal. [default ids: 0483:374B]",
)
@click.option(
    "--ports",
    "ports_files",
    multiple=True,
    type=InputFile(),
    metavar="FILE",
    help="A list that `boardless serve --ports` wrote.",
)
@click.option(
    "--image",
    "images",
    multiple=True,
    type=InputFile(),
    metavar="FILE",
    help="Boot this image first and serve it; may be repeated.",
)
@click.option(
    "--board",
    "boards",
    type=BoardName(),
    multiple=True,
    metavar="NAME|FILE.toml",
    help="Board of all images, or one of each.",
)
@click.option(
    "--usb", "usb_ids", multiple=True, metavar="VID:PID", help="USB id of all images' ports, or one of each."
)
@base_option
@click.option("--energy", is_flag=True, help="Energy mode: interface board and power monitor.")
@desk_options
@click.option(
    "--pace",
    type=click.Choice(["realtime", "none"]),
    default="realtime",
    show_default=True,
    help="realtime: devices don't outrun the host's minimum durations.",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def host(
    ctx: click.Context,
    /,
    *,
    devices: tuple[str, ...],
    ports_files: tuple[Path, ...],
    images: tuple[Path, ...],
    boards: tuple[str, ...],
    usb_ids: tuple[str, ...],
    base: int | None,
    energy: bool,
    pace: str,
    command: tuple[str, ...],
    **wiring: Any,
) -> None:
    r"""Run COMMAND... with Boardless' ports in pyserial's list of ports (after `--`).

    \b
    boardless host --image kws.elf -- python main.py -m p
    boardless host --device dut=/dev/ttyV0:0483:374B -- python main.py -m a

    Files of the host software stay as they are. Its exit code becomes this one's. What it
    measures is simulated and unofficial.
    """
    from benches.cli.host_run import HostOptions, run_host  # noqa: PLC0415 -- keeps --help fast

    options = HostOptions(
        devices, ports_files, images, boards, usb_ids, base, energy, pace, command, desk_of(**wiring)
    )
    ctx.exit(run_host(options))
