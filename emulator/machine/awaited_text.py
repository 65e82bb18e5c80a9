"""Runs until a firmware has said something, on a serial port or by ITM, and the error when it never does."""

from __future__ import annotations

from emulator.errors import CheckFailed
from emulator.links.endpoint import SerialEndpoint
from emulator.links.text_watch import TextWatch
from emulator.machine.execution import StopReason
from emulator.machine.machine import Machine


def text_outputs(machine: Machine) -> tuple[SerialEndpoint, ...]:
    """Whatever a firmware's text may come out of: the serial ports, and ITM port 0."""
    return tuple(dict.fromkeys((*machine.serial_ports.values(), machine.itm)))


def run_until(machine: Machine, text: bytes | None, max_cycles: int | None) -> StopReason:
    """Run until a text has come on a serial port or the ITM, a limit, the end, or idle."""
    outputs = text_outputs(machine) if text is not None else ()
    watches = [TextWatch(output, text or b"", machine.interrupt) for output in outputs]
    try:
        reason = machine.run(max_cycles=max_cycles)
    finally:
        for watch in watches:
            watch.close()
    return StopReason.UNTIL if any(watch.found for watch in watches) else reason


def run_to_text(machine: Machine, text: bytes, max_cycles: int | None) -> None:
    """The same for a text that must come. Raises CheckFailed when it does not."""
    if run_until(machine, text, max_cycles) is not StopReason.UNTIL:
        raise never_sent(machine, text)


def never_sent(machine: Machine, text: bytes) -> CheckFailed:
    """The error for a text that never came."""
    return CheckFailed(
        f"the console never sent {in_quotes(text)}",
        where=machine.where(),
        next_step=machine.silence
        or "`boardless run` shows its output; does the firmware need input, or another --board?",
    )


def in_quotes(text: bytes) -> str:
    """A firmware's text in a sentence."""
    return repr(text.decode(errors="backslashreplace"))
