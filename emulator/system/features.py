"""What differs between the cores: architecture, identification registers, what is there.

Sources: the Technical Reference Manuals of Cortex-M0 (DDI 0432), M0+ (DDI 0484),
M3 r2p1 (100165), M4 r0p1 (100166), M7 r1p1 (DDI 0489), M33 r0p4 (100230), M55 r1p1 (101051),
M85 r0p2 (101924), their
register summaries; the Architecture Reference Manuals ARMv6-M (DDI 0419),
ARMv7-M (DDI 0403) and ARMv8-M (DDI 0553).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from emulator.errors import BoardError


class Architecture(Enum):
    """Architecture versions; the M33 is modelled without the Security Extension."""

    V6M = "ARMv6-M"
    V7M = "ARMv7-M"
    V8M = "ARMv8-M mainline"


@dataclass(frozen=True, slots=True)
class CoreFeatures:
    """One core. ``identification`` maps the addresses of ID_* registers to values."""

    name: str
    architecture: Architecture
    cpuid: int
    vtor_mask: int  # writable bits of VTOR; 0: the core has none
    ccr_reset: int
    ccr_writable: int
    dwt_ctrl: int  # NUMCOMP and the NO* bits
    mpu_regions: int
    has_itm: bool
    has_caches: bool = False
    has_tcm: bool = False
    has_mve: bool = False  # Armv8.1-M's vectors, low-overhead loops and long shifts
    has_software_lock: bool = False  # DWT_LAR must be unlocked before DWT takes writes
    identification: Mapping[int, int] = field(default_factory=dict)

    @property
    def is_mainline(self) -> bool:
        """ARMv7-M or ARMv8-M mainline: configurable faults, BASEPRI, FAULTMASK."""
        return self.architecture is not Architecture.V6M


ID_BASE = 0xE000ED40
ID_NAMES = (
    "ID_PFR0", "ID_PFR1", "ID_DFR0", "ID_AFR0", "ID_MMFR0", "ID_MMFR1", "ID_MMFR2", "ID_MMFR3",
    "ID_ISAR0", "ID_ISAR1", "ID_ISAR2", "ID_ISAR3", "ID_ISAR4", "ID_ISAR5",
)  # fmt: skip

CCR_NONBASETHRDENA = 1 << 0
CCR_USERSETMPEND = 1 << 1
CCR_UNALIGN_TRP = 1 << 3
CCR_DIV_0_TRP = 1 << 4
CCR_BFHFNMIGN = 1 << 8
CCR_STKALIGN = 1 << 9
CCR_STKOFHFNMIGN = 1 << 10
CCR_DC = 1 << 16
CCR_IC = 1 << 17
CCR_BP = 1 << 18
_CCR_V7 = CCR_NONBASETHRDENA | CCR_USERSETMPEND | CCR_UNALIGN_TRP | CCR_DIV_0_TRP | CCR_BFHFNMIGN
_CCR_V8 = CCR_USERSETMPEND | CCR_UNALIGN_TRP | CCR_DIV_0_TRP | CCR_BFHFNMIGN | CCR_STKOFHFNMIGN

_NO_COUNTERS = 0x0F000000
"""NOTRCPKT, NOEXTTRIG, NOCYCCNT, NOPRFCNT. ARMv6-M reserves these bits; they read as ones
here so that code which looks for a cycle counter before it uses one learns the truth."""


def _identify(*values: int) -> dict[int, int]:
    words = values + (0,) * (len(ID_NAMES) - len(values))
    return {ID_BASE + 4 * i: word for i, word in enumerate(words)}


CORES: Mapping[str, CoreFeatures] = {
    core.name: core
    for core in (
        CoreFeatures(
            name="cortex-m0",
            architecture=Architecture.V6M,
            cpuid=0x410CC200,
            vtor_mask=0,
            ccr_reset=CCR_STKALIGN | CCR_UNALIGN_TRP,
            ccr_writable=0,
            dwt_ctrl=0x10000000 | _NO_COUNTERS,
            mpu_regions=0,
            has_itm=False,
        ),
        CoreFeatures(
            name="cortex-m0plus",
            architecture=Architecture.V6M,
            cpuid=0x410CC601,
            vtor_mask=0xFFFFFF00,
            ccr_reset=CCR_STKALIGN | CCR_UNALIGN_TRP,
            ccr_writable=0,
            dwt_ctrl=0x20000000 | _NO_COUNTERS,
            mpu_regions=8,
            has_itm=False,
        ),
        CoreFeatures(
            name="cortex-m3",
            architecture=Architecture.V7M,
            cpuid=0x412FC231,
            vtor_mask=0x3FFFFF80,
            ccr_reset=CCR_STKALIGN,
            ccr_writable=_CCR_V7 | CCR_STKALIGN,
            dwt_ctrl=0x40000000,
            mpu_regions=8,
            has_itm=True,
            identification=_identify(
                0x30, 0x200, 0x00100000, 0, 0x30, 0, 0x01000000, 0,
                0x01101110, 0x02111000, 0x21112231, 0x01111110, 0x01310132,
            ),
        ),
        CoreFeatures(
            name="cortex-m4",
            architecture=Architecture.V7M,
            cpuid=0x410FC241,
            vtor_mask=0xFFFFFF80,
            ccr_reset=CCR_STKALIGN,
            ccr_writable=_CCR_V7 | CCR_STKALIGN,
            dwt_ctrl=0x40000000,
            mpu_regions=8,
            has_itm=True,
            identification=_identify(
                0x30, 0x200, 0x00100000, 0, 0x30, 0, 0x01000000, 0,
                0x01141110, 0x02112000, 0x21232231, 0x01111131, 0x01310132,
            ),
        ),
        CoreFeatures(
            name="cortex-m7",
            architecture=Architecture.V7M,
            cpuid=0x411FC271,
            vtor_mask=0xFFFFFF80,
            ccr_reset=CCR_STKALIGN | CCR_BP,
            ccr_writable=_CCR_V7 | CCR_DC | CCR_IC,
            dwt_ctrl=0x40000000,
            mpu_regions=8,
            has_itm=True,
            has_caches=True,
            has_tcm=True,
            has_software_lock=True,
            identification=_identify(
                0x30, 0x200, 0x00100000, 0, 0x00100030, 0, 0x01000000, 0,
                0x01101110, 0x02112000, 0x20232231, 0x01111131, 0x01310132,
            ),
        ),
        CoreFeatures(
            name="cortex-m33",
            architecture=Architecture.V8M,
            cpuid=0x410FD214,
            vtor_mask=0xFFFFFF80,
            ccr_reset=CCR_STKALIGN | CCR_NONBASETHRDENA,
            ccr_writable=_CCR_V8,
            dwt_ctrl=0x40000000,
            mpu_regions=8,
            has_itm=True,
            identification=_identify(
                0x30, 0x200, 0x00200000, 0, 0x00101F40, 0, 0x01000000, 0,
                0x01101110, 0x02212000, 0x20232232, 0x01111131, 0x01310132,
            ),
        ),
        CoreFeatures(
            name="cortex-m55",
            architecture=Architecture.V8M,
            cpuid=0x411FD221,
            vtor_mask=0xFFFFFF80,
            ccr_reset=CCR_STKALIGN | CCR_NONBASETHRDENA,
            ccr_writable=_CCR_V8 | CCR_DC | CCR_IC | CCR_BP,
            dwt_ctrl=0x40000000,
            mpu_regions=8,
            has_itm=True,
            has_caches=True,
            has_mve=True,
            identification=_identify(
                0x20000030, 0x200, 0x10200000, 0, 0x00111040, 0, 0x01000000, 0x00000011,
                0x01103110, 0x02212000, 0x20232232, 0x01111131, 0x01310132,
            ),
        ),
        CoreFeatures(
            name="cortex-m85",
            architecture=Architecture.V8M,
            cpuid=0x410FD232,
            vtor_mask=0xFFFFFF80,
            ccr_reset=CCR_STKALIGN | CCR_NONBASETHRDENA,
            ccr_writable=_CCR_V8 | CCR_DC | CCR_IC | CCR_BP,
            dwt_ctrl=0x40000000,
            mpu_regions=8,
            has_itm=True,
            has_caches=True,
            has_mve=True,
            identification=_identify(
                0x20000030, 0x200, 0x10200000, 0, 0x00111040, 0, 0x01000000, 0x00000011,
                0x01103110, 0x02212000, 0x20232232, 0x01111131, 0x01310132,
            ),
        ),
    )
}  # fmt: skip


def features_of(core_name: str) -> CoreFeatures:
    """The features of a core by its name; :class:`BoardError` for an unknown one."""
    if core_name not in CORES:
        raise BoardError(f"unknown core {core_name!r}", next_step=f"known cores: {', '.join(CORES)}")
    return CORES[core_name]
