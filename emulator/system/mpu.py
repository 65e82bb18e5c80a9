"""Memory Protection Unit: registers remember, accesses are not checked."""

from __future__ import annotations

from typing import Any

from emulator.system.features import Architecture, CoreFeatures
from emulator.system.registers import merge

TYPE = 0xE000ED90
CTRL = 0xE000ED94
RNR = 0xE000ED98
RBAR = 0xE000ED9C
RASR = 0xE000EDA0  # RLAR in ARMv8-M
ALIASES = (1, 2, 3)
MAIR0 = 0xE000EDC0
MAIR1 = 0xE000EDC4
RBAR_VALID = 1 << 4


class Mpu:
    """MPU register storage by region; MPU_TYPE tells how many there are."""

    def __init__(self, core: CoreFeatures, regions: int) -> None:
        self._regions = regions
        self._is_v8 = core.architecture is Architecture.V8M
        limit = "MPU_RLAR" if self._is_v8 else "MPU_RASR"
        self.names = {TYPE: "MPU_TYPE", CTRL: "MPU_CTRL", RNR: "MPU_RNR", RBAR: "MPU_RBAR", RASR: limit}
        if core.is_mainline:
            for alias in ALIASES:
                self.names[RBAR + 8 * alias] = f"MPU_RBAR_A{alias}"
                self.names[RASR + 8 * alias] = f"{limit}_A{alias}"
        if self._is_v8:
            self.names |= {MAIR0: "MPU_MAIR0", MAIR1: "MPU_MAIR1"}
        self.reset()

    def reset(self) -> None:
        """Off, every region disabled."""
        self._control = 0
        self._number = 0
        self._base = [0] * self._regions
        self._limit = [0] * self._regions
        self._attributes = {MAIR0: 0, MAIR1: 0}

    @property
    def enabled(self) -> bool:
        """MPU_CTRL.ENABLE; the model does not check accesses."""
        return bool(self._control & 1)

    def _region(self, address: int) -> int:
        alias = (address - RBAR) // 8
        if self._is_v8 and alias:
            return (self._number & ~3) | alias
        return self._number

    def read_word(self, address: int) -> int:
        """Read a register."""
        fixed = {TYPE: self._regions << 8, CTRL: self._control, RNR: self._number, **self._attributes}
        if address in fixed:
            return fixed[address]
        region = self._region(address)
        if region >= self._regions:
            return 0
        if (address - RBAR) % 8:
            return self._limit[region]
        return self._base[region] if self._is_v8 else self._base[region] | region & 0xF

    def write_word(self, address: int, value: int, mask: int) -> None:
        """Write a register; RBAR.VALID selects the region first (ARMv6-M, ARMv7-M)."""
        if not self._regions or address == TYPE:
            return
        if address == CTRL:
            self._control = merge(self._control, value, mask & 7)
        elif address == RNR:
            self._number = merge(self._number, value, mask & 0xFF)
        elif address in self._attributes:
            self._attributes[address] = merge(self._attributes[address], value, mask)
        else:
            self._write_region(address, value, mask)

    def _write_region(self, address: int, value: int, mask: int) -> None:
        is_limit = bool((address - RBAR) % 8)
        if not is_limit and not self._is_v8 and value & RBAR_VALID:
            self._number = value & 0xF
        region = self._region(address)
        if region >= self._regions:
            return
        if is_limit:
            self._limit[region] = merge(self._limit[region], value, mask)
        else:
            keep = 0xFFFFFFFF if self._is_v8 else 0xFFFFFFE0
            self._base[region] = merge(self._base[region], value & keep, mask)

    def save(self) -> Any:
        """State for a snapshot."""
        return (self._control, self._number, list(self._base), list(self._limit), dict(self._attributes))

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self._control, self._number, base, limit, attributes = state
        self._base, self._limit, self._attributes = list(base), list(limit), dict(attributes)
