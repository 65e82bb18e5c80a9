"""Where a firmware's text comes out: a device's serial port, or one of the ways that a debugger offers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import msgspec

from emulator.schema.table import Table, about, address

NONE, SEMIHOSTING, RTT, ITM = "none", "semihosting", "rtt", "itm"
KINDS = (NONE, SEMIHOSTING, RTT, ITM)
KINDS_IN_WORDS = "none, semihosting, rtt[:CHANNEL] or itm[:PORT]"
NUMBERED = {RTT: 16, ITM: 32}
"""Kinds with several channels, and how many may be named: RTT's, and the ITM's stimulus ports."""
LEAST_RTT_CHANNELS = 3
"""SEGGER's own number of channels a direction; further ones are taken when the console is one of them."""
LONGEST_POLL_US = 1_000_000


@dataclass(frozen=True, slots=True)
class ConsoleChoice:
    """A board's console. ``kind``: one of :data:`KINDS`, or "" for ``device``'s serial port.

    ``number``: the RTT channel or the ITM's stimulus port.
    """

    kind: str = ""
    number: int = 0
    device: str = ""

    @property
    def port(self) -> str:
        """The name of its serial port."""
        if not self.kind:
            return self.device
        return port_name(self.kind, self.number)


def port_name(kind: str, number: int) -> str:
    """What a channel is called beside the serial ports of devices: ``rtt0``, ``itm``, ``itm1``."""
    return f"{kind}{number}" if kind == RTT or (kind == ITM and number) else kind


def rtt_channels(console: int) -> range:
    """RTT's channels that have a serial port, the console's among them."""
    return range(max(LEAST_RTT_CHANNELS, console + 1))


def console_choice(text: str, devices: Iterable[str] = ()) -> ConsoleChoice | None:
    """Read a console's name: ``"rtt"``, ``"rtt:1"``, ``"itm:3"`` or a device; None when it is none of them.

    A device of such a name comes before the kind.
    """
    if text in devices:
        return ConsoleChoice(device=text)
    kind, colon, number = text.partition(":")
    if not colon:
        return ConsoleChoice(kind) if kind in KINDS else None
    if kind not in NUMBERED or not number.isascii() or not number.isdigit():
        return None
    return ConsoleChoice(kind, int(number)) if int(number) < NUMBERED[kind] else None


@dataclass(frozen=True, slots=True)
class RttFacts:
    """How SEGGER's Real Time Transfer is read. ``control_block``: its address, None: found in RAM."""

    poll_us: int = 1000
    quiet_poll_us: int = 10_000
    control_block: int | None = None


class RttTable(Table, frozen=True):
    """``[rtt]``: how a debugger reads SEGGER's Real Time Transfer, with the console "rtt"."""

    poll_us: Annotated[
        int,
        about(
            "Modelled time from one look at the channels to the next, while something comes or goes.",
            unit="us",
            at_least=1,
            at_most=LONGEST_POLL_US,
            example=100,
        ),
    ] = 1000
    quiet_poll_us: Annotated[
        int,
        about("The same while nothing does.", unit="us", at_least=1, at_most=LONGEST_POLL_US, example=1000),
    ] = 10_000
    control_block: (
        Annotated[
            int,
            address(
                "Where the control block lies, for an image without the symbol _SEGGER_RTT in a RAM that "
                "holds several.",
                multiple_of=4,
                example=0x20000400,
            ),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET

    def facts(self) -> RttFacts:
        """The same, as a machine reads it."""
        block = None if self.control_block is msgspec.UNSET else self.control_block
        return RttFacts(self.poll_us, self.quiet_poll_us, block)
