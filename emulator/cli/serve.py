"""``boardless serve``: a booted device behind a port, for host software that knows nothing of us."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from emulator.cli.command import Command
from emulator.cli.desk_options import DeskOptions, desk_of, desk_options
from emulator.cli.energy_desk import EnergyDesk
from emulator.cli.gdb import gdb_address, no_debugger, open_debugger, tell_the_end
from emulator.cli.interface_desk import InterfaceDesk
from emulator.cli.options import (
    base_option,
    board_option,
    cache_option,
    files_option,
    gdb_option,
    hook_option,
    launch_options,
    strict_option,
    timing_option,
    uart_option,
)
from emulator.cli.parameter_types import InputFile, LinkPath, OutputTarget, Seconds
from emulator.cli.run import MachineOptions, make_machine
from emulator.cli.session import Limits, Session, limit_error
from emulator.cli.status import Speed, StatusLine
from emulator.cli.summary import Outcome, summary_text
from emulator.cli.trace_console import TraceConsole, output_meets_errors
from emulator.cli.untold import Untold
from emulator.errors import CheckFailed, UsageError
from emulator.files import OutputFile
from emulator.image.launch import Launch
from emulator.links import Link, LinkSet, SerialEndpoint, SerialSpec, open_link, parse_serial
from emulator.links.virtual_port import INTERFACE_USB, POWER_USB, VirtualPort, parse_usb, write_ports
from emulator.machine.execution import StopReason
from emulator.machine.machine import Machine

BOOT_LIMIT_S = 60.0


@click.command(cls=Command)
@click.argument("image", type=InputFile(checked=False))
@board_option
@base_option
@launch_options
@click.option(
    "--serial",
    default="pty",
    show_default=True,
    metavar="pty|tcp:[HOST:]PORT|rfc2217:[HOST:]PORT",
    help="The port that hosts open; without HOST a TCP port is on loopback.",
)
@uart_option
@click.option(
    "--link",
    "symlink",
    type=LinkPath(),
    help="A path that points at the PTY; with --energy PATH-power and PATH-uart too, with --sd-card"
    " PATH-interface.",
)
@click.option(
    "--energy",
    is_flag=True,
    help="Energy mode: ports of an interface board, a power monitor, and the device's own UART.",
)
@desk_options
@click.option(
    "--usb",
    default="0483:374B",
    show_default=True,
    metavar="VID:PID",
    help="USB id that the port list gives the device.",
)
@click.option(
    "--ports",
    "ports_file",
    type=OutputTarget("the port list"),
    metavar="FILE",
    help="Write the list of ports, as JSON, when the device is ready (for `boardless host --ports`);"
    " it is removed when the ports go.",
)
@click.option(
    "--pace",
    type=click.Choice(["realtime", "none"]),
    default="none",
    show_default=True,
    help="realtime: modelled time never outruns the host's clock.",
)
@click.option("--wall-limit", type=Seconds(), help="Serve so many seconds only.")
@gdb_option
@timing_option
@hook_option
@cache_option
@strict_option
@files_option
def serve(
    *,
    image: Path,
    board: str,
    base: int | None,
    serial: str,
    launch: Launch,
    uart: str | None,
    symlink: Path | None,
    energy: bool,
    usb: str,
    ports_file: OutputFile | None,
    pace: str,
    wall_limit: float | None,
    gdb: str | None,
    timing: str,
    hook: str,
    prices_folder: Path | None,
    strict: bool,
    files_dir: Path | None,
    **wiring: Any,
) -> None:
    """Boot IMAGE until it waits for its host, then open its port and serve until Ctrl-C.

    The port's line on standard output comes when the device is ready. Hosts may come, go and
    come back; what the device says while nobody listens is gone, as on a real port. Text that
    the firmware writes to ITM port 0 goes to standard error. With --gdb a GDB may come at any time;
    the firmware stands still then.
    All figures are simulated and unofficial.
    """
    spec = parse_serial(serial)
    if spec.kind == "stdio":
        raise UsageError("serve offers a port; for stdio there is `boardless run`")
    if symlink is not None and spec.kind != "pty":
        raise UsageError("--link is for --serial pty")
    address = gdb_address(gdb)
    given = desk_of(**wiring)
    for is_given, option in (
        (energy, "--energy"),
        (given.sd_card is not None, "--sd-card"),
        (pace == "realtime", "--pace realtime"),
    ):
        if address is not None and is_given:
            raise UsageError(
                f"--gdb and {option} exclude each other: a firmware that GDB has stopped keeps no pace",
                next_step=f"leave {option} out while you debug",
            )
    usb_id = parse_usb(usb)
    options = MachineOptions(
        *(image, board, base, timing, hook, strict, files_dir),
        prices_folder=prices_folder,
        launch=launch,
    )
    machine = make_machine(options)
    chosen = None if uart is None else machine.serial(uart)
    status = StatusLine(Speed(machine))
    with ExitStack() as stack:
        trace = stack.enter_context(TraceConsole(machine, status, shown=chosen or machine.console))

        untold = Untold(machine, status, shares_terminal=True)

        def progress() -> None:
            trace.flush()
            untold.tell()
            status.update()

        _boot(machine, progress)
        device = chosen or machine.talking_port()
        desk = _desk(machine, device, given, energy=energy)
        debugger = stack.enter_context(
            no_debugger() if address is None else open_debugger(machine, address, waits=False)
        )
        opened, ports = _open_ports(
            stack, machine, device, spec=spec, symlink=symlink, desk=desk, usb_id=usb_id
        )
        links = LinkSet(opened, [] if debugger is None else [debugger])
        status.close(shares_terminal=output_meets_errors())
        for link in links.links:
            click.echo(f"ready: {machine.board.name} on {link.description}")
        if ports_file is not None:
            stack.callback(ports_file.remove)
            write_ports(ports_file, ports)
        on_slice = desk.advance if isinstance(desk, EnergyDesk) else lambda: None
        session = Session(
            *(machine, links),
            realtime=pace == "realtime",
            on_progress=progress,
            on_slice=on_slice,
            debugger=debugger,
            is_busy=lambda: desk is not None and desk.is_playing,
        )
        reason = session.run(Limits(wall_limit_s=wall_limit))
        trace.flush()
        status.close(shares_terminal=True)
        untold.tell()
        outcome = Outcome(machine, links, reason.value, session.busy_s, told=untold.told)
        if debugger is not None:
            tell_the_end(debugger, outcome)
        click.echo(summary_text(outcome), err=True)
    if reason is StopReason.EXIT and machine.exit_code:
        raise CheckFailed(
            f"the firmware ended itself with exit code {machine.exit_code}", exit_code=machine.exit_code
        )


def _boot(machine: Machine, progress: Callable[[], None]) -> None:
    """Run until the firmware waits for its host. Raises when it does not."""
    limits = Limits(wall_limit_s=BOOT_LIMIT_S)
    session = Session(machine, LinkSet([]), on_progress=progress)
    reason = session.run(limits, stop_when_idle=True)
    if reason is StopReason.INTERRUPTED:
        raise KeyboardInterrupt
    if reason is not StopReason.IDLE:
        raise limit_error(reason, limits) or UsageError(
            f"the firmware did not come to wait for a host ({reason.value})",
            where=machine.where(),
            next_step="`boardless run` shows what it prints",
        )


def _desk(
    machine: Machine, device: SerialEndpoint, options: DeskOptions, *, energy: bool
) -> EnergyDesk | InterfaceDesk | None:
    """The instruments beside the device, if there are to be any. Raises UsageError."""
    if energy:
        return EnergyDesk(machine, device, options)
    given = options.words()
    if options.sd_card is None and given:
        raise UsageError(
            "is of the interface board, which is not there",
            where=given[0],
            next_step="add it with --sd-card DIR or --energy",
        )
    return None if options.sd_card is None else InterfaceDesk(machine, options, None)


def _open_ports(
    stack: ExitStack,
    machine: Machine,
    device: SerialEndpoint,
    *,
    spec: SerialSpec,
    symlink: Path | None,
    desk: EnergyDesk | InterfaceDesk | None,
    usb_id: tuple[int, int],
) -> tuple[list[Link], list[VirtualPort]]:
    """Open the device's port and the interface board's; in energy mode the device's has no USB id."""
    wanted: list[tuple[str, SerialEndpoint, tuple[int, int] | None]]
    if isinstance(desk, EnergyDesk):
        wanted = [
            ("interface", desk.interface, INTERFACE_USB),
            ("power", desk.power, POWER_USB),
            ("uart", device, None),
        ]
    else:
        wanted = [("device", device, usb_id)]
        wanted += [] if desk is None else [("interface", desk.port, INTERFACE_USB)]
    links: list[Link] = []
    ports: list[VirtualPort] = []
    for number, (name, endpoint, ids) in enumerate(wanted):
        path = symlink if symlink is None or not number else symlink.with_name(f"{symlink.name}-{name}")
        own = replace(spec, port=spec.port + number) if spec.port else spec
        link = stack.enter_context(open_link(own, endpoint, symlink=path))
        if len(wanted) > 1:
            link.description += f" ({name})"
        links.append(link)
        if isinstance(desk, EnergyDesk) and endpoint is desk.power:
            desk.host_reads_power_on(link)
        vid, pid = ids or (None, None)
        ports.append(
            VirtualPort(name, link.address, vid, pid, f"BOARDLESS-{name.upper()}", _title(machine, name))
        )
    return links, ports


def _title(machine: Machine, name: str) -> str:
    return f"Boardless simulated {name} ({machine.board.name})"
