"""NVMCTRL of SAM D5x/E5x (datasheet DS60001507, chapter 25): blocks are erased, pages programmed.

Stores to flash fill the page buffer of 512 bytes; by WMODE the last one of a double word, a quad word or a
page programs it, in the data sheet's typical times (54.12: a page 1.5 ms, a block 50 ms). A quad word takes a
page's time, which the data sheet does not say. With AUTOWS the flash waits as long as it needs: the wait
states of 54.12 at the core's clock and more than 2.7 V. The user page is erased in a block's time, and what
it says is not obeyed. Banks, lock bits and SmartEEPROM are not modelled, and told.
"""

from __future__ import annotations

from typing import Annotated

from emulator.device import DeviceContext
from emulator.schema.table import about
from peripherals.microchip.any_nvmctrl import KEY, AnyNvmctrl
from peripherals.parts.interrupts import Interrupt
from peripherals.parts.parameters import TunedParameters
from peripherals.register_device import Register, read_only

ERASE_PAGE, ERASE_BLOCK, WRITE_PAGE, WRITE_QUAD_WORD, CLEAR_BUFFER = 0x00, 0x01, 0x03, 0x04, 0x15
LOCKING = (0x11, 0x12)
SET_UNPROTECTED, CLEAR_UNPROTECTED = 0x1A, 0x1B
TAKEN_WHERE = {  # a command: in the main flash, in the user page (25.6.6)
    ERASE_PAGE: (False, True), ERASE_BLOCK: (True, False), WRITE_PAGE: (True, False),
    WRITE_QUAD_WORD: (True, True),
}  # fmt: skip
AUTOMATIC_WAIT_STATES = 1 << 2
DONE, ADDRESS_ERROR, PROGRAM_ERROR = 1 << 0, 1 << 1, 1 << 2
EVENTS = 0x7FF
READY_SHIFT, SET_SHIFT = 16, 16
LOADED, UNPROTECTED = 1 << 2 + READY_SHIFT, 1 << 5 + READY_SHIFT
PAGE_BYTES, BLOCK_BYTES, QUAD_WORD_BYTES = 512, 8192, 16
USER_PAGE = 0x00804000
WRITTEN_BY_MODE = (0, 8, QUAD_WORD_BYTES, PAGE_BYTES)
PAGE_SIZE_CODE = 6
MOST_HZ = (24_000_000, 51_000_000, 77_000_000, 101_000_000, 119_000_000)
"""With so many wait states the core may be so fast (54.12)."""


class NvmctrlD51Parameters(TunedParameters, frozen=True):
    """How much flash there is."""

    flash_bytes: Annotated[
        int, about("The flash.", unit="bytes", at_least=0x40000, at_most=0x100000, example=0x80000)
    ] = 0x100000


class NvmctrlD51(AnyNvmctrl):
    """The flash's controller. CTRLB, INTENCLR with INTENSET and INTFLAG with STATUS are words here."""

    PARAMETERS = NvmctrlD51Parameters
    parameters: NvmctrlD51Parameters
    READY, DONE, PAGE_BYTES = 1 << READY_SHIFT, DONE, PAGE_BYTES
    PROGRAM_US, ERASE_US = 1_500, 50_000
    REGISTERS = (
        Register(0x00, "CTRLA", AUTOMATIC_WAIT_STATES, writable=0xFFFC, on_write="tuned"),
        Register(0x04, "CTRLB", writable=0, on_write="commanded"),
        read_only(0x08, "PARAM", on_read="size"),
        Register(0x0C, "INTENSET", writable=0, on_read="enables", on_write="enables_written"),
        Register(0x10, "INTFLAG", 1 << READY_SHIFT, writable=0, w1c=EVENTS),
        Register(0x14, "ADDR", writable=0xFFFFFF),
        read_only(0x18, "RUNLOCK", 0xFFFFFFFF),
        read_only(0x1C, "PBLDATA0", 0xFFFFFFFF),
        read_only(0x20, "PBLDATA1", 0xFFFFFFFF),
        read_only(0x24, "ECCERR"),
        Register(0x28, "DBGCTRL", writable=0x00030003),
        read_only(0x2C, "SEESTAT"),
    )
    INTERRUPTS = (
        Interrupt("done", "INTFLAG", "INTENSET", EVENTS & 0xFF),
        Interrupt("smart_eeprom", "INTFLAG", "INTENSET", EVENTS & 0x700),
    )

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        context.flash.serve_stores(0, self.parameters.flash_bytes, self.stored)
        context.flash.serve_stores(USER_PAGE, PAGE_BYTES, self.stored)
        context.clocks.on_change(lambda: self.tuned(0, 0))

    # -- effects ---------------------------------------------------------------------------
    def size(self) -> int:
        """PARAM."""
        return PAGE_SIZE_CODE << 16 | self.parameters.flash_bytes // PAGE_BYTES

    def enables(self) -> int:
        """INTENCLR and INTENSET both read the enables."""
        return self.values["INTENSET"] | self.values["INTENSET"] << SET_SHIFT

    def enables_written(self, written: int, _old: int) -> None:
        """INTENCLR below, INTENSET above."""
        enables = self.values["INTENSET"] & ~written | written >> SET_SHIFT
        self.values["INTENSET"] = enables & EVENTS

    def commanded(self, written: int, _old: int) -> None:
        """CTRLB: a command with its key."""
        command, key = written & 0x7F, written >> 8 & 0xFF
        address = self.values["ADDR"]
        if key != KEY or not self.values["INTFLAG"] & self.READY:
            self.raise_flags("INTFLAG", PROGRAM_ERROR)
        elif command in TAKEN_WHERE:
            self._change(command, address)
        elif command == CLEAR_BUFFER:
            self.forget_buffer()
            self.set_bits("INTFLAG", DONE)
        elif command in (SET_UNPROTECTED, CLEAR_UNPROTECTED):
            self.put_bits("INTFLAG", UNPROTECTED, command == SET_UNPROTECTED)
            self.set_bits("INTFLAG", DONE)
        else:
            if command not in LOCKING:
                self.report("CTRLB", "write", f"command 0x{command:02x} of the flash controller")
            self.set_bits("INTFLAG", DONE)

    def tuned(self, _written: int, _old: int) -> None:
        """CTRLA: wait states."""
        wait_states = self.field("CTRLA", 8, 4)
        if self.values["CTRLA"] & AUTOMATIC_WAIT_STATES:
            core_hz = self.context.clock.core_hz
            wait_states = sum(core_hz > most for most in MOST_HZ)
        self.context.tuning.configure(self.parameters.accelerator, wait_states=wait_states)

    def buffered(self, address: int, size_bytes: int) -> None:
        """ADDR and LOAD follow; by WMODE the last word of a unit programs it."""
        self.values["ADDR"] = address
        self.set_bits("INTFLAG", LOADED)
        programs = WRITTEN_BY_MODE[self.field("CTRLA", 4, 2)]
        if programs and (address + size_bytes) % programs == 0:
            self.program(address, programs)

    def forget_buffer(self) -> None:
        """LOAD follows."""
        super().forget_buffer()
        self.clear_bits("INTFLAG", LOADED)

    # -- inside ----------------------------------------------------------------------------
    def _change(self, command: int, address: int) -> None:
        """Erase or program what ADDR says, if the command is for that memory."""
        in_flash, in_user_page = address < self.parameters.flash_bytes, address & -PAGE_BYTES == USER_PAGE
        flash_takes, user_page_takes = TAKEN_WHERE[command]
        if not ((in_flash and flash_takes) or (in_user_page and user_page_takes)):
            self.raise_flags("INTFLAG", ADDRESS_ERROR)
        elif command in (ERASE_PAGE, ERASE_BLOCK):
            self.erase(address, PAGE_BYTES if command == ERASE_PAGE else BLOCK_BYTES)
        else:
            self.program(address, PAGE_BYTES if command == WRITE_PAGE else QUAD_WORD_BYTES)
