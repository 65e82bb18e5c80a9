"""What of the core's own blocks is not modelled, and which write turns it on.

One row a feature: firmware that never writes such a bit loses nothing. Registers and bits:
ARMv7-M Architecture Reference Manual (DDI 0403) B3.2 and C1, ARMv8-M's (DDI 0553) D1.2, Cortex-M7's
Technical Reference Manual (DDI 0489) chapter 3 for its own. What devices leave out they report
themselves, at the write that turns it on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from emulator.system.features import Architecture, CoreFeatures

V7, V8 = (Architecture.V7M,), (Architecture.V8M,)
MAINLINE = V7 + V8
EVERY = (Architecture.V6M, *MAINLINE)
ANY_BIT = 0xFFFFFFFF
VECTKEY_WRITE = 0x05FA0000
TRACE, STIMULUS = "trace", "stimulus"


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature that writing a 1 to any of ``bits`` of ``register`` turns on, in cores of ``found_in``.

    ``count`` registers, ``stride`` bytes apart. ``gate``: what must be on for the write to count,
    DEMCR.TRCENA (``TRACE``) or an enabled ITM port (``STIMULUS``). ``key``: the upper half-word without
    which the register ignores the write. ``with_caches``: of cores that have them.
    """

    register: int
    name: str
    bits: int
    words: str
    found_in: tuple[Architecture, ...] = MAINLINE
    count: int = 1
    stride: int = 4
    gate: str = ""
    key: int = 0
    with_caches: bool = False


FEATURES = (
    # TrustZone: the M33 is modelled without the Security Extension
    Feature(0xE000EDD0, "SAU_CTRL", 3, "TrustZone's attribution unit: all memory stays secure", V8),
    Feature(0xE000E380, "NVIC_ITNS", ANY_BIT, "TrustZone: all interrupts stay secure", V8, count=16),
    Feature(0xE000ED8C, "NSACR", 0xCFF, "TrustZone: there is no non-secure state to allow it for", V8),
    Feature(0xE000ED24, "SHCSR", 1 << 19, "TrustZone's SecureFault", V8),
    Feature(0xE000ED0C, "AIRCR", 3 << 13, "TrustZone: PRIS and BFHFNMINS", V8, key=VECTKEY_WRITE),
    Feature(0xE000EF34, "FPCCR", 7 << 26, "clearing FP registers on return, TrustZone's FP state", V8),
    # debug
    Feature(0xE0002000, "FP_CTRL", 1, "flash patches and hardware breakpoints: nothing matches", EVERY),
    Feature(0xE0001028, "DWT_FUNCTION", 0xF, "watchpoints and data trace: nothing matches", EVERY, count=15,
            stride=16, gate=TRACE),
    Feature(0xE000EDFC, "DEMCR", 6 << 16, "single stepping and pending by the debug monitor's bits"),
    Feature(0xE000ED0C, "AIRCR", 1, "VECTRESET, a reset of the core alone", V7, key=VECTKEY_WRITE),
    # trace
    Feature(0xE0001000, "DWT_CTRL", 1 << 12 | 1 << 16 | 1 << 22,
            "trace packets of PC samples, exceptions and counters", gate=TRACE),
    Feature(0xE0000004, "ITM_STIM", ANY_BIT, "text of ITM ports other than 0: nobody gets it", count=31,
            gate=STIMULUS),
    Feature(0xE0000E80, "ITM_TCR", 1 << 1, "time stamps in the trace", gate=TRACE),
    Feature(0xE0041004, "TRCPRGCTLR", 1, "instruction trace (ETM)", V8),
    Feature(0xE0041000, "ETMCR", ANY_BIT, "instruction trace (ETM)", V7),
    # the rest of the core
    Feature(0xE000ED10, "SCR", 1 << 2, "deep sleep: it is sleep, and all clocks go on", EVERY),
    Feature(0xE000E008, "ACTLR", ANY_BIT, "auxiliary control: no timing and no fault follows it"),
    Feature(0xE000ED88, "CPACR", 0xFFFF, "coprocessors 0 to 7: there is none"),
    Feature(0xE000EF9C, "CACR", 5, "write-through for all data: the cache goes on as it was", V7,
            with_caches=True),
)  # fmt: skip


class LeftOut:
    """Sees the core's registers written, and tells ``turned_on(register, words)`` of what is left out.

    ``trace_enabled()``: DEMCR.TRCENA; ``stimulus_enabled(register)``: the ITM port of that register is.
    """

    def __init__(
        self,
        core: CoreFeatures,
        turned_on: Callable[[int, str], None],
        trace_enabled: Callable[[], bool],
        stimulus_enabled: Callable[[int], bool],
    ) -> None:
        self._turned_on = turned_on
        self._trace_enabled = trace_enabled
        self._stimulus_enabled = stimulus_enabled
        self._features: dict[int, list[Feature]] = {}
        for feature in FEATURES:
            if core.architecture in feature.found_in and (core.has_caches or not feature.with_caches):
                for number in range(feature.count):
                    register = feature.register + feature.stride * number
                    self._features.setdefault(register, []).append(feature)

    def written(self, register: int, value: int) -> bool:
        """Tell of the features that this write turns on; False: of none."""
        on = [f for f in self._features.get(register, ()) if self._is_on(f, register, value)]
        for feature in on:
            self._turned_on(register, feature.words)
        return bool(on)

    def serve(self, register: int, bits: int) -> None:
        """What such bits turn on is there, in this machine."""
        rows = self._features.get(register, [])
        self._features[register] = [replace(row, bits=row.bits & ~bits) for row in rows]

    def name(self, register: int) -> str:
        """The register's name in the Arm manuals; empty: no row has it."""
        features = self._features.get(register)
        return features[0].name if features else ""

    def _is_on(self, feature: Feature, register: int, value: int) -> bool:
        if not value & feature.bits or (feature.key and value & 0xFFFF0000 != feature.key):
            return False
        if feature.gate == STIMULUS:
            return self._stimulus_enabled(register)
        return feature.gate != TRACE or self._trace_enabled()
