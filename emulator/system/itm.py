"""Instrumentation Trace Macrocell: stimulus ports whose bytes go to the host at once.

What firmware sees of the wire is a port's readiness. A store makes a packet of a header and 1, 2 or 4 bytes
(ARMv7-M ARM D4.2.8), which takes its time on the trace port (:mod:`emulator.system.tpiu`); until the last is
out, ports read as full (guess: the FIFO holds one packet; its depth is the chip's). What is written all
the same arrives, too: hosts here lose nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.clock.clock import Clock
from emulator.system.features import Architecture, CoreFeatures
from emulator.system.registers import merge

STIM0 = 0xE0000000
TER = 0xE0000E00
TPR = 0xE0000E40
TCR = 0xE0000E80
LAR = 0xE0000FB0
LSR = 0xE0000FB4
ITM_END = 0xE0001000
PORTS = 32
PORTS_PER_PRIVILEGE_BIT = 8

TCR_ITMENA = 1 << 0
TCR_WRITABLE = 0x007F0F1F
FIFO_READY = 1 << 0
PORT_DISABLED = 1 << 1  # ARMv8-M only
UNLOCK_KEY = 0xC5ACCE55
HEADER_BYTES = 1


class Itm:
    """The ITM. ``output(port, byte)`` gets each byte that firmware writes, in order.

    ``byte_cycles()``: what a byte takes on the trace port, in core cycles.

    ``unprivileged()``: the store comes from unprivileged code, which reaches the ports that ITM_TPR leaves
    to it and changes nothing else (ARMv7-M ARM C1.7.3 to C1.7.6).
    """

    def __init__(
        self,
        core: CoreFeatures,
        clock: Clock,
        trace_enabled: Callable[[], bool],
        output: Callable[[int, int], None] | None,
        unprivileged: Callable[[], bool] = lambda: False,
        byte_cycles: Callable[[], int] = lambda: 0,
    ) -> None:
        self._clock = clock
        self._byte_cycles = byte_cycles
        self._room = clock.deadline("system.itm", self._drained)
        self._unprivileged = unprivileged
        self._core = core
        self._trace_enabled = trace_enabled
        self._output = output
        self._is_v8 = core.architecture is Architecture.V8M
        self.names: dict[int, str] = {}
        if core.has_itm:
            self.names = {STIM0 + 4 * i: f"ITM_STIM{i}" for i in range(PORTS)}
            self.names |= {TER: "ITM_TER0", TPR: "ITM_TPR", TCR: "ITM_TCR"}
            self.names |= {} if self._is_v8 else {LAR: "ITM_LAR", LSR: "ITM_LSR"}
        self.reset()

    def reset(self) -> None:
        """Off and locked."""
        self._enabled_ports = 0
        self._privilege = 0
        self._control = 0
        self._locked = not self._is_v8
        self._drained_at = 0
        self._room.disarm()

    def port_enabled(self, port: int) -> bool:
        """Whether a write to the port goes out."""
        on = self._control & TCR_ITMENA and self._enabled_ports >> port & 1
        return bool(on) and self._trace_enabled()

    def read_word(self, address: int) -> int:
        """Read; a stimulus port tells whether it has room."""
        if address < TER:
            if self._is_v8 and not self.port_enabled((address - STIM0) // 4):
                return PORT_DISABLED
            return 0 if self._clock.now() < self._drained_at else FIFO_READY
        lock = 1 | (2 if self._locked else 0)
        return {TER: self._enabled_ports, TPR: self._privilege, TCR: self._control, LSR: lock}.get(address, 0)

    def write_word(self, address: int, value: int, mask: int) -> None:
        """Write; a store to an enabled stimulus port is output."""
        if address < TER:
            port = (address - STIM0) // 4
            if not (self._is_privileged_port(port) and self._unprivileged()):
                self._stimulate(port, value, mask)
        elif self._unprivileged():
            return
        elif address == LAR:
            self._locked = value != UNLOCK_KEY
        elif self._locked:
            return
        elif address == TER:
            self._enabled_ports = merge(self._enabled_ports, value, mask)
        elif address == TPR:
            self._privilege = merge(self._privilege, value, mask & 0xF)
        elif address == TCR:
            self._control = merge(self._control, value, mask & TCR_WRITABLE)

    def _is_privileged_port(self, port: int) -> bool:
        return bool(self._privilege >> port // PORTS_PER_PRIVILEGE_BIT & 1)

    def _stimulate(self, port: int, value: int, mask: int) -> None:
        if self._output is None or not self.port_enabled(port):
            return
        written = [value >> shift & 0xFF for shift in range(0, 32, 8) if mask >> shift & 0xFF]
        for byte in written:
            self._output(port, byte)
        if takes := (HEADER_BYTES + len(written)) * self._byte_cycles():
            self._drained_at = max(self._drained_at, self._clock.now()) + takes
            self._room.arm(self._drained_at)

    def _drained(self) -> None:
        """There is room: who waits for it goes on."""

    def save(self) -> Any:
        """State for a snapshot."""
        return (self._enabled_ports, self._privilege, self._control, self._locked, self._drained_at)

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self._enabled_ports, self._privilege, self._control, self._locked, self._drained_at = state
