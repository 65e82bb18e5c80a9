"""General purpose registers of IOMUXC, as far as they do something.

IMXRT1060RM, chapters "IOMUXC GPR Memory Map" and "FlexRAM". GPR26 to GPR29 give the pads of GPIO1 to GPIO4
to the fast ports. GPR14, GPR16 and GPR17 divide the 16 banks of FlexRAM, 32 KB each, among OCRAM, DTCM and
ITCM: the signals ``flexram:ocram`` and so on say how many banks each has. GPR16 chooses between the fuses'
division and GPR17's, and enables the two TCMs. GPR14 has the sizes at which the core ends its TCMs, in whole
banks here; 0, as after reset, for whatever banks there are: firmware that divides anew and leaves it alone
has all its banks.
"""

from __future__ import annotations

from peripherals.register_device import Register, RegisterDevice

COUNT = 35
RESETS = {3: 0xF0F0, 10: 0x7, 15: 0xFFFFFFFF, 16: 0x00200003, 33: 0x7}
FAST_PORTS = {26: 1, 27: 2, 28: 3, 29: 4}
FLEXRAM = (14, 16, 17)
BANKS, BANK_BYTES = 16, 0x8000
OCRAM, DTCM, ITCM = 1, 2, 3
"""FLEXRAM_BANK_CFG: two bits a bank, 0 for one that nobody has."""
FUSED = {OCRAM: 8, DTCM: 4, ITCM: 4}
"""By the default of the fuses: 256 KB, 128 KB and 128 KB ("FlexRAM", "Default RAM configuration")."""
BANK_CFG_SEL = 1 << 2
INIT_ENABLES = {ITCM: 1 << 0, DTCM: 1 << 1}
SIZE_SHIFTS = {ITCM: 16, DTCM: 20}
SMALLEST_SIZE_CODE, SMALLEST_TCM_BYTES = 3, 0x1000
"""CM7_CFGITCMSZ, CM7_CFGDTCMSZ: 3 for 4 KB, twice as much at each step."""
NAMES = {OCRAM: "ocram", DTCM: "dtcm", ITCM: "itcm"}


def _effect(number: int) -> str:
    if number in FLEXRAM:
        return "banks_divided"
    return "pads_given" if number in FAST_PORTS else ""


class IomuxcGpr(RegisterDevice):
    """The registers."""

    LINES = ("global",)
    REGISTERS = tuple(Register(4 * n, f"GPR{n}", RESETS.get(n, 0), on_write=_effect(n)) for n in range(COUNT))
    size_bytes = 0x4000

    def reset(self) -> None:
        """All pads are the slow ports', FlexRAM is as the fuses divide it."""
        super().reset()
        for register in FAST_PORTS:
            self._give(register)
        self._divide()

    def pads_given(self, _written: int, _old: int) -> None:
        """GPR26 to GPR29."""
        self._give(self.access_offset // 4)

    def banks_divided(self, _written: int, _old: int) -> None:
        """GPR14, GPR16 and GPR17."""
        self._divide()

    def _give(self, register: int) -> None:
        self.context.signals.set(f"fast_pins:{FAST_PORTS[register]}", self.values[f"GPR{register}"])

    def _divide(self) -> None:
        division = dict(FUSED)
        if self.values["GPR16"] & BANK_CFG_SEL:
            of_banks = [self.values["GPR17"] >> 2 * bank & 3 for bank in range(BANKS)]
            division = {memory: of_banks.count(memory) for memory in NAMES}
        for memory, name in NAMES.items():
            self.context.signals.set(f"flexram:{name}", min(division[memory], self._most_banks(memory)))

    def _most_banks(self, memory: int) -> int:
        if memory == OCRAM:
            return BANKS
        if not self.values["GPR16"] & INIT_ENABLES[memory]:
            return 0
        code = self.values["GPR14"] >> SIZE_SHIFTS[memory] & 15
        if not code:
            return BANKS
        return -(-(SMALLEST_TCM_BYTES << max(code - SMALLEST_SIZE_CODE, 0)) // BANK_BYTES)
