"""The GPIO coprocessor of RP2350's cores (datasheet 3.6.1): SIO's pin registers in one instruction.

opc1 says what is done, CRm to which registers: outputs (0), output enables (4), inputs (8); the next
number is the upper half. MCRR and MRRC take both halves, a pin and its level, or a half and its bits.
"""

from __future__ import annotations

from typing import Protocol

from emulator.device import CoprocessorInstruction

BANKS = {0: "OUT", 4: "OE", 8: "IN"}
HALVES = ("GPIO", "GPIO_HI")
ALL_BITS = 0xFFFFFFFF
HALF_BITS = 32
PUT, TOGGLE, SET, CLEAR = range(4)
BIT, INDEXED = 4, 8
PINS = 64


class PinRegisters(Protocol):
    """What it needs of SIO."""

    def word(self, name: str) -> int:
        """A register as a load gives it."""

    def put_word(self, name: str, value: int) -> None:
        """Store a register of outputs; pins follow."""


class GpioCoprocessor:
    """It holds nothing of its own."""

    def __init__(self, registers: PinRegisters) -> None:
        self._registers = registers

    def execute(self, instruction: CoprocessorInstruction) -> tuple[int, ...] | None:
        """Do it; None: there is no such instruction."""
        operation, place = instruction.opcodes[0], instruction.registers[1]
        bank = BANKS.get(place & ~1)
        if bank is None or instruction.opcodes[1]:
            return None
        if instruction.name in ("mrc", "mrrc"):
            return self._read(bank, place & 1, both=instruction.name == "mrrc") if not operation else None
        if bank == "IN" or instruction.name not in ("mcr", "mcrr"):
            return None
        if instruction.name == "mcr":
            return self._write_half(bank, place & 1, operation, instruction.values[0])
        return self._write_both(bank, operation, *instruction.values) if not place & 1 else None

    def _read(self, bank: str, half: int, *, both: bool) -> tuple[int, ...]:
        halves = HALVES if both else HALVES[half : half + 1]
        return tuple(self._registers.word(f"{name}_{bank}") for name in halves)

    def _write_half(self, bank: str, half: int, operation: int, value: int) -> tuple[int, ...] | None:
        if operation < BIT:
            self._change(bank, half, operation, value)
        elif operation != BIT:  # 5 to 7: toggle, set, clear a pin
            self._change_pin(bank, value, operation - BIT)
        else:
            return None
        return ()

    def _write_both(self, bank: str, operation: int, first: int, second: int) -> tuple[int, ...] | None:
        if operation < BIT:
            self._change(bank, 0, operation, first)
            self._change(bank, 1, operation, second)
        elif operation == BIT:
            self._change_pin(bank, first, SET if second else CLEAR)
        elif operation < INDEXED:
            if second & 1:
                self._change_pin(bank, first, operation - BIT)
        elif operation < INDEXED + BIT and second < len(HALVES):
            self._change(bank, second, operation - INDEXED, first)
        else:
            return None
        return ()

    def _change_pin(self, bank: str, pin: int, operation: int) -> None:
        half, bit = divmod(pin % PINS, HALF_BITS)
        self._change(bank, half, operation, 1 << bit)

    def _change(self, bank: str, half: int, operation: int, bits: int) -> None:
        name = f"{HALVES[half]}_{bank}"
        old = self._registers.word(name)
        new = {PUT: bits, TOGGLE: old ^ bits, SET: old | bits, CLEAR: old & ~bits}[operation]
        self._registers.put_word(name, new & ALL_BITS)
