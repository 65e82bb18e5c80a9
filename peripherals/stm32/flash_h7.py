"""Flash interface of STM32H7A3/7B3 (RM0455, "Embedded flash memory"): two banks.

Wait states reach the memory model. Programming and erasing are not
modelled and are reported; H743's are (:mod:`peripherals.stm32.flash_h743`).
"""

from __future__ import annotations

from typing import ClassVar

from peripherals.parts.parameters import TunedParameters
from peripherals.register_device import Register
from peripherals.stm32.flash_interface import FLASH_KEYS, OPTION_KEYS, KeyedFlash

LATENCY_MASK = 0xF
CR_LOCK, CR_OPERATIONS = 1 << 0, 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5
OPTCR_LOCK = 1 << 0


def _bank(number: int) -> tuple[Register, ...]:
    base = 0x100 * (number - 1)
    return (
        Register(base + 0x04, f"KEYR{number}", writable=0, on_write=f"key_{number}_written"),
        Register(base + 0x0C, f"CR{number}", 0x31, on_write=f"control_{number}_written"),
        Register(base + 0x10, f"SR{number}", writable=0),
        Register(base + 0x14, f"CCR{number}", writable=0),
        Register(base + 0x28, f"PRAR_CUR{number}", 0xFF, writable=0),
        Register(base + 0x30, f"SCAR_CUR{number}", 0xFF, writable=0),
        Register(base + 0x38, f"WPSN_CUR{number}", 0xFFFFFFFF, writable=0),
        Register(base + 0x50, f"CRCCR{number}"),
    )


class FlashH7A3(KeyedFlash):
    """Flash registers; each bank and the option bytes have a lock of their own."""

    PARAMETERS = TunedParameters
    parameters: TunedParameters
    LINES = ("global",)
    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "ACR", 0x13, writable=0x3F, on_write="access_control_written"),
        Register(0x08, "OPTKEYR", writable=0, on_write="option_key_written"),
        Register(0x18, "OPTCR", 0x01),
        Register(0x1C, "OPTSR_CUR", 0x1006AAF0, writable=0),
        Register(0x20, "OPTSR_PRG", 0x1006AAF0),
        Register(0x40, "BOOT_CUR", 0x1FF00800, writable=0),
        *_bank(1),
        *_bank(2),
    )

    def reset(self) -> None:
        """Lock, and put the wait states to their reset value."""
        super().reset()
        self.access_control_written(0, 0)

    def access_control_written(self, _written: int, _old: int) -> None:
        """ACR: retune the memory model."""
        self.context.tuning.configure(
            self.parameters.accelerator, wait_states=self.values["ACR"] & LATENCY_MASK
        )

    def key_1_written(self, written: int, _old: int) -> None:
        """KEYR1: unlock bank 1."""
        self.take_key("CR1", CR_LOCK, FLASH_KEYS, written)

    def key_2_written(self, written: int, _old: int) -> None:
        """KEYR2: unlock bank 2."""
        self.take_key("CR2", CR_LOCK, FLASH_KEYS, written)

    def option_key_written(self, written: int, _old: int) -> None:
        """OPTKEYR: unlock the option bytes."""
        self.take_key("OPTCR", OPTCR_LOCK, OPTION_KEYS, written)

    def control_1_written(self, written: int, old: int) -> None:
        """CR1: bank 1."""
        self._control("CR1", written, old)

    def control_2_written(self, written: int, old: int) -> None:
        """CR2: bank 2."""
        self._control("CR2", written, old)

    def _control(self, register: str, written: int, old: int) -> None:
        if old & CR_LOCK:
            self.values[register] = old
        elif written & CR_OPERATIONS:
            self.report(register, "write", "flash programming and erasing")
            self.clear_bits(register, CR_OPERATIONS)
