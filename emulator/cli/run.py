"""``boardless run``: any image, its console attached."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emulator.board.model import Board
from emulator.cli.audio_desk import play_when_heard
from emulator.cli.command import EXIT_INTERRUPTED, Command
from emulator.cli.console import EXIT_READER_LEFT, STDERR, STDOUT
from emulator.cli.gdb import gdb_address, no_debugger, open_debugger, tell_the_end
from emulator.cli.options import (
    arguments_option,
    base_option,
    board_option,
    cache_option,
    files_option,
    gdb_option,
    hook_option,
    json_option,
    launch_options,
    strict_option,
    symbols_option,
    timing_option,
    uart_option,
)
from emulator.cli.parameter_types import ConsoleText, Count, InputFile, OutputTarget, Seconds
from emulator.cli.port_follower import PortFollower
from emulator.cli.session import Limits, Session, goal_error, limit_error
from emulator.cli.status import Speed, StatusLine
from emulator.cli.summary import Outcome, summary_json, summary_text
from emulator.cli.trace_console import TraceConsole, output_meets_errors
from emulator.cli.untold import Untold
from emulator.errors import BoardlessError, CheckFailed, GuestFault, UsageError
from emulator.files import OutputFile
from emulator.image import add_symbols, check_vectors, load_image, require_base
from emulator.image.launch import Launch
from emulator.links import Link, LinkSet, open_link, parse_serial
from emulator.machine.execution import StopReason
from emulator.machine.machine import Machine

if TYPE_CHECKING:
    from emulator.debugger.debugger import Debugger


@dataclass(frozen=True, slots=True)
class MachineOptions:
    """What builds a machine with an image in it."""

    image: Path
    board: str
    base: int | None
    timing: str
    hook: str
    strict: bool = False
    files_dir: Path | None = None
    arguments: str = ""
    learn: Limits | None = None  # learn the board within these limits first
    learn_output: OutputFile | None = None
    symbols: Path | None = None  # a file with names for the image
    prices_folder: Path | None = None
    launch: Launch = field(default_factory=Launch)


def make_machine(options: MachineOptions) -> Machine:
    """Build the board, load the image. Raises BoardError, ImageError, UsageError."""

    def build(board: Board) -> Machine:
        return Machine(
            board,
            timing=options.timing,
            hook=options.hook,
            strict=options.strict and options.learn is None,
            files_dir=options.files_dir,
            arguments=options.arguments,
            prices_folder=options.prices_folder,
        )

    board = options.launch.board(options.board)
    require_base(options.image, options.base, board)
    image = load_image(options.image, base=options.base, board=board)
    image = options.launch.image(image, board)
    vectors = options.launch.vectors
    check_vectors(image if vectors is None else replace(image, vector_table=vectors), board)
    if options.symbols is not None:
        image = add_symbols(image, options.symbols)
    if options.learn is not None:
        from emulator.cli.learn import learn_board  # noqa: PLC0415 -- only when asked for

        board = learn_board(board, image, build, options.learn, options.learn_output, options.board)
    machine = build(board)
    machine.load(image)
    return machine


@click.command(cls=Command)
@click.argument("image", type=InputFile(checked=False))
@board_option
@base_option
@launch_options
@symbols_option
@click.option(
    "--serial",
    default="stdio",
    show_default=True,
    metavar="stdio|pty|tcp:[HOST:]PORT|rfc2217:[HOST:]PORT",
    help="Where the console goes; without HOST a port is on loopback.",
)
@uart_option
@click.option(
    "--until", type=ConsoleText(), metavar="TEXT", help="Stop when a serial port (or the ITM) has sent TEXT."
)
@click.option("--max-cycles", type=Count(), metavar="N", help="Stop after N modelled cycles.")
@click.option(
    "--wall-limit",
    type=Seconds(),
    metavar="SECONDS",
    help="Stop after so much of the host's time.",
)
@click.option(
    "--audio",
    type=InputFile(),
    metavar="FILE.wav",
    help="Play a sound (16 bits, stereo, 16 kHz) when the firmware begins to listen on a SAI.",
)
@gdb_option
@json_option
@click.option(
    "--learn-board",
    is_flag=True,
    help="Find out what unknown registers must answer, print TOML lines, and run with them.",
)
@click.option(
    "--learn-output",
    type=OutputTarget("the board file"),
    metavar="FILE",
    help="Also write a whole board file with the learned lines.",
)
@timing_option
@hook_option
@cache_option
@strict_option
@files_option
@arguments_option
@click.pass_context
def run(
    ctx: click.Context,
    *,
    image: Path,
    board: str,
    base: int | None,
    launch: Launch,
    symbols: Path | None,
    serial: str,
    uart: str | None,
    until: bytes | None,
    max_cycles: int | None,
    wall_limit: float | None,
    audio: Path | None,
    gdb: str | None,
    json_file: OutputFile | None,
    learn_board: bool,
    learn_output: OutputFile | None,
    timing: str,
    hook: str,
    prices_folder: Path | None,
    strict: bool,
    files_dir: Path | None,
    arguments: str,
) -> None:
    """Run IMAGE (.elf, .axf, .hex, .uf2 or .bin) until it ends, idles, or a limit comes.

    The console is on standard input and output, or where --serial says; the summary goes to
    standard error. A firmware that leaves the board's console silent is shown on the port that it
    talks on. Text that the firmware writes to ITM port 0 is shown beside the console's
    on stdio, and otherwise on standard error. A firmware that ends itself (semihosting) gives its
    own exit code; else 0 fine, 1 a check failed, 2 usage, 3 the firmware crashed, 4 a limit was
    reached. With --gdb the firmware stands at its first instruction until GDB has come and lets it
    go on (docs/debugging.md). All figures are simulated and unofficial.
    """
    spec = parse_serial(serial)
    address = gdb_address(gdb)
    if learn_output is not None and not learn_board:
        raise UsageError("--learn-output needs --learn-board", next_step="add --learn-board")
    limits = Limits(until, max_cycles, wall_limit, time.monotonic() if learn_board else None)
    learn = limits if learn_board else None
    machine = make_machine(
        MachineOptions(
            image,
            board,
            base,
            timing,
            hook,
            strict,
            files_dir,
            arguments,
            learn,
            learn_output,
            symbols,
            prices_folder,
            launch,
        )
    )
    if audio is not None:
        play_when_heard(machine, audio)
    status = StatusLine(Speed(machine))
    is_stdio = spec.kind == "stdio"
    stdout = STDERR if json_file is not None and json_file.is_standard_output else STDOUT
    shares_terminal = not is_stdio or output_meets_errors()
    port = machine.console if uart is None else machine.serial(uart)
    with (
        open_link(spec, port, stdout=stdout, before_output=status.before_output) as link,
        TraceConsole(machine, status, link if is_stdio else None, shown=port) as trace,
        PortFollower(machine, link, status, shares_terminal=shares_terminal) as follower,
        no_debugger() if address is None else open_debugger(machine, address, waits=True) as debugger,
    ):
        if not is_stdio:
            click.echo(f"console on {link.description}", err=True)
        if uart is not None or launch.console is not None:
            follower.close()
        untold = Untold(machine, status, shares_terminal=shares_terminal)
        outcome = _run(machine, link, limits, status, trace, untold, follower, debugger)
        if debugger is not None:
            tell_the_end(debugger, outcome)
    untold.tell()
    outcome = replace(outcome, told=untold.told)
    if link.failure is not None and outcome.error is None:
        outcome = replace(outcome, error=link.failure)
    status.close(shares_terminal=shares_terminal)
    click.echo(summary_text(outcome), err=True)
    if json_file is not None:
        json_file.write_json(summary_json(outcome))
    if outcome.error is not None:
        raise outcome.error
    if outcome.stop == "interrupted":
        ctx.exit(EXIT_INTERRUPTED)
    if outcome.stop == "hung_up" and limits.until is not None:  # what was asked for was not seen
        ctx.exit(EXIT_READER_LEFT)


def _run(
    machine: Machine,
    link: Link,
    limits: Limits,
    status: StatusLine,
    trace: TraceConsole,
    untold: Untold,
    follower: PortFollower,
    debugger: Debugger | None,
) -> Outcome:
    links = LinkSet([link], [] if debugger is None else [debugger])

    def progress() -> None:
        follower.settle()
        trace.flush()
        untold.tell()
        status.update()

    session = Session(machine, links, on_progress=progress, debugger=debugger)
    error: BoardlessError | None
    try:
        reason = session.run(limits)
        stop = "hung_up" if links.hung_up else reason.value
        error = _error_of(reason, stop, limits, machine)
    except GuestFault as fault:
        stop, error = "fault", fault
    except BoardlessError as problem:  # --strict
        stop, error = "error", problem
    return Outcome(machine, links, stop, session.busy_s, error)


def _error_of(reason: StopReason, stop: str, limits: Limits, machine: Machine) -> BoardlessError | None:
    """The error that a run's end is, None for a good end."""
    if stop == "hung_up":
        return limit_error(reason, limits)
    missed = goal_error(reason, limits, machine)
    if missed is not None or stop in ("until", "interrupted"):
        return missed
    if machine.exit_code:
        return CheckFailed(
            f"the firmware ended itself with exit code {machine.exit_code}",
            next_step="its output says why",
            exit_code=machine.exit_code,
        )
    return None
