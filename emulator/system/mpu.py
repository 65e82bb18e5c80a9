"""Memory Protection Unit: its registers, and the map that they make of the address space.

ARMv7-M Architecture Reference Manual B3.5, ARMv6-M B3.5, ARMv8-M D1.2 (MPU_*). Who enforces the map:
:mod:`emulator.engine.protection`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.system.features import Architecture, CoreFeatures
from emulator.system.protection import (
    LEAST_WITH_SUBREGIONS,
    V7_RIGHTS,
    V8_RIGHTS,
    ProtectionMap,
    ProtectionRegion,
    Right,
    default_map,
    region_map,
)
from emulator.system.registers import merge

TYPE = 0xE000ED90
CTRL = 0xE000ED94
RNR = 0xE000ED98
RBAR = 0xE000ED9C
RASR = 0xE000EDA0  # RLAR in ARMv8-M
ALIASES = (1, 2, 3)
MAIR0 = 0xE000EDC0
MAIR1 = 0xE000EDC4
RBAR_VALID, RBAR_REGION, RBAR_ADDRESS = 1 << 4, 0xF, 0xFFFFFFE0
ENABLE, HFNMIENA, PRIVDEFENA = 1, 2, 4
XN_V7, XN_V8 = 1 << 28, 1
TEX = 7 << 19
WRITABLE_RASR = XN_V7 | 7 << 24 | TEX | 7 << 16 | 0xFF << 8 | 0x1F << 1 | ENABLE
WRITABLE_RLAR = RBAR_ADDRESS | 7 << 1 | ENABLE
MOST_MAPS = 256
"""That are remembered; firmware goes round few."""
LEAST_SIZE = {Architecture.V6M: 7, Architecture.V7M: 4}
"""Of RASR.SIZE: 256 and 32 bytes; less is reserved, and no region here."""


class Mpu:
    """The registers; MPU_TYPE tells how many regions there are, 0 when there is no MPU.

    ``changed()``: :meth:`map` may be another from the next block on. ``is_armed``: it has been enabled
    since the last reset.
    """

    def __init__(self, core: CoreFeatures, regions: int, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self._regions = regions
        self._architecture = core.architecture
        self._is_v8 = core.architecture is Architecture.V8M
        self._writable_limit = WRITABLE_RLAR if self._is_v8 else WRITABLE_RASR
        if core.architecture is Architecture.V6M:
            self._writable_limit &= ~TEX
        limit = "MPU_RLAR" if self._is_v8 else "MPU_RASR"
        self.names = {TYPE: "MPU_TYPE", CTRL: "MPU_CTRL", RNR: "MPU_RNR", RBAR: "MPU_RBAR", RASR: limit}
        if core.is_mainline:
            for alias in ALIASES:
                self.names[RBAR + 8 * alias] = f"MPU_RBAR_A{alias}"
                self.names[RASR + 8 * alias] = f"{limit}_A{alias}"
        if self._is_v8:
            self.names |= {MAIR0: "MPU_MAIR0", MAIR1: "MPU_MAIR1"}
        self.off_map = default_map(0)
        self._maps: dict[tuple[object, ...], ProtectionMap] = {}
        self._made = 0
        self.reset()

    def reset(self) -> None:
        """Off, every region disabled."""
        self._control = 0
        self._number = 0
        self._base = [0] * self._regions
        self._limit = [0] * self._regions
        self._attributes = {MAIR0: 0, MAIR1: 0}
        self.is_armed = False

    @property
    def enabled(self) -> bool:
        """MPU_CTRL.ENABLE."""
        return bool(self._control & ENABLE)

    @property
    def checks_hard_fault(self) -> bool:
        """MPU_CTRL.HFNMIENA: on in HardFault, NMI and with FAULTMASK set, too."""
        return bool(self._control & HFNMIENA)

    def map(self) -> ProtectionMap:
        """What the registers say now; the same object for the same registers."""
        if not self.enabled:
            return self.off_map
        key = (self._control & PRIVDEFENA, *self._base, *self._limit, *self._attributes.values())
        found = self._maps.get(key)
        if found is None:
            if len(self._maps) == MOST_MAPS:
                self._maps.clear()
            self._made += 1
            found = self._maps[key] = region_map(
                self._made,
                [r for n in range(self._regions) for r in [self._region_at(n)] if r is not None],
                background=bool(self._control & PRIVDEFENA),
                may_overlap=not self._is_v8,
            )
        return found

    def _region_at(self, number: int) -> ProtectionRegion | None:
        """A region, None when it is disabled or its size is reserved."""
        base, limit = self._base[number], self._limit[number]
        if not limit & ENABLE:
            return None
        return self._v8_region(number, base, limit) if self._is_v8 else self._v7_region(number, base, limit)

    def _v7_region(self, number: int, base: int, attributes: int) -> ProtectionRegion | None:
        size = attributes >> 1 & 0x1F
        if size < LEAST_SIZE[self._architecture]:
            return None
        size_bytes = 2 << size
        privileged, unprivileged = V7_RIGHTS[attributes >> 24 & 7]
        base &= ~(size_bytes - 1)
        return ProtectionRegion(
            number,
            base,
            base + size_bytes - 1,
            _with_execution(privileged, not attributes & XN_V7),
            _with_execution(unprivileged, not attributes & XN_V7),
            attributes >> 16 & 0x3F,
            attributes >> 8 & 0xFF if size_bytes >= LEAST_WITH_SUBREGIONS else 0,
        )

    def _v8_region(self, number: int, base: int, limit: int) -> ProtectionRegion | None:
        start, last = base & RBAR_ADDRESS, limit | 0x1F
        if last < start:
            return None
        privileged, unprivileged = V8_RIGHTS[base >> 1 & 3]
        index = limit >> 1 & 7
        word = self._attributes[MAIR1 if index & 4 else MAIR0]
        return ProtectionRegion(
            number,
            start,
            last,
            _with_execution(privileged, not base & XN_V8),
            _with_execution(unprivileged, not base & XN_V8),
            word >> 8 * (index & 3) & 0xFF,
        )

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
        return self._base[region] if self._is_v8 else self._base[region] | region & RBAR_REGION

    def write_word(self, address: int, value: int, mask: int) -> None:
        """Write a register; RBAR.VALID selects the region first (ARMv6-M, ARMv7-M)."""
        if not self._regions or address == TYPE:
            return
        if address == CTRL:
            self._control = merge(self._control, value, mask & (ENABLE | HFNMIENA | PRIVDEFENA))
            self.is_armed = self.is_armed or self.enabled
        elif address == RNR:
            self._number = merge(self._number, value, mask & 0xFF)
        elif address in self._attributes:
            self._attributes[address] = merge(self._attributes[address], value, mask)
        else:
            self._write_region(address, value, mask)
        self._changed()

    def _write_region(self, address: int, value: int, mask: int) -> None:
        is_limit = bool((address - RBAR) % 8)
        if not is_limit and not self._is_v8 and value & mask & RBAR_VALID:
            self._number = value & RBAR_REGION
        region = self._region(address)
        if region >= self._regions:
            return
        if is_limit:
            self._limit[region] = merge(self._limit[region], value, mask & self._writable_limit)
        else:
            keep = 0xFFFFFFFF if self._is_v8 else RBAR_ADDRESS
            self._base[region] = merge(self._base[region], value & keep, mask)

    def save(self) -> Any:
        """State for a snapshot."""
        registers = (self._control, self._number, list(self._base), list(self._limit), dict(self._attributes))
        return (*registers, self.is_armed)

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self._control, self._number, base, limit, attributes, self.is_armed = state
        self._base, self._limit, self._attributes = list(base), list(limit), dict(attributes)


def _with_execution(rights: Right, allowed: bool) -> Right:
    """Code may be fetched where it may be read, but for XN."""
    return rights | Right.EXECUTE if allowed and rights & Right.READ else rights
