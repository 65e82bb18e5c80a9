"""``--gdb``: the debugger of ``run`` and ``serve``."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import click

from emulator.cli.summary import Outcome
from emulator.debugger.connection import Address
from emulator.debugger.debugger import Debugger
from emulator.machine.machine import Machine


def no_debugger() -> AbstractContextManager[Debugger | None]:
    """Without ``--gdb``."""
    return nullcontext()


def open_debugger(machine: Machine, address: Address, *, waits: bool) -> Debugger:
    """Listen, and say where. Raises LinkError."""
    debugger = Debugger(machine, address, waits=waits)
    waiting = "; the firmware waits for it" if waits else ""
    click.echo(f"gdb: target remote {debugger.description}{waiting}", err=True)
    return debugger


def tell_the_end(debugger: Debugger, outcome: Outcome) -> None:
    """Tell the GDB that is there how the run has ended."""
    if outcome.stop == "fault":
        debugger.crashed()
    else:
        debugger.finished(outcome.machine.exit_code or 0)
