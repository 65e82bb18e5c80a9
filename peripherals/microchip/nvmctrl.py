"""NVMCTRL of SAM D21 (datasheet DS40001882, chapter 22): rows are erased, pages programmed, in their time.

Stores to flash fill the page buffer of 64 bytes; without MANW the one of its last word programs it. Times are
those of the electrical characteristics (chapter 37): at most 2.5 ms a page, 6 ms a row. Wait states and
the cache of eight lines of 8 bytes are the memory's (accelerator). What the auxiliary row says is not obeyed;
lock bits and power modes are not modelled, and told.
"""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.microchip.any_nvmctrl import KEY, AnyNvmctrl
from peripherals.parts.interrupts import Interrupt
from peripherals.parts.parameters import TunedParameters
from peripherals.register_device import Register, clears, read_only, sets

ERASE_ROW, WRITE_PAGE, CLEAR_BUFFER, INVALIDATE = 0x02, 0x04, 0x44, 0x46
ERASE_AUXILIARY, WRITE_AUXILIARY = 0x05, 0x06
AUXILIARY_ROW = 0x00804000
MANUAL_WRITE, CACHE_OFF = 1 << 7, 1 << 18
READY, ERROR = 1 << 0, 1 << 1
PROGRAM_ERROR = 1 << 2
PAGE_BYTES, ROW_BYTES = 64, 256
FLASH_BYTES = 0x40000
PAGE_SIZE_CODE = 3


class Nvmctrl(AnyNvmctrl):
    """The flash's controller."""

    PARAMETERS = TunedParameters
    parameters: TunedParameters
    READY, PAGE_BYTES = READY, PAGE_BYTES
    PROGRAM_US, ERASE_US = 2_500, 6_000
    REGISTERS = (
        Register(0x00, "CTRLA", writable=0, on_write="commanded"),
        Register(0x04, "CTRLB", MANUAL_WRITE, writable=0x7039E, on_write="tuned"),
        read_only(0x08, "PARAM", PAGE_SIZE_CODE << 16 | FLASH_BYTES // PAGE_BYTES),
        clears(0x0C, "INTENCLR", "INTENSET", READY | ERROR, shows="INTENSET"),
        sets(0x10, "INTENSET", "INTENSET", READY | ERROR),
        Register(0x14, "INTFLAG", READY, writable=0, w1c=ERROR),
        Register(0x18, "STATUS", writable=0, w1c=0x1E),
        Register(0x1C, "ADDR", writable=0x3FFFFF),
        Register(0x20, "LOCK", 0xFFFF, writable=0),
    )
    INTERRUPTS = (Interrupt("global", "INTFLAG", "INTENSET"),)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        context.flash.serve_stores(0, FLASH_BYTES, self.stored)
        context.flash.serve_stores(AUXILIARY_ROW, ROW_BYTES, self.stored)

    # -- effects ---------------------------------------------------------------------------
    def commanded(self, written: int, _old: int) -> None:
        """CTRLA: a command with its key."""
        command, key = written & 0x7F, written >> 8 & 0xFF
        address = 2 * self.values["ADDR"]
        if key != KEY or not self.values["INTFLAG"] & READY:
            self.set_bits("STATUS", PROGRAM_ERROR)
            self.raise_flags("INTFLAG", ERROR)
        elif command in (ERASE_ROW, ERASE_AUXILIARY):
            self.erase(AUXILIARY_ROW if command == ERASE_AUXILIARY else address, ROW_BYTES)
            self._invalidate()
        elif command in (WRITE_PAGE, WRITE_AUXILIARY):  # ADDR has no room for the auxiliary row's address
            self._program(AUXILIARY_ROW + address % ROW_BYTES if command == WRITE_AUXILIARY else address)
        elif command == CLEAR_BUFFER:
            self.forget_buffer()
        elif command == INVALIDATE:
            self._invalidate()
        else:
            self.report("CTRLA", "write", f"command 0x{command:02x} of the flash controller")

    def tuned(self, _written: int, _old: int) -> None:
        """CTRLB: wait states, the cache."""
        control = self.values["CTRLB"]
        self.context.tuning.configure(
            self.parameters.accelerator,
            wait_states=control >> 1 & 15,
            instruction_cache=int(not control & CACHE_OFF),
        )

    def buffered(self, address: int, size_bytes: int) -> None:
        """ADDR follows; unless MANW is set the last word of a page programs it."""
        self.values["ADDR"] = address // 2
        if not self.values["CTRLB"] & MANUAL_WRITE and (address + size_bytes) % PAGE_BYTES == 0:
            self._program(address)

    # -- inside ----------------------------------------------------------------------------
    def _program(self, address: int) -> None:
        self.program(address, PAGE_BYTES)
        self._invalidate()

    def _invalidate(self) -> None:
        self.context.tuning.invalidate(self.parameters.accelerator, "instruction")
