"""Secure Non-Volatile Storage of i.MX RT1060 (IMXRT1060RM, chapter "SNVS"): its two real-time counters.

Both count 32,768 Hz in 47 bits. The low-power domain (LP registers) outlives a system reset. Modelled: both
counters, their alarms (with the interrupt), copying LP's to HP's. Keys, tamper detection, the monotonic
counter and the periodic interrupt are stored only; switching the periodic interrupt on, and the power off, is
told.
"""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.parts.timed_deadline import TimedDeadline
from peripherals.register_device import Register, RegisterDevice, read_only

HZ, COUNT_BITS = 32_768, 47
COUNT_MASK = (1 << COUNT_BITS) - 1
PICOSECONDS = 10**12
HP_ON, HP_ALARM_ON, HP_PERIODIC, HP_COPY = 1 << 0, 1 << 1, 1 << 3, 1 << 16
LP_ON, LP_ALARM_ON, LP_POWER_OFF = 1 << 0, 1 << 1, 1 << 6
HP_ALARM, LP_ALARM = 1 << 0, 1 << 0
JUST_PASSED = range(2)
"""Ticks behind an alarm: its moment is rounded to a cycle."""
STORED = (
    ("HPLR", 0x00), ("HPCOMR", 0x04), ("HPSICR", 0x0C), ("HPSVCR", 0x10), ("HPHACIVR", 0x1C),
    ("HPHACR", 0x20),
    ("LPLR", 0x34), ("LPMKCR", 0x3C), ("LPSVCR", 0x40), ("LPTDCR", 0x48), ("LPSMCMR", 0x5C),
    ("LPSMCLR", 0x60),
    ("LPPGDR", 0x64), ("LPGPR0_LEGACY", 0x68),
    *((f"LPZMKR{n}", 0x6C + 4 * n) for n in range(8)), *((f"LPGPR_ALIAS{n}", 0x90 + 4 * n) for n in range(4)),
    *((f"LPGPR{n}", 0x100 + 4 * n) for n in range(8)),
)  # fmt: skip


class Snvs(RegisterDevice):
    """The block."""

    LINES = ("alarm", "security", "button")
    REGISTERS = (
        *(Register(offset, name) for name, offset in STORED),
        Register(0x08, "HPCR", on_write="high_written"),
        Register(0x14, "HPSR", 0x80003000, writable=0, w1c=0x3, on_write="alarms_moved"),
        Register(0x18, "HPSVSR", 0x80000000, writable=0, w1c=0x3F),
        Register(0x24, "HPRTCMR", writable=0x7FFF, on_read="high_upper", on_write="high_set"),
        Register(0x28, "HPRTCLR", on_read="high_lower", on_write="high_set"),
        Register(0x2C, "HPTAMR", writable=0x7FFF, on_write="alarms_moved"),
        Register(0x30, "HPTALR", on_write="alarms_moved"),
        Register(0x38, "LPCR", 0x20, on_write="low_written"),
        Register(0x4C, "LPSR", 0x8, writable=0, w1c=0xFFFFFFFF, on_write="alarms_moved"),
        Register(0x50, "LPSRTCMR", writable=0x7FFF, on_read="low_upper", on_write="low_set"),
        Register(0x54, "LPSRTCLR", on_read="low_lower", on_write="low_set"),
        Register(0x58, "LPTAR", on_write="alarms_moved"),
        read_only(0xBF8, "HPVIDR1", 0x003E0104),
        read_only(0xBFC, "HPVIDR2", 0x06000000),
    )
    STATE = ("_high", "_low", "_woken")
    PARTS = ("_alarm",)
    size_bytes = 0x4000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._high = self._low = 0  # counts at time 0, or while they stand still
        self._woken = False  # the low-power domain has had its power-on
        self._alarm = TimedDeadline(context, "alarm", self._alarm_came)

    def reset(self) -> None:
        """The high-power domain; the other keeps what it has."""
        kept = {name: value for name, value in self.values.items() if name.startswith("LP")}
        super().reset()
        if self._woken:
            self.values.update(kept)
        self._woken = True
        self._high = 0
        self.alarms_moved(0, 0)

    # -- effects -----------------------------------------------------------------------------
    def high_written(self, written: int, old: int) -> None:
        """HPCR: on and off, and a copy of the other counter."""
        if written & HP_PERIODIC:
            self.report("HPCR", "write", "the periodic interrupt")
        value = self.values["HPCR"]
        if (value ^ old) & HP_ON:
            self._high += -self._ticks() if value & HP_ON else self._ticks()
        if value & HP_COPY:
            self._put_high(self._low_count())
            self.clear_bits("HPCR", HP_COPY)
        self.alarms_moved(0, 0)

    def low_written(self, written: int, old: int) -> None:
        """LPCR."""
        if written & LP_POWER_OFF:
            self.report("LPCR", "write", "power off: the chip goes on")
        if (self.values["LPCR"] ^ old) & LP_ON:
            self._low += -self._ticks() if self.values["LPCR"] & LP_ON else self._ticks()
        self.alarms_moved(0, 0)

    def high_upper(self) -> int:
        """HPRTCMR."""
        return self._shown(self._high_count()) >> 32

    def high_lower(self) -> int:
        """HPRTCLR."""
        return self._shown(self._high_count()) & 0xFFFFFFFF

    def low_upper(self) -> int:
        """LPSRTCMR."""
        return self._shown(self._low_count()) >> 32

    def low_lower(self) -> int:
        """LPSRTCLR."""
        return self._shown(self._low_count()) & 0xFFFFFFFF

    def high_set(self, written: int, _old: int) -> None:
        """HPRTCMR, HPRTCLR."""
        self._put_high(self._with_half(self._high_count(), written, upper=self.access_offset == 0x24))
        self.alarms_moved(0, 0)

    def low_set(self, written: int, _old: int) -> None:
        """LPSRTCMR, LPSRTCLR."""
        count = self._with_half(self._low_count(), written, upper=self.access_offset == 0x50)
        self._low = count - (self._ticks() if self.values["LPCR"] & LP_ON else 0)
        self.alarms_moved(0, 0)

    def alarms_moved(self, _written: int, _old: int) -> None:
        """Plan the next alarm; the line follows the flags."""
        moments = []
        if self.values["HPCR"] & HP_ON and self.values["HPCR"] & HP_ALARM_ON:
            moments.append((self.values["HPTAMR"] << 32 | self.values["HPTALR"]) - self._high)
        if self.values["LPCR"] & LP_ON and self.values["LPCR"] & LP_ALARM_ON:
            moments.append((self.values["LPTAR"] << 15) - self._low)
        ahead = [moment for moment in moments if moment > self._ticks()]
        self._alarm.arm(-(-min(ahead) * PICOSECONDS // HZ) if ahead else None)
        asked = self.values["HPSR"] & HP_ALARM and self.values["HPCR"] & HP_ALARM_ON
        asked = asked or (self.values["LPSR"] & LP_ALARM and self.values["LPCR"] & LP_ALARM_ON)
        self.line("alarm").set_level(bool(asked))

    # -- inside ------------------------------------------------------------------------------
    def _ticks(self) -> int:
        return self.context.clock.picoseconds() * HZ // PICOSECONDS

    def _shown(self, count: int) -> int:
        self.context.touch()
        return count & COUNT_MASK

    def _high_count(self) -> int:
        return self._high + (self._ticks() if self.values["HPCR"] & HP_ON else 0)

    def _low_count(self) -> int:
        return self._low + (self._ticks() if self.values["LPCR"] & LP_ON else 0)

    def _put_high(self, count: int) -> None:
        self._high = count - (self._ticks() if self.values["HPCR"] & HP_ON else 0)

    def _with_half(self, count: int, written: int, *, upper: bool) -> int:
        count &= COUNT_MASK
        return count & 0xFFFFFFFF | (written & 0x7FFF) << 32 if upper else count & ~0xFFFFFFFF | written

    def _alarm_came(self) -> None:
        now = self._ticks()
        if self._high + now - (self.values["HPTAMR"] << 32 | self.values["HPTALR"]) in JUST_PASSED:
            self.set_bits("HPSR", HP_ALARM)
        if self._low + now - (self.values["LPTAR"] << 15) in JUST_PASSED:
            self.set_bits("LPSR", LP_ALARM)
        self.alarms_moved(0, 0)
