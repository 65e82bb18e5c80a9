"""What the report of a failed test shows of its device."""

from __future__ import annotations

from collections.abc import Sequence

from emulator.machine.crash_report import backtrace_lines
from emulator.machine.machine import Machine

CONSOLE_LINES = 40


def last_lines(text: bytes) -> str:
    """The end of what a device has sent, as text."""
    return "\n".join(text.decode(errors="backslashreplace").splitlines()[-CONSOLE_LINES:])


def sections_of(machine: Machine, injected: Sequence[str]) -> list[tuple[str, str]]:
    """Titles and texts: console, fault, where it stands and who called, what was injected."""
    found = [(f"{machine.board.name}: console", last_lines(bytes(machine.console.output)))]
    if machine.itm.sent:
        found.append((f"{machine.board.name}: ITM port 0", last_lines(bytes(machine.itm.output))))
    if machine.system.fault_chain:
        found.append((f"{machine.board.name}: fault", machine.fault_report().report))
    if machine.image is not None:
        pc, lr, sp = (machine.core.get(name) for name in ("pc", "lr", "sp"))
        lines = backtrace_lines(machine.core, machine.image, pc, lr, sp)
        found.append((f"{machine.board.name}: stands", "\n".join((repr(machine), *lines))))
    if injected:
        found.append((f"{machine.board.name}: injected", "\n".join(injected)))
    return [(title, text) for title, text in found if text]
