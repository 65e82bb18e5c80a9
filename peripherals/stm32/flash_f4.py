"""Flash interfaces of STM32F4 (RM0090) and F7 (RM0385), chapters "Embedded flash memory"."""

from __future__ import annotations

from typing import Annotated, ClassVar

from emulator.schema.table import about
from peripherals.parts.parameters import TunedParameters
from peripherals.register_device import Register
from peripherals.stm32.flash_interface import FlashInterface

SR_FLAGS = 0xF3
CR_OPERATIONS = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 16
OPTCR_LOCK = 1 << 0


class FlashF4(FlashInterface):
    """Flash registers of STM32F405/F407."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "ACR", 0x0000, writable=0x1F07, on_write="access_control_written"),
        Register(0x04, "KEYR", writable=0, on_write="key_written"),
        Register(0x08, "OPTKEYR", writable=0, on_write="option_key_written"),
        Register(0x0C, "SR", writable=0, w1c=SR_FLAGS),
        Register(0x10, "CR", 0x80000000, on_write="control_written"),
        Register(0x14, "OPTCR", 0x0FFFAAED, writable=0),
    )
    LATENCY_MASK = 0x7
    OPTION_LOCK = OPTCR_LOCK
    OPTION_REGISTER = "OPTCR"
    OPERATIONS = CR_OPERATIONS


class FlashF42x(FlashF4):
    """Flash registers of STM32F42x/F43x (two banks), F411 and F446: four bits of wait states."""

    REGISTERS = (
        Register(0x00, "ACR", 0x0000, writable=0x1F0F, on_write="access_control_written"),
        *FlashF4.REGISTERS[1:],
        Register(0x18, "OPTCR1", 0x0FFF0000, writable=0),
    )
    LATENCY_MASK = 0xF


class FlashF7Parameters(TunedParameters, frozen=True):
    """Both ways to the flash."""

    art: Annotated[
        str, about('The accelerator on the ITCM bus; "": none.', names_a="accelerator", example="art")
    ] = "art"


class FlashF7(FlashInterface):
    """Flash registers of STM32F746.

    The wait states hold for both ways to the flash; prefetch and ART (accelerator ``art``)
    only for the ITCM's.
    """

    PARAMETERS = FlashF7Parameters
    parameters: FlashF7Parameters
    REGISTERS = (
        Register(0x00, "ACR", 0x0000, writable=0x0B0F, on_write="access_control_written"),
        Register(0x04, "KEYR", writable=0, on_write="key_written"),
        Register(0x08, "OPTKEYR", writable=0, on_write="option_key_written"),
        Register(0x0C, "SR", writable=0, w1c=SR_FLAGS),
        Register(0x10, "CR", 0x80000000, on_write="control_written"),
        Register(0x14, "OPTCR", 0xC0FFAAFD, writable=0),
        Register(0x18, "OPTCR1", 0x00400080, writable=0),
    )
    OPTION_LOCK = OPTCR_LOCK
    OPTION_REGISTER = "OPTCR"
    OPERATIONS = CR_OPERATIONS

    def apply_access_control(self) -> None:
        """Tune both ways to the flash."""
        value = self.values["ACR"]
        wait_states = value & self.LATENCY_MASK
        self.context.tuning.configure(self.parameters.accelerator, wait_states=wait_states)
        self.context.tuning.configure(
            self.parameters.art,
            wait_states=wait_states,
            prefetch=value >> 8 & 1,
            instruction_cache=value >> 9 & 1,
        )
