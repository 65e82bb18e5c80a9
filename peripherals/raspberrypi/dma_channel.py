"""One channel of RP2040's and RP2350's DMA controllers: addresses, count, pacing, one transfer after another.

A channel without pacing moves everything at the cycle at which its last transfer would end, a word a cycle
(datasheet 2.5.1); a paced one moves, a cycle after a request, what is asked for then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from emulator.device import DeviceContext, NothingAnswers
from peripherals.raspberrypi.dma_sniffer import swapped
from peripherals.register_device import ALL_BITS

ENABLE, INCREMENT_READ = 1 << 0, 1 << 4
WRITE_ERROR, READ_ERROR, BUS_ERROR = 1 << 29, 1 << 30, 1 << 31
ERRORS = WRITE_ERROR | READ_ERROR
ALWAYS, FIRST_TIMER, TIMERS = 0x3F, 0x3B, 4
MOST_AT_ONCE = 1 << 16
"""Transfers that one request is served at most: its wire does not fall."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where CTRL has its fields: bits, and the lowest bit of a field.

    ``read_reversed``, ``write_reversed``: a chip without them has 0. ``count_bits``: of TRANS_COUNT, above
    which its mode stands.
    """

    increment_write: int
    ring_size: int
    ring_on_write: int
    chain_to: int
    request: int
    irq_quiet: int
    byte_swap: int
    sniff: int
    busy: int
    read_reversed: int = 0
    write_reversed: int = 0
    count_bits: int = 32

    @property
    def writable(self) -> int:
        """All bits below BUSY."""
        return self.busy - 1


RP2040 = Layout(1 << 5, 6, 1 << 10, 11, 15, 1 << 21, 1 << 22, 1 << 23, 1 << 24)
RP2350 = Layout(1 << 6, 8, 1 << 12, 13, 17, 1 << 23, 1 << 24, 1 << 25, 1 << 26, 1 << 5, 1 << 7, 28)
ONCE, AGAIN, ENDLESS = 0, 1, 15
"""Modes of TRANS_COUNT (RP2350 datasheet 12.6.2.2)."""


class Controller(Protocol):
    """What a channel needs of its controller: wires and memory, and the registers that all share."""

    context: DeviceContext
    values: dict[str, int]
    LAYOUT: ClassVar[Layout]

    def wanted(self, request: int) -> int:
        """How many transfers a device asks for."""

    def sniff(self, number: int, data: int, size_bytes: int) -> None:
        """A channel with SNIFF_EN has read a datum."""


class Channel:
    """Number ``number``; ``ended(number)``: its last transfer is over."""

    def __init__(self, device: Controller, number: int, ended: Callable[[int], None]) -> None:
        self._device = device
        self._context = device.context
        self.layout = device.LAYOUT
        self.number = number
        self._ended = ended
        self._due = device.context.clock.deadline(f"{device.context.name}:channel{number}", self._now_due)
        self.reset()

    def reset(self) -> None:
        """Off."""
        self.read_address = self.write_address = self.reload = self.left = 0
        self.control = self.number << self.layout.chain_to  # it chains to itself: not at all
        self._fraction = 0  # of a timer's period that is over, in 1 / X cycles
        self._due.disarm()

    # -- fields ------------------------------------------------------------------------------
    @property
    def busy(self) -> bool:
        """Transfers are left."""
        return bool(self.control & self.layout.busy)

    @property
    def mode(self) -> int:
        """What happens when the count is over."""
        return self.reload >> self.layout.count_bits

    @property
    def shown_count(self) -> int:
        """TRANS_COUNT: what is left, below the mode."""
        return self.mode << self.layout.count_bits | self.left

    @property
    def chain_to(self) -> int:
        """The channel that is started behind it; itself: none."""
        return self.control >> self.layout.chain_to & 15

    @property
    def request(self) -> int:
        """What paces it."""
        return self.control >> self.layout.request & 63

    def set_control(self, value: int) -> None:
        """CTRL, without starting it."""
        writable = self.layout.writable
        self.control = self.control & ~(writable | value & ERRORS) | value & writable
        if not self.control & ERRORS:
            self.control &= ~BUS_ERROR

    # -- running -----------------------------------------------------------------------------
    def trigger(self) -> None:
        """Start, with the count anew."""
        if self.busy or not self.control & ENABLE:
            return
        self.left = self.reload & (1 << self.layout.count_bits) - 1
        if not self.left:
            self._ended(self.number)
            return
        self.control |= self.layout.busy
        self._fraction = 0
        self.wake()

    def abort(self) -> None:
        """Stop where it is."""
        self._due.disarm()
        self.control &= ~self.layout.busy

    def wake(self) -> None:
        """Go on as its pacing says: everything, at the next tick of a timer, what is asked for."""
        if not self.busy or not self.control & ENABLE:
            return
        if self.request == ALWAYS:
            if self._due.at_cycles is None:
                self._due.arm_in(self.left)
        elif FIRST_TIMER <= self.request < FIRST_TIMER + TIMERS:
            self._arm_timer()
        elif self._due.at_cycles is None and self._device.wanted(self.request):
            self._due.arm_in(1)

    def save(self) -> dict[str, Any]:
        """State for a snapshot."""
        names = ("read_address", "write_address", "reload", "left", "control", "_fraction")
        return {name: getattr(self, name) for name in names}

    def load(self, state: dict[str, Any]) -> None:
        """Put a saved state back."""
        for name, value in state.items():
            setattr(self, name, value)

    # -- inside ------------------------------------------------------------------------------
    def _arm_timer(self) -> None:
        """A transfer comes X times in Y cycles of clk_sys (2.5.3.2)."""
        rate = self._device.values[f"TIMER{self.request - FIRST_TIMER}"]
        times, cycles = rate >> 16, rate & 0xFFFF
        if not times or not cycles:
            self._due.disarm()
            return
        total = cycles + self._fraction
        self._fraction = total % times
        self._due.arm_in(max(1, total // times))

    def _now_due(self) -> None:
        if self.request == ALWAYS:
            self._move(self.left)
        elif FIRST_TIMER <= self.request < FIRST_TIMER + TIMERS:
            self._move(1)
            if self.busy:
                self._arm_timer()
        else:
            self._serve()

    def _serve(self) -> None:
        """What the device asks for, as long as it does."""
        for _ in range(MOST_AT_ONCE):
            if not self.busy or not self._device.wanted(self.request):
                return
            self._move(1)

    def _move(self, count: int) -> None:
        size_bytes = 1 << min(self.control >> 2 & 3, 2)
        for _ in range(count):
            if not self._move_one(size_bytes):
                return
        if self.mode != ENDLESS:
            self.left -= count
        if not self.left:
            self.control &= ~self.layout.busy
            self._ended(self.number)
            if self.mode == AGAIN:
                self.trigger()

    def _move_one(self, size_bytes: int) -> bool:
        memory, control, layout = self._context.memory, self.control, self.layout
        error = READ_ERROR
        try:
            data = memory.read(self.read_address & -size_bytes, size_bytes)
            if control & layout.sniff:
                self._device.sniff(self.number, data, size_bytes)
            error = WRITE_ERROR
            out = swapped(data, size_bytes) if control & layout.byte_swap else data
            memory.write(self.write_address & -size_bytes, size_bytes, out)
        except NothingAnswers:
            self.control = control & ~layout.busy | BUS_ERROR | error
            return False
        ring_on_write = bool(control & layout.ring_on_write)
        step = size_bytes * _steps(control & INCREMENT_READ, control & layout.read_reversed)
        self.read_address = self._next(self.read_address, step, wraps=not ring_on_write)
        step = size_bytes * _steps(control & layout.increment_write, control & layout.write_reversed)
        self.write_address = self._next(self.write_address, step, wraps=ring_on_write)
        return True

    def _next(self, address: int, step: int, *, wraps: bool) -> int:
        ring_bits = self.control >> self.layout.ring_size & 15
        mask = (1 << ring_bits) - 1 if wraps and ring_bits else ALL_BITS
        return address & ~mask | address + step & mask


def _steps(increments: int, is_reversed: int) -> int:
    """Data that an address goes on: reversed, one back, or two on without INCR (RP2350 12.6.2.1)."""
    if is_reversed:
        return -1 if increments else 2
    return 1 if increments else 0
