"""``boardless serve``: a booted device behind a port, for host software that knows nothing of us."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from emulator.cli.options import (
    base_option,
    board_option,
    files_option,
    hook_option,
    strict_option,
    timing_option,
)
from emulator.cli.run import MachineOptions, make_machine
from emulator.cli.session import Limits, Session, limit_error
from emulator.cli.status import StatusLine
from emulator.cli.summary import Outcome, summary_text
from emulator.errors import UsageError
from emulator.execution import StopReason
from emulator.links import LinkSet, open_link, parse_serial

BOOT_LIMIT_S = 60.0


@click.command()
@click.argument("image", type=click.Path(path_type=Path))
@board_option
@base_option
@click.option(
    "--serial",
    default="pty",
    show_default=True,
    metavar="pty|tcp:[HOST:]PORT|rfc2217:[HOST:]PORT",
    help="The port that hosts open; without HOST a TCP port is on loopback.",
)
@click.option("--link", "symlink", type=click.Path(path_type=Path), help="A path that points at the PTY.")
@click.option(
    "--pace",
    type=click.Choice(["realtime", "none"]),
    default="none",
    show_default=True,
    help="realtime: modelled time never outruns the host's clock.",
)
@click.option("--wall-limit", type=click.FloatRange(min=0, min_open=True), help="Serve so many seconds only.")
@timing_option
@hook_option
@strict_option
@files_option
def serve(
    *,
    image: Path,
    board: str,
    base: int | None,
    serial: str,
    symlink: Path | None,
    pace: str,
    wall_limit: float | None,
    timing: str,
    hook: str,
    strict: bool,
    files_dir: str | None,
) -> None:
    """Boot IMAGE until it waits for its host, then open its port and serve until Ctrl-C.

    The port's line on standard output comes when the device is ready. Hosts may come, go and
    come back; what the device says while nobody listens is gone, as on a real port.
    All figures are simulated and unofficial.
    """
    spec = parse_serial(serial)
    if spec.kind == "stdio":
        raise UsageError("serve offers a port; for stdio there is `boardless run`")
    if symlink is not None and spec.kind != "pty":
        raise UsageError("--link is for --serial pty")
    machine = make_machine(MachineOptions(image, board, base, timing, hook, strict, files_dir))
    status = StatusLine(machine)
    no_links = LinkSet([])
    boot_limits = Limits(wall_limit_s=BOOT_LIMIT_S)
    booting = Session(machine, no_links, on_progress=status.update)
    reason = booting.run(boot_limits, stop_when_idle=True)
    if reason is not StopReason.IDLE:
        raise limit_error(reason, boot_limits) or UsageError(
            f"the firmware did not come to wait for a host ({reason.value})",
            where=machine.where(),
            next_step="`boardless run` shows what it prints",
        )
    with ExitStack() as stack:
        link = stack.enter_context(open_link(spec, machine.console, symlink=symlink))
        links = LinkSet([link])
        status.erase()
        click.echo(f"ready: {machine.board.name} on {link.description}")
        session = Session(machine, links, realtime=pace == "realtime", on_progress=status.update)
        limits = Limits(wall_limit_s=wall_limit)
        reason = session.run(limits)
        status.erase()
        click.echo(summary_text(Outcome(machine, links, reason.value, session.busy_s)), err=True)
    if reason is StopReason.EXIT and machine.exit_code:
        raise UsageError(f"the firmware ended itself with exit code {machine.exit_code}")
