"""Instructions that Unicorn executes and a board's core does not have, or does not allow just now.

What the hardware does: an FPU's instruction raises NOCP while CPACR closes the FPU or there is none
(ARMv7-M Architecture Reference Manual B3.2.20), one of double precision UNDEFINSTR in an FPU of single
precision, and ARMv6-M has neither IT nor CBZ (DDI 0419 A5). What Unicorn 2.1.4 does: its FPU is always
on and that of the largest core of its name; the M0 executes IT and CBZ. It knows that an M3 has
no DSP instructions. What we do: watch those instructions in code that is translated while they are
not allowed; tests/system/test_absent_instructions.py tells whether it holds.
"""

from __future__ import annotations

from emulator.system.faults import FaultKind
from emulator.system.features import Architecture, features_of
from emulator.thumb.instruction import Instruction, Kind

NOT_IN_ARMV6M = ("it", "cbz", "cbnz")
ARITHMETIC = (Kind.FP_ALU, Kind.FP_MULTIPLY, Kind.FP_MAC, Kind.FP_DIVIDE)


class AbsentInstructions:
    """What ``core`` with an FPU of this kind (``"none"``, ``"single"``, ``"double"``) lacks.

    ``fpu_closed``: some code at least may not use the FPU just now.
    """

    def __init__(self, core_name: str, fpu: str) -> None:
        self._is_v6m = features_of(core_name).architecture is Architecture.V6M
        self._fpu = fpu
        self.fpu_closed = True

    def fault_of(self, instruction: Instruction) -> FaultKind | None:
        """The fault that ``instruction`` raises in any case; None: the core has it."""
        if self._is_v6m:
            return FaultKind.UNDEFINED_INSTRUCTION if instruction.name in NOT_IN_ARMV6M else None
        if not uses_fpu(instruction):
            return None
        if self._fpu == "none":
            return FaultKind.NO_COPROCESSOR
        double = instruction.double_precision and instruction.kind in ARITHMETIC
        return FaultKind.UNDEFINED_INSTRUCTION if double and self._fpu == "single" else None

    def may_fault(self, instruction: Instruction) -> bool:
        """Whether it must be looked at before it executes."""
        if self.fpu_closed and not self._is_v6m and uses_fpu(instruction):
            return True
        return self.fault_of(instruction) is not None


def uses_fpu(instruction: Instruction) -> bool:
    """Whether it is of coprocessors 10 and 11 (ARMv7-M ARM A5.3.18, A6.4)."""
    opcode = instruction.opcode
    return instruction.size_bytes == 4 and opcode >> 24 & 0xEF in (0xEC, 0xED, 0xEE) and opcode >> 9 & 7 == 5
