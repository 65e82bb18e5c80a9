"""Interrupt Controller Unit of RA8D1 (R01UH0995, chapter "Interrupt Controller Unit"): events to interrupts.

IELSRn names an event; when it happens IR is set, and interrupt n of the NVIC is asserted until firmware
clears IR by writing 0. An event that lasts sets IR once, when it begins. Events come on ``event:NUMBER``.
These are its registers from 0x4000C000 on; the pins' detectors (IRQCRn) lie before others' registers. NMI and
wake-up enables are kept; events that start DTC transfers (DTCE) are told.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from emulator.device import DeviceContext
from peripherals.register_device import Register, RegisterDevice

LINKS = 96
EVENT, REQUESTED, TRANSFERS = 0x1FF, 1 << 16, 1 << 24
FIRST_LINK = 0x300


class Icu(RegisterDevice):
    """The links."""

    LINES = ("irq#",)
    REGISTERS = (
        Register(0x100, "NMIER", writable=0xFFFF),
        Register(0x110, "NMICLR", writable=0),
        Register(0x120, "NMISR", writable=0),
        Register(0x1A0, "WUPEN"),
        Register(0x1A4, "WUPEN1"),
        *(
            Register(
                FIRST_LINK + 4 * n, f"IELSR{n}", writable=EVENT | TRANSFERS, w0c=REQUESTED, on_write="linked"
            )
            for n in range(LINKS)
        ),
    )
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._watched: set[int] = set()
        self._listeners: dict[int, set[int]] = {}

    def reset(self) -> None:
        """No links."""
        super().reset()
        self._listeners.clear()

    def load(self, state: Any) -> None:
        """Put a saved state back; links are listened to again."""
        super().load(state)
        self._listeners.clear()
        for n in range(LINKS):
            self._listen(n)

    def linked(self, _written: int, old: int) -> None:
        """IELSRn: another event, a request cleared."""
        number = (self.access_offset - FIRST_LINK) // 4
        if self.values[f"IELSR{number}"] & TRANSFERS:
            self.report(f"IELSR{number}", "write", "transfers by the DTC")
        self._listeners.get(old & EVENT, set()).discard(number)
        self._listen(number)
        self._assert(number)

    # -- inside ------------------------------------------------------------------------------
    def _listen(self, number: int) -> None:
        event = self.values[f"IELSR{number}"] & EVENT
        if not event:
            return
        self._listeners.setdefault(event, set()).add(number)
        if event not in self._watched:
            self._watched.add(event)
            self.context.signals.watch(f"event:{event}", partial(self._happened, event))

    def _happened(self, event: int, level: int) -> None:
        if not level:
            return
        for number in sorted(self._listeners.get(event, ())):
            self.set_bits(f"IELSR{number}", REQUESTED)
            self._assert(number)

    def _assert(self, number: int) -> None:
        self.line(f"irq{number}").set_level(bool(self.values[f"IELSR{number}"] & REQUESTED))
