"""The registers that GDB sees: which there are, how wide, and what a machine has in them.

Features and names: GDB manual, appendix G.5.3 "ARM Features": ``org.gnu.gdb.arm.m-profile`` is r0 to r12,
sp, lr, pc and xpsr (register 25 of GDB's own numbering), ``vfp`` d0 to d15 and fpscr, ``m-system`` msp and
psp; what else is in the latter shows by its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emulator.system.stack_frame import XPSR_THUMB

WORD_BYTES, DOUBLE_BYTES = 4, 8
XPSR_NUMBER = 25
M_PROFILE, VFP, M_SYSTEM = (f"org.gnu.gdb.arm.{name}" for name in ("m-profile", "vfp", "m-system"))
DOUBLES = 16
TYPES = {"sp": "data_ptr", "msp": "data_ptr", "psp": "data_ptr", "pc": "code_ptr", "lr": "int"}
STACK_LIMITS = ("msplim", "psplim")


class RegisterBank(Protocol):
    """Where registers are read and written by their Arm names: a core."""

    def get(self, name: str) -> int:
        """Read a register."""

    def set(self, name: str, value: int) -> None:
        """Write a register."""


@dataclass(frozen=True, slots=True)
class Register:
    """One of GDB's registers: its number, name, width, and the feature that it belongs to."""

    number: int
    name: str
    feature: str
    size_bytes: int = WORD_BYTES
    type: str = "int"


def register_set(*, has_fpu: bool, has_mainline: bool, has_stack_limits: bool) -> tuple[Register, ...]:
    """The registers of a core, in the order of GDB's ``g`` packet.

    ``has_mainline``: BASEPRI and FAULTMASK, which Armv6-M lacks.
    """
    general = (*(f"r{n}" for n in range(13)), "sp", "lr", "pc")
    found = [Register(n, name, M_PROFILE, type=TYPES.get(name, "int")) for n, name in enumerate(general)]
    found.append(Register(XPSR_NUMBER, "xpsr", M_PROFILE))
    number = XPSR_NUMBER + 1
    if has_fpu:
        for n in range(DOUBLES):
            found.append(Register(number + n, f"d{n}", VFP, DOUBLE_BYTES, "ieee_double"))
        found.append(Register(number + DOUBLES, "fpscr", VFP))
    number += DOUBLES + 1
    system = ["msp", "psp", "primask", "control"]
    system += ["basepri", "faultmask"] if has_mainline else []
    system += STACK_LIMITS if has_stack_limits else ()
    for n, name in enumerate(system):
        found.append(Register(number + n, name, M_SYSTEM, type=TYPES.get(name, "int")))
    return tuple(found)


class Registers:
    """The registers of one core by GDB's numbers."""

    def __init__(self, bank: RegisterBank, registers: Sequence[Register]) -> None:
        self.all = tuple(registers)
        self._bank = bank
        self._by_number = {register.number: register for register in registers}

    def find(self, number: int) -> Register | None:
        """The register of that number."""
        return self._by_number.get(number)

    def read(self, register: Register) -> bytes:
        """Its value, little endian."""
        if register.feature == VFP and register.size_bytes == DOUBLE_BYTES:
            n = int(register.name[1:])
            value = self._bank.get(f"s{2 * n}") | self._bank.get(f"s{2 * n + 1}") << 32
        else:
            value = self._bank.get(register.name)
            if register.number == XPSR_NUMBER:  # Unicorn shows T, which is always set, with the flags alone
                value |= XPSR_THUMB
        return value.to_bytes(register.size_bytes, "little")

    def write(self, register: Register, data: bytes) -> None:
        """Set its value; the PC is the caller's."""
        if register.feature == VFP and register.size_bytes == DOUBLE_BYTES:
            n = int(register.name[1:])
            self._bank.set(f"s{2 * n}", int.from_bytes(data[:4], "little"))
            self._bank.set(f"s{2 * n + 1}", int.from_bytes(data[4:], "little"))
        else:
            self._bank.set(register.name, int.from_bytes(data, "little"))
