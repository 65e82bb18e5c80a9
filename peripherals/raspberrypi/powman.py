"""POWMAN of RP2350 (datasheet 6.4): regulator, reset flags, the always-on timer, scratch registers.

A write needs 5AFEh above, else BADPASSWD is set and nothing happens, but to scratch and boot registers,
which have all 32 bits. The timer counts milliseconds of the crystal or the low-power oscillator; its alarm
sets a flag. The low-power oscillator runs always, and is told to CLOCKS. Power states are kept alone, and
one that is asked for is told.
"""

from __future__ import annotations

from emulator.clock.clock import PICOSECONDS_PER_SECOND
from emulator.device import POWER_ON, RESET_PIN, DeviceContext, reset_cause
from peripherals.parts.interrupts import Interrupt, InterruptDevice
from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.register_device import Register, read_only

PASSWORD, DATA = 0x5AFE, 0xFFFF
LOW_POWER_HZ = 32_768
HAD_POR, HAD_RUN = 1 << 16, 1 << 18
RUN, CLEAR, ALARM_ENABLE, ALARM = 1 << 1, 1 << 2, 1 << 4, 1 << 6
USING_XOSC, USING_LPOSC = 1 << 16, 1 << 17
USE_LPOSC, USE_XOSC = 1 << 8, 1 << 9
MILLISECOND = PICOSECONDS_PER_SECOND // 1000
HALVES = ("15TO0", "31TO16", "47TO32", "63TO48")
FREE = (*(f"SCRATCH{n}" for n in range(8)), *(f"BOOT{n}" for n in range(4)))
PLAIN = (
    (0x04, "VREG_CTRL", 0x8050), (0x10, "VREG_LP_ENTRY", 0xB4), (0x14, "VREG_LP_EXIT", 0xB0),
    (0x18, "BOD_CTRL", 0), (0x1C, "BOD", 0xB1), (0x20, "BOD_LP_ENTRY", 0xB0), (0x24, "BOD_LP_EXIT", 0xB1),
    (0x28, "LPOSC", 0x203), (0x30, "WDSEL", 0), (0x34, "SEQ_CFG", 0x11F0), (0x3C, "POW_FASTDIV", 0x40),
    (0x40, "POW_DELAY", 0x2011), (0x44, "EXT_CTRL0", 0x3F), (0x48, "EXT_CTRL1", 0x3F),
    (0x4C, "EXT_TIME_REF", 0), (0x50, "LPOSC_FREQ_KHZ_INT", 0x20), (0x54, "LPOSC_FREQ_KHZ_FRAC", 0xC49C),
    (0x58, "XOSC_FREQ_KHZ_INT", 0x2EE0), (0x5C, "XOSC_FREQ_KHZ_FRAC", 0),
    (0x8C, "PWRUP0", 0x3F), (0x90, "PWRUP1", 0x3F), (0x94, "PWRUP2", 0x3F), (0x98, "PWRUP3", 0x3F),
    (0xA4, "DBG_PWRCFG", 0), (0xA8, "BOOTDIS", 0), (0xAC, "DBGCONFIG", 0),
)  # fmt: skip


class Powman(AtomicRegisters, InterruptDevice):
    """The power manager."""

    REGISTERS = (
        Register(0x00, "BADPASSWD", writable=0, w1c=1),
        *(Register(offset, name, reset, writable=DATA) for offset, name, reset in PLAIN),
        read_only(0x08, "VREG_STS", 1 << 4),
        Register(0x0C, "VREG", 0xB0, writable=0x1F2),
        Register(0x2C, "CHIP_RESET", writable=0x11),
        Register(0x38, "STATE", 0xF, writable=0xF0, on_write="state_asked"),
        *(Register(0x6C - 4 * n, f"SET_TIME_{half}", writable=DATA) for n, half in enumerate(HALVES)),
        read_only(0x70, "READ_TIME_UPPER", on_read="upper"),
        read_only(0x74, "READ_TIME_LOWER", on_read="lower"),
        *(Register(0x84 - 4 * n, f"ALARM_TIME_{half}", writable=DATA, on_write="planned")
          for n, half in enumerate(HALVES)),
        Register(0x88, "TIMER", writable=0x33, w1c=ALARM, on_read="timer", on_write="timer_written"),
        *(Register(0xB0 + 4 * n, name) for n, name in enumerate(FREE)),
        Register(0xE0, "INTR", writable=0, w1c=0x1),
        Register(0xE4, "INTE", writable=0xF),
        Register(0xE8, "INTF", writable=0xF),
        read_only(0xEC, "INTS"),
    )  # fmt: skip
    INTERRUPTS = (Interrupt("timer", "INTR", "INTE", 0x2),)
    STATE = ("_base", "_since", "_uses_crystal")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._base = 0  # milliseconds, when it was started
        self._since = 0  # picoseconds, then
        self._uses_crystal = False

    def reset(self) -> None:
        """Scratch registers and reset flags outlive all but power-on and RUN."""
        kept = {name: self.values[name] for name in (*FREE, "CHIP_RESET")}
        super().reset()
        signals = self.context.signals
        if signals.get(reset_cause(POWER_ON)):
            kept = {"CHIP_RESET": HAD_POR}
        elif signals.get(reset_cause(RESET_PIN)):
            kept = {"CHIP_RESET": HAD_RUN}
        self.values.update(kept)
        self._base, self._since, self._uses_crystal = 0, 0, False
        signals.set("clock:lposc", LOW_POWER_HZ)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """A store with the password, or to a register that needs none."""
        name = self.register_name(offset)
        if name not in FREE and value >> 16 != PASSWORD:
            self.set_bits("BADPASSWD", 1)
            return
        super().write(offset, size_bytes, value if name in FREE else value & DATA)

    # -- the timer ---------------------------------------------------------------------------
    def milliseconds(self) -> int:
        """The timer's count."""
        if not self.values["TIMER"] & RUN:
            return self._base
        return self._base + (self.context.clock.picoseconds() - self._since) // MILLISECOND

    def upper(self) -> int:
        """READ_TIME_UPPER."""
        self.context.touch()
        return self.milliseconds() >> 32

    def lower(self) -> int:
        """READ_TIME_LOWER."""
        self.context.touch()
        return self.milliseconds() & 0xFFFFFFFF

    def timer(self) -> int:
        """TIMER: which oscillator it counts, and whether the alarm's time has come."""
        self.context.touch()
        source = self.values["TIMER"] & RUN and (USING_XOSC if self._uses_crystal else USING_LPOSC)
        due = self.values["TIMER"] & ALARM_ENABLE and self.milliseconds() >= self._time("ALARM_TIME")
        return self.values["TIMER"] | source | (ALARM if due else 0)

    def timer_written(self, written: int, old: int) -> None:
        """TIMER: start from what was set, stop, clear, choose the oscillator."""
        if written & (USE_LPOSC | USE_XOSC):
            self._uses_crystal = bool(written & USE_XOSC)
        running = self.values["TIMER"] & RUN
        if running and not old & RUN:
            self._base, self._since = self._time("SET_TIME"), self.context.clock.picoseconds()
        elif old & RUN and not running:
            self._base += (self.context.clock.picoseconds() - self._since) // MILLISECOND
        if written & CLEAR:
            self._base, self._since = 0, self.context.clock.picoseconds()
        self.planned(0, 0)

    def planned(self, _written: int, _old: int) -> None:
        """ALARM_TIME_...: it would wake the chip."""
        if self.values["TIMER"] & ALARM_ENABLE and self.values["INTE"] & 0x2:
            self.report("TIMER", "write", "an interrupt of the always-on timer's alarm")

    def state_asked(self, _written: int, _old: int) -> None:
        """STATE: a power domain would be switched off."""
        if self.values["STATE"] & 0xF0:
            self.report("STATE", "write", "power states: every domain stays on")

    def _time(self, name: str) -> int:
        return sum(self.values[f"{name}_{half}"] << 16 * n for n, half in enumerate(HALVES))
