"""CCM_ANALOG and what shares its page on i.MX RT1060: PLLs, fractional dividers, supplies, temperature.

IMXRT1060RM (the i.MX RT1060 Processor Reference Manual), chapters "Clock Control Module", "Power Management
Unit" and "Temperature Monitor"; offsets and reset values as in NXP's MIMXRT1062 SVD file. All share one
page. The outputs' frequencies are the signals ``clock:NAME``, which the CCM publishes. A PLL locks at once.
Modelled: PLLs of ARM, system, USB, audio, video and Ethernet with bypass, PFDs with gates. TEMPMON is
always finished at its room temperature, as the calibration fuse has it.
"""

from __future__ import annotations

from dataclasses import dataclass

from peripherals.nxp.aliases import all_with_aliases, with_aliases
from peripherals.parts.ready import Ready, ReadyDevice
from peripherals.register_device import Register, read_only

CRYSTAL_HZ = 24_000_000
POWER_BIT, ENABLE, BYPASS, LOCK = 1 << 12, 1 << 13, 1 << 16, 1 << 31
PFD_BITS, PFD_FRACTION, PFD_GATE, PFD_SCALE = 8, 0x3F, 1 << 7, 18
PFD_STABLE = 0x40404040
FRACTION_MASK = 0x3FFFFFFF
ETHERNET_HZ = 500_000_000
POST_DIVIDERS = (4, 2, 1, 1)
REGULATORS_OK = 0x404040
TEMPERATURE_DONE, TEMPERATURE_POWERED_DOWN = 1 << 2, 1 << 0
ROOM_COUNT = 0x5C0
"""TEMP_CNT at 25 degrees: of the model, as each chip's fuse has its own."""
USB_VALID = 0x8
CRYSTAL_UP = 1 << 16
DIGPROG = 0x006C0001
"""Chip identity of i.MX RT1060, revision A1 (IMXRT1060RM, USB_ANALOG_DIGPROG)."""


@dataclass(frozen=True, slots=True)
class Pll:
    """A PLL: ``clock``, its register, whether bit 12 powers it (those of USB) or takes its power away."""

    clock: str
    name: str
    offset: int
    reset: int
    writable: int
    powered_by_bit: bool = False

    def row(self) -> Register:
        """Its control register; LOCK is read only."""
        return Register(self.offset, self.name, self.reset, writable=self.writable, on_write="refresh")


PLLS = (
    Pll("pll1", "PLL_ARM", 0x00, 0x13063, 0x9F07F),
    Pll("pll3", "PLL_USB1", 0x10, 0x12000, 0x1F042, powered_by_bit=True),
    Pll("pll7", "PLL_USB2", 0x20, 0x12000, 0x1F042, powered_by_bit=True),
    Pll("pll2", "PLL_SYS", 0x30, 0x13001, 0x1F001),
    Pll("pll4", "PLL_AUDIO", 0x70, 0x11006, 0x19F07F),
    Pll("pll5", "PLL_VIDEO", 0xA0, 0x1100C, 0x19F07F),
    Pll("pll6", "PLL_ENET", 0xE0, 0x11001, 0x31F00F),
)
FRACTIONS = (
    Register(0x40, "PLL_SYS_SS"), Register(0x50, "PLL_SYS_NUM", on_write="refresh"),
    Register(0x60, "PLL_SYS_DENOM", 0x12, on_write="refresh"),
    Register(0x80, "PLL_AUDIO_NUM", 0x5F5E100, on_write="refresh"),
    Register(0x90, "PLL_AUDIO_DENOM", 0x2964619C, on_write="refresh"),
    Register(0xB0, "PLL_VIDEO_NUM", 0x5F5E100, on_write="refresh"),
    Register(0xC0, "PLL_VIDEO_DENOM", 0x10A24447, on_write="refresh"),
)  # fmt: skip
PFDS = (("PFD_480", 0xF0, 0x1311100C, "pll3"), ("PFD_528", 0x100, 0x1018101B, "pll2"))
OUTPUTS = (
    *(pll.clock for pll in PLLS),
    *(f"{pll}_pfd{n}" for _name, _offset, _reset, pll in PFDS for n in range(4)),
)
SUPPLIES = (
    Register(0x110, "REG_1P1", 0x1073), Register(0x120, "REG_3P0", 0xF74), Register(0x130, "REG_2P5", 0x1073),
    Register(0x140, "REG_CORE", 0x482012), Register(0x150, "MISC0", 0x04000000, writable=0xFFFF7FFF),
    Register(0x160, "MISC1", writable=0x07FFFFFF, w1c=0xF8000000),
    Register(0x170, "MISC2", 0x272727), Register(0x180, "TEMPSENSE0", 0x1, on_write="measured"),
    Register(0x190, "TEMPSENSE1", 0x1), Register(0x1A0, "USB1_VBUS_DETECT", 0x100004),
    Register(0x1B0, "USB1_CHRG_DETECT"), Register(0x1F0, "USB1_MISC", 0x2),
    Register(0x200, "USB2_VBUS_DETECT", 0x100004), Register(0x210, "USB2_CHRG_DETECT"),
    Register(0x250, "USB2_MISC", 0x2),
    Register(0x270, "LOWPWR_CTRL", 0x4001 | CRYSTAL_UP, writable=0xFFFFFFFF & ~CRYSTAL_UP),
    Register(0x290, "TEMPSENSE2"), Register(0x2A0, "OSC_CONFIG0", 0x1020),
    Register(0x2B0, "OSC_CONFIG1", 0x2EE), Register(0x2C0, "OSC_CONFIG2", 0x102E2),
)  # fmt: skip


class CcmAnalog(ReadyDevice):
    """The page."""

    LINES = ("pmu", "temperature", "panic")
    REGISTERS = (
        *(row for pll in PLLS for row in with_aliases(pll.row())),
        *FRACTIONS,
        *all_with_aliases(
            Register(offset, name, reset, writable=0xFFFFFFFF & ~PFD_STABLE, on_write="refresh")
            for name, offset, reset, _pll in PFDS
        ),
        *all_with_aliases(SUPPLIES),
        read_only(0x1C0, "USB1_VBUS_DETECT_STAT", USB_VALID),
        read_only(0x1D0, "USB1_CHRG_DETECT_STAT"),
        read_only(0x220, "USB2_VBUS_DETECT_STAT", USB_VALID),
        read_only(0x230, "USB2_CHRG_DETECT_STAT"),
        read_only(0x260, "DIGPROG", DIGPROG),
    )
    READY = (Ready("MISC0", 1 << 15, "MISC0", 1 << 16),)
    size_bytes = 0x1000

    def reset(self) -> None:
        """Every PLL off."""
        super().reset()
        self.set_bits("MISC2", REGULATORS_OK)
        self.refresh(0, 0)

    def refresh(self, _written: int, _old: int) -> None:
        """Locks and frequencies follow."""
        for pll in PLLS:
            self.put_bits(pll.name, LOCK, self._powered(pll))
        hz = {pll.clock: self._pll_hz(pll) for pll in PLLS}
        for name, _offset, _reset, pll_clock in PFDS:
            for number in range(4):
                field = self.values[name] >> PFD_BITS * number
                runs = field & PFD_FRACTION and not field & PFD_GATE
                divided = hz[pll_clock] * PFD_SCALE // (field & PFD_FRACTION) if runs else 0
                hz[f"{pll_clock}_pfd{number}"] = divided
        for clock, frequency in hz.items():
            self.context.signals.set(f"clock:{clock}", frequency)

    def measured(self, _written: int, _old: int) -> None:
        """TEMPSENSE0: powered, it has measured."""
        powered = not self.values["TEMPSENSE0"] & TEMPERATURE_POWERED_DOWN
        self.put_bits("TEMPSENSE0", TEMPERATURE_DONE, powered)
        self.put_field("TEMPSENSE0", 8, 12, ROOM_COUNT if powered else 0)

    # -- inside ----------------------------------------------------------------------------
    def _powered(self, pll: Pll) -> bool:
        return bool(self.values[pll.name] & POWER_BIT) == pll.powered_by_bit

    def _pll_hz(self, pll: Pll) -> int:
        value = self.values[pll.name]
        if value & BYPASS:
            return CRYSTAL_HZ
        if not self._powered(pll) or not value & ENABLE:
            return 0
        if pll.name == "PLL_ENET":
            return ETHERNET_HZ
        return self._multiplied_hz(pll, value)

    def _multiplied_hz(self, pll: Pll, value: int) -> int:
        if pll.powered_by_bit:
            return CRYSTAL_HZ * (22 if value & 2 else 20)
        if pll.name == "PLL_ARM":
            return CRYSTAL_HZ * (value & 0x7F) // 2
        if pll.name == "PLL_SYS":
            return CRYSTAL_HZ * (22 if value & 1 else 20) + self._fraction_hz(pll.name)
        hz = CRYSTAL_HZ * (value & 0x7F) + self._fraction_hz(pll.name)
        return hz // POST_DIVIDERS[value >> 19 & 3]

    def _fraction_hz(self, name: str) -> int:
        numerator = self.values[f"{name}_NUM"] & FRACTION_MASK
        denominator = self.values[f"{name}_DENOM"] & FRACTION_MASK
        return CRYSTAL_HZ * numerator // denominator if denominator else 0
