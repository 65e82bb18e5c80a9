"""SIO (RP2040 datasheet 2.3.1) as the first core sees it: pins, divider, spinlocks, FIFO, interpolators.

The second core is not emulated. Its boot ROM's side of the launch (2.8.2) is: each word comes back, and
the last one is told as unmodelled; so does the word that it sends when it leaves its reset (the signal
``reset:core1``). From then on nobody reads what is sent to it. A pin whose output is enabled here is
driven, whatever its function.
"""

from __future__ import annotations

from typing import ClassVar

from emulator.device import DeviceContext, DeviceParameters
from peripherals.parts.pins import Pins
from peripherals.parts.twos_complement import signed
from peripherals.raspberrypi.interpolator import ADDEND_BITS, Interpolator
from peripherals.raspberrypi.sio_divider import Divider
from peripherals.register_device import ALL_BITS, Register, RegisterDevice, clears, read_only, sets, toggles

PIN_COUNT, PIN_MASK, QSPI_MASK = 30, 0x3FFFFFFF, 0x3F
PINS = tuple(f"GPIO{n}" for n in range(PIN_COUNT))
FIFO_DEPTH = 8
VALID, ROOM, OVERFLOW, UNDERFLOW = 1 << 0, 1 << 1, 1 << 2, 1 << 3
LAUNCH = (0, 0, 1)
LAUNCH_WORDS = len(LAUNCH) + 3
DIVIDER, INTERPOLATORS, SPINLOCKS = 0x60, 0x80, 0x100
DIVIDER_NAMES = ("UDIVIDEND", "UDIVISOR", "SDIVIDEND", "SDIVISOR", "QUOTIENT", "REMAINDER", "CSR")
LANE_NAMES = (
    "ACCUM0", "ACCUM1", "BASE0", "BASE1", "BASE2", "POP_LANE0", "POP_LANE1", "POP_FULL", "PEEK_LANE0",
    "PEEK_LANE1", "PEEK_FULL", "CTRL_LANE0", "CTRL_LANE1", "ACCUM0_ADD", "ACCUM1_ADD", "BASE_1AND0",
)  # fmt: skip
LANE_BYTES = 4 * len(LANE_NAMES)
SPINLOCK_COUNT = 32


def outputs(offset: int, name: str, mask: int, effect: str, stride: int = 4) -> tuple[Register, ...]:
    """A register of outputs or output enables with its set, clear and toggle registers."""
    return (
        Register(offset, name, writable=mask, on_write=effect),
        sets(offset + stride, f"{name}_SET", name, mask),
        clears(offset + 2 * stride, f"{name}_CLR", name, mask),
        toggles(offset + 3 * stride, f"{name}_XOR", name, mask),
    )


COMMON_ROWS = (
    Register(
        0x50,
        "FIFO_ST",
        writable=0,
        w1c=OVERFLOW | UNDERFLOW,
        on_read="fifo_status",
        on_write="fifo_moved",
    ),
    Register(0x54, "FIFO_WR", writable=0, on_write="word_sent"),
    read_only(0x58, "FIFO_RD", on_read="word_taken"),
    read_only(0x5C, "SPINLOCK_ST", on_read="locks"),
    *(
        Register(
            INTERPOLATORS + LANE_BYTES * number + 4 * n,
            f"INTERP{number}_{name}",
            writable=0,
            on_read="lane_read",
            on_write="lane_written",
        )
        for number in (0, 1)
        for n, name in enumerate(LANE_NAMES)
    ),
    *(
        Register(SPINLOCKS + 4 * n, f"SPINLOCK{n}", writable=0, on_read="lock_taken", on_write="lock_freed")
        for n in range(SPINLOCK_COUNT)
    ),
)
"""FIFO, interpolators and spinlocks: of RP2350, too."""


class CommonSio(RegisterDevice):
    """The first core's SIO. Interpolators and spinlocks answer behind the table."""

    PARAMETERS = DeviceParameters
    LINES: ClassVar[tuple[str, ...]] = ("proc0",)
    size_bytes = 0x1000
    DEPTH: ClassVar[int] = FIFO_DEPTH
    STATE = ("_locks", "_received", "_sent", "_handshake", "_launched")
    PARTS: ClassVar[tuple[str, ...]] = ("_pins", "_first", "_second")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._pins = Pins(context.signals, PINS)
        self._first, self._second = Interpolator(blends=True), Interpolator(blends=False)
        self._locks = 0
        self._received: list[int] = []
        self._sent: list[int] = []
        self._handshake: list[int] = []
        self._launched = False
        context.signals.watch("reset:core1", self._second_core_reset)

    @classmethod
    def pins(cls, name: str, parameters: object) -> tuple[str, ...]:  # noqa: ARG003
        """GPIO0 to GPIO29."""
        return PINS

    def reset(self) -> None:
        """No outputs, free locks, empty FIFOs; the second core waits to be launched."""
        super().reset()
        self._pins.release()
        self._first.reset()
        self._second.reset()
        self._locks = 0
        self._received, self._sent, self._handshake, self._launched = [], [], [], False

    # -- pins ------------------------------------------------------------------------------
    def pin_levels(self) -> int:
        """GPIO_IN."""
        return sum(self._pins.level(pin) << pin for pin in range(PIN_COUNT))

    def pins_changed(self, _written: int, _old: int) -> None:
        """GPIO_OUT, GPIO_OE: drive the pins that are outputs."""
        out, enabled = self.values["GPIO_OUT"], self.values["GPIO_OE"]
        for pin in range(PIN_COUNT):
            self._pins.drive(pin, out >> pin & 1 if enabled >> pin & 1 else None)

    # -- the FIFOs between the cores ---------------------------------------------------------
    def fifo_status(self) -> int:
        """FIFO_ST."""
        status = VALID if self._received else 0
        return self.values["FIFO_ST"] | status | (ROOM if len(self._sent) < self.DEPTH else 0)

    def fifo_moved(self, _written: int, _old: int) -> None:
        """FIFO_ST: the sticky flags written 1 are cleared; the line follows."""
        self.line("proc0").set_level(self.fifo_status() & (VALID | OVERFLOW | UNDERFLOW) != 0)

    def word_sent(self, written: int, _old: int) -> None:
        """FIFO_WR: to the second core."""
        if not self._launched:
            self._answer(written)
        elif len(self._sent) < self.DEPTH:
            self._sent.append(written)
        else:
            self.set_bits("FIFO_ST", OVERFLOW)
        self.fifo_moved(0, 0)

    def word_taken(self) -> int:
        """FIFO_RD: what the second core has sent."""
        self.context.consumed()
        if not self._received:
            self.set_bits("FIFO_ST", UNDERFLOW)
            word = 0
        else:
            word = self._received.pop(0)
        self.fifo_moved(0, 0)
        return word

    def _answer(self, word: int) -> None:
        """The second core's boot ROM: it sends back what it expects, else it starts anew."""
        place = len(self._handshake)
        if place < len(LAUNCH) and word != LAUNCH[place]:
            self._handshake = []
        else:
            self._handshake.append(word)
        self._received.append(word)
        if len(self._handshake) == LAUNCH_WORDS:
            self._launched = True
            entry = self._handshake[-1] & ~1
            what = (
                f"core 1, launched at 0x{entry:08x}, is not emulated: firmware that waits for it stands still"
            )
            self.report("FIFO_WR", "write", what)

    def _second_core_reset(self, level: int) -> None:
        self._launched = False
        self._handshake, self._sent = [], []
        if not level:
            self._received.append(0)
            self.fifo_moved(0, 0)

    # -- spinlocks -------------------------------------------------------------------------
    def lock_taken(self) -> int:
        """SPINLOCKn: not 0 when it was free, and is taken now."""
        bit = 1 << (self.access_offset - SPINLOCKS) // 4
        if self._locks & bit:
            return 0
        self.context.consumed()
        self._locks |= bit
        return bit

    def lock_freed(self, _written: int, _old: int) -> None:
        """SPINLOCKn: whatever is written."""
        self._locks &= ~(1 << (self.access_offset - SPINLOCKS) // 4)

    def locks(self) -> int:
        """SPINLOCK_ST."""
        return self._locks

    # -- the interpolators -------------------------------------------------------------------
    def _lane(self) -> tuple[Interpolator, str]:
        number, place = divmod(self.access_offset - INTERPOLATORS, LANE_BYTES)
        return (self._second if number else self._first), LANE_NAMES[place // 4]

    def lane_read(self) -> int:
        """INTERPn_...."""
        interpolator, name = self._lane()
        kind, _, which = name.partition("_")
        if kind in ("POP", "PEEK"):
            if kind == "POP":
                self.context.consumed()
            results = interpolator.pop() if kind == "POP" else interpolator.results()
            return results[("LANE0", "LANE1", "FULL").index(which)]
        if kind == "CTRL":
            return interpolator.shown_control(int(name[-1]))
        if name == "BASE_1AND0":
            return 0
        if name.startswith("BASE"):
            return interpolator.base[int(name[-1])]
        return interpolator.accumulator[int(kind[-1])]

    def lane_written(self, written: int, _old: int) -> None:
        """INTERPn_...."""
        interpolator, name = self._lane()
        kind, _, which = name.partition("_")
        if kind == "CTRL":
            interpolator.set_control(int(name[-1]), written)
        elif name == "BASE_1AND0":
            interpolator.set_both_bases(written)
        elif name.startswith("BASE"):
            interpolator.base[int(name[-1])] = written
        elif which == "ADD":
            lane = int(kind[-1])
            added = interpolator.accumulator[lane] + signed(written, ADDEND_BITS)
            interpolator.accumulator[lane] = added & ALL_BITS
        elif kind.startswith("ACCUM"):
            interpolator.accumulator[int(kind[-1])] = written


class Sio(CommonSio):
    """RP2040's, with the divider."""

    REGISTERS = (
        read_only(0x00, "CPUID"),
        read_only(0x04, "GPIO_IN", on_read="pin_levels"),
        read_only(0x08, "GPIO_HI_IN", QSPI_MASK & ~2),
        *outputs(0x10, "GPIO_OUT", PIN_MASK, "pins_changed"),
        *outputs(0x20, "GPIO_OE", PIN_MASK, "pins_changed"),
        *outputs(0x30, "GPIO_HI_OUT", QSPI_MASK, ""),
        *outputs(0x40, "GPIO_HI_OE", QSPI_MASK, ""),
        *COMMON_ROWS,
        *(
            Register(
                DIVIDER + 4 * n, f"DIV_{name}", writable=0, on_read="divider_read", on_write="divider_written"
            )
            for n, name in enumerate(DIVIDER_NAMES)
        ),
    )
    PARTS = (*CommonSio.PARTS, "_divider")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._divider = Divider(context)

    def reset(self) -> None:
        """The divider, too."""
        super().reset()
        self._divider.reset()

    def divider_read(self) -> int:
        """DIV_...: operands, results, CSR."""
        divider, name = self._divider, DIVIDER_NAMES[(self.access_offset - DIVIDER) // 4]
        if name.endswith("DIVIDEND"):
            return divider.dividend
        if name.endswith("DIVISOR"):
            return divider.divisor
        if name == "QUOTIENT":
            return divider.take_quotient()
        return divider.remainder if name == "REMAINDER" else divider.status()

    def divider_written(self, written: int, _old: int) -> None:
        """DIV_...: an operand starts a division, a result is put back."""
        divider, name = self._divider, DIVIDER_NAMES[(self.access_offset - DIVIDER) // 4]
        if name == "QUOTIENT":
            divider.put(quotient=written)
        elif name == "REMAINDER":
            divider.put(remainder=written)
        elif name != "CSR":
            if name.endswith("DIVIDEND"):
                divider.dividend = written
            else:
                divider.divisor = written
            divider.start(signed=name.startswith("S"))
