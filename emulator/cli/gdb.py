"""``--gdb``: the debugger of ``run`` and ``serve``, which is loaded for those who ask for it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import click

from emulator.cli.summary import Outcome
from emulator.machine.machine import Machine

if TYPE_CHECKING:
    from emulator.debugger.connection import Address
    from emulator.debugger.debugger import Debugger


def gdb_address(gdb: str | None) -> Address | None:
    """Where to listen, if anywhere. Raises UsageError."""
    if gdb is None:
        return None
    from emulator.debugger.connection import parse_address  # noqa: PLC0415 -- keeps the start short

    return parse_address(gdb)


def no_debugger() -> AbstractContextManager[Debugger | None]:
    """Without ``--gdb``."""
    return nullcontext()


def open_debugger(machine: Machine, address: Address, *, waits: bool) -> Debugger:
    """Listen, and say where. Raises LinkError."""
    from emulator.debugger.debugger import Debugger  # noqa: PLC0415 -- keeps the start short

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
