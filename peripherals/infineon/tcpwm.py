"""Timer, counter and PWM block of PSoC 6 (registers TRM CY8C6xxA, chapter "TCPWM").

Modelled: any number of counters with timer mode up and down, their prescalers, one-shot,
terminal count and compare interrupts, software commands start, reload, stop and capture. PWM
modes count alike; their outputs do not reach pins. Not modelled, and reported: up/down
counting, quadrature mode, hardware triggers.

Parameters: ``counters``, ``bits`` (16 or 32), ``first_clock`` (peripheral clock number of
counter 0). Interrupt lines ``counter0``, ``counter1`` ...
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.infineon.interrupt_rows import interrupt_rows
from peripherals.parts.banked import Bank, BankedDevice
from peripherals.parts.clocked_counter import ClockedCounter
from peripherals.parts.counter import DOWN, UP
from peripherals.register_device import Register, clears, read_only, sets

TERMINAL_COUNT, COMPARE_MATCH = 1 << 0, 1 << 1
FLAGS = TERMINAL_COUNT | COMPARE_MATCH
CTRL_ONE_SHOT = 1 << 18
CTRL_GENERIC_SHIFT, CTRL_DIRECTION_SHIFT, CTRL_MODE_SHIFT = 8, 16, 24
DIRECTIONS = {0: UP, 1: DOWN}
MODE_CAPTURE, MODE_QUADRATURE = 2, 3
STATUS_DOWN, STATUS_RUNNING = 1 << 0, 1 << 31
SWAP_COMPARE, SWAP_PERIOD = 1 << 0, 1 << 1
CONSTANT_TRIGGERS = 2
MOST_PRESCALER = 7


def _counter_rows(n: int, maximum: int) -> tuple[Register, ...]:
    base, prefix = Tcpwm.FIRST_BANK + Tcpwm.BANK_BYTES * n, f"CNT{n}_"
    flags, set_flags, mask, masked = interrupt_rows(
        base + 0x30, f"{prefix}INTR", FLAGS, on_write="flags_changed"
    )
    return (
        Register(base, prefix + "CTRL", writable=0x0737FF0F, on_write="mode_written"),
        read_only(base + 0x04, prefix + "STATUS", on_read="status"),
        Register(base + 0x08, prefix + "COUNTER", on_read="current_count", on_write="count_written"),
        Register(base + 0x0C, prefix + "CC", maximum, writable=maximum, on_write="changed"),
        Register(base + 0x10, prefix + "CC_BUFF", maximum, writable=maximum),
        Register(base + 0x14, prefix + "PERIOD", maximum, writable=maximum, on_write="changed"),
        Register(base + 0x18, prefix + "PERIOD_BUFF", maximum, writable=maximum),
        Register(base + 0x20, prefix + "TR_CTRL0", 0x10, writable=0xFFFFF, on_write="triggers_written"),
        Register(base + 0x24, prefix + "TR_CTRL1", 0x3FF, writable=0x3FF),
        Register(base + 0x28, prefix + "TR_CTRL2", 0x3F, writable=0x3F),
        flags,
        set_flags,
        mask,
        masked,
    )


class _One(Bank):
    """One counter of the block."""

    def __init__(self, block: Tcpwm, number: int, maximum: int) -> None:
        super().__init__(block, f"CNT{number}_")
        self.number, self.maximum = number, maximum
        self.counter = ClockedCounter(
            block.context,
            str(number),
            block.clock_of(number),
            maximum,
            on_event=self.refresh,
            on_wrap=self._wrapped,
            on_span=self._span,
            can_skip=self._nothing_new,
        )

    def reset(self) -> None:
        """Stand still."""
        self.counter.restart(reload=self.value("PERIOD"))

    def start(self, *, reload: bool) -> None:
        """Run, if enabled; a reload begins a new period."""
        self.counter.catch_up()
        if reload:
            self.counter.state.count = self.value("PERIOD") if self.counter.state.direction == DOWN else 0
            self.counter.restart_prescaler()
        self.counter.state.running = bool(self.device.values["CTRL"] >> self.number & 1)
        self.refresh()

    def stop(self) -> None:
        """Stand still."""
        self.counter.catch_up()
        self.counter.state.running = False
        self.refresh()

    def capture(self) -> None:
        """Copy the count, in capture mode."""
        self.counter.catch_up()
        if self._captures():
            self.put("CC_BUFF", self.value("CC"))
            self.put("CC", self.counter.state.count)
            self.set_bits("INTR", COMPARE_MATCH)
            self.refresh()

    def adopt(self) -> None:
        """Take the registers' settings."""
        self.counter.catch_up()
        control, state = self.value("CTRL"), self.counter.state
        state.direction = DIRECTIONS.get(control >> CTRL_DIRECTION_SHIFT & 3, UP)
        state.prescaler = (1 << min(control >> CTRL_GENERIC_SHIFT & 7, MOST_PRESCALER)) - 1
        state.reload = self.value("PERIOD")
        self.refresh()

    def pending(self) -> int:
        """Flags that are set and enabled."""
        return self.value("INTR") & self.value("INTR_MASK")

    def refresh(self) -> None:
        """Interrupt line, and when to look again."""
        self.device.line(f"counter{self.number}").set_level(bool(self.pending()))
        awaited = self.value("INTR_MASK") & ~self.value("INTR")
        if awaited & COMPARE_MATCH and not self._captures():
            self.counter.plan((self.value("CC"),))
        elif awaited or self.value("CTRL") & CTRL_ONE_SHOT:
            self.counter.plan()
        else:
            self.counter.plan_nothing()

    def _captures(self) -> bool:
        return self.value("CTRL") >> CTRL_MODE_SHIFT & 7 == MODE_CAPTURE

    def _wrapped(self) -> None:
        self.set_bits("INTR", TERMINAL_COUNT)
        control = self.value("CTRL")
        for bit, register in ((SWAP_COMPARE, "CC"), (SWAP_PERIOD, "PERIOD")):
            if control & bit:
                now, then = self.value(register), self.value(register + "_BUFF")
                self.put(register, then)
                self.put(register + "_BUFF", now)
        self.counter.state.reload = self.value("PERIOD")
        if control & CTRL_ONE_SHOT:
            self.counter.state.running = False

    def _span(self, low: int, high: int) -> None:
        if low <= self.value("CC") <= high and not self._captures():
            self.set_bits("INTR", COMPARE_MATCH)

    def _nothing_new(self) -> bool:
        swaps = self.value("CTRL") & (SWAP_COMPARE | SWAP_PERIOD)
        needed = TERMINAL_COUNT
        if not self._captures() and self.value("CC") <= self.value("PERIOD"):
            needed |= COMPARE_MATCH
        return not swaps and self.counter.state.running and self.value("INTR") & needed == needed


class TcpwmParameters(DeviceParameters, frozen=True):
    """How the block was built."""

    bits: Annotated[Literal[16, 32], about("Width of its counters.", unit="bits", example=16)] = 32
    counters: Annotated[int, about("How many counters it has.", at_least=1, at_most=32, example=24)] = 8
    first_clock: Annotated[
        int,
        about(
            "Number of the peripheral clock of counter 0; the others follow.",
            at_least=0,
            at_most=63,
            example=15,
        ),
    ] = 0

    def highest_line(self) -> int:
        """A line is named for its counter."""
        return self.counters - 1


class Tcpwm(BankedDevice):
    """One block of counters."""

    PARAMETERS = TcpwmParameters
    parameters: TcpwmParameters
    LINES = ("counter#",)
    REGISTERS = (
        Register(0x00, "CTRL", on_write="enabled"),
        clears(0x04, "CTRL_CLR", "CTRL"),
        sets(0x08, "CTRL_SET", "CTRL"),
        Register(0x0C, "CMD_CAPTURE", writable=0, on_write="capture"),
        Register(0x10, "CMD_RELOAD", writable=0, on_write="reload"),
        Register(0x14, "CMD_STOP", writable=0, on_write="stop"),
        Register(0x18, "CMD_START", writable=0, on_write="start"),
        read_only(0x1C, "INTR_CAUSE", on_read="causes"),
    )
    BANK_BYTES = 0x40
    FIRST_BANK = 0x100
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        maximum = (1 << self.parameters.bits) - 1
        self._counters = [_One(self, n, maximum) for n in range(self.parameters.counters)]

    def register_table(self) -> tuple[Register, ...]:
        """The block's registers and those of each counter."""
        maximum = (1 << self.parameters.bits) - 1
        counters = range(self.parameters.counters)
        return (*self.REGISTERS, *(row for n in counters for row in _counter_rows(n, maximum)))

    def clock_of(self, number: int) -> str:
        """Name of the peripheral clock of a counter."""
        return f"pclk{self.parameters.first_clock + number}"

    # -- RegisterDevice ----------------------------------------------------------------------
    def reset(self) -> None:
        """Disable and clear all counters."""
        super().reset()
        for one in self._counters:
            one.reset()

    def save(self) -> Any:
        """Give registers and counters."""
        return {"device": super().save(), "counters": [one.counter.save() for one in self._counters]}

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        super().load(state["device"])
        for one, counter in zip(self._counters, state["counters"], strict=True):
            one.counter.load(counter)

    # -- the block's registers -----------------------------------------------------------------
    def enabled(self, _written: int, old: int) -> None:
        """CTRL, CTRL_CLR: counters that are switched off stop."""
        for one in self._numbered(old & ~self.values["CTRL"]):
            one.stop()

    def capture(self, written: int, _old: int) -> None:
        """CMD_CAPTURE."""
        for one in self._numbered(written):
            one.capture()

    def reload(self, written: int, _old: int) -> None:
        """CMD_RELOAD: begin a period and run."""
        for one in self._numbered(written):
            one.start(reload=True)

    def stop(self, written: int, _old: int) -> None:
        """CMD_STOP."""
        for one in self._numbered(written):
            one.stop()

    def start(self, written: int, _old: int) -> None:
        """CMD_START: run on."""
        for one in self._numbered(written):
            one.start(reload=False)

    def causes(self) -> int:
        """INTR_CAUSE: whose interrupt is active."""
        return sum(1 << one.number for one in self._counters if one.pending())

    # -- a counter's registers -----------------------------------------------------------------
    def mode_written(self, _written: int, _old: int) -> None:
        """CTRL of a counter."""
        control = self._here().value("CTRL")
        if control >> CTRL_DIRECTION_SHIFT & 3 not in DIRECTIONS:
            self._here().report("CTRL", "write", "up/down counting")
        if control >> CTRL_MODE_SHIFT & 7 == MODE_QUADRATURE:
            self._here().report("CTRL", "write", "quadrature mode")
        self._here().adopt()

    def changed(self, _written: int, _old: int) -> None:
        """CC, PERIOD of a counter."""
        self._here().adopt()

    def triggers_written(self, _written: int, _old: int) -> None:
        """TR_CTRL0: only the constant triggers exist."""
        selected = self._here().value("TR_CTRL0")
        if any(selected >> shift & 0xF >= CONSTANT_TRIGGERS for shift in range(0, 20, 4)):
            self._here().report("TR_CTRL0", "write", "hardware triggers")

    def status(self) -> int:
        """STATUS: direction and whether it runs."""
        one = self._here()
        one.counter.catch_up()
        down = STATUS_DOWN if one.counter.state.direction == DOWN else 0
        return down | (STATUS_RUNNING if one.counter.state.running else 0)

    def current_count(self) -> int:
        """COUNTER at this very cycle."""
        return self._here().counter.read()

    def count_written(self, _written: int, _old: int) -> None:
        """COUNTER: go on from here."""
        one = self._here()
        one.counter.catch_up()
        one.counter.state.count = one.value("COUNTER") & one.maximum
        one.refresh()

    def flags_changed(self, _written: int, _old: int) -> None:
        """INTR, INTR_SET, INTR_MASK."""
        self._here().refresh()

    # -- inside --------------------------------------------------------------------------------
    def read(self, offset: int, size_bytes: int) -> int:
        """Load; flags that have risen are there."""
        self._catch_up(offset)
        return super().read(offset, size_bytes)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store; flags that have risen meanwhile are cleared, too."""
        self._catch_up(offset)
        super().write(offset, size_bytes, value)

    def _catch_up(self, offset: int) -> None:
        number = self.bank_of(offset)
        if 0 <= number < len(self._counters):
            self._counters[number].counter.catch_up()

    def _here(self) -> _One:
        return self._counters[self.bank]

    def _numbered(self, mask: int) -> list[_One]:
        return [one for one in self._counters if mask >> one.number & 1]
