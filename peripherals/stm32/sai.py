"""Serial audio interface: two blocks that receive from a master outside (RM0432 chapter SAI).

The same block is in STM32F4/F7/H7/L4/U3/U5. Modelled: a slave that receives, asynchronous or
synchronous with the other block, any frame and slot setting, mono, the FIFO of eight words with its
thresholds, overrun and where storing goes on after one, frame syncs that come early or late,
interrupts and DMA requests, and that a block ends with a frame (:mod:`peripherals.stm32.sai_block`).
Not modelled, and reported: transmission, being the master, AC'97, SPDIF, PDM microphones, companding,
mute detection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.parts.banked import Bank, BankedDevice
from peripherals.register_device import Register, read_only
from peripherals.stm32.sai_block import CR1_PRTCFG, CR1_SAIEN, CR1_SYNCEN, SR_FREQ, SaiBlock
from peripherals.stm32.sai_frame import MODE_RECEIVES, MODE_SLAVE

BLOCKS = ("A", "B")
DR_OFFSET = 0x1C
CR1_WRITABLE, CR2_WRITABLE, SLOTR_WRITABLE = 0x0FFB3FEF, 0xFFF7, 0xFFFF0FDF
CR1_RESET, FRCR_RESET = 0x40, 0x07
CR2_FFLUSH, CR2_COMP = 1 << 3, 0xC000
EXTERNAL_SYNC = 0x800
IM_MUTEDETIE, PDMCR_PDMEN = 1 << 1, 1 << 0


class SaiParameters(DeviceParameters, frozen=True):
    """What its DMA requests are called."""

    dma: Annotated[
        str,
        about(
            "What its DMA requests are called: the signals dma:NAME_A and dma:NAME_B.",
            by_default="the device's name in capitals",
            example="SAI1",
        ),
    ] = ""


class Sai(BankedDevice):
    """Both blocks. Audio inputs ``a`` and ``b``."""

    PARAMETERS = SaiParameters
    parameters: SaiParameters
    LINES = ("global",)
    BANK_BYTES = 0x20
    FIRST_BANK = 0x04
    REGISTERS = (
        Register(0x00, "GCR", writable=0x33),
        Register(0x44, "PDMCR", writable=0x331, on_write="microphones_changed"),
        Register(0x48, "PDMDLY", writable=0x77777777),
    )
    PARTS = ("_a", "_b")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        name = self.parameters.dma or context.name.upper()
        wires = {block: context.audio(block.lower()) for block in BLOCKS}
        self._a, self._b = (
            SaiBlock(
                context,
                Bank(self, block),
                name=block.lower(),
                request=f"{name}_{block}",
                wires=wires[block],
                other=wires[other],
                changed=self._refresh_line,
            )
            for block, other in zip(BLOCKS, reversed(BLOCKS), strict=True)
        )

    def register_table(self) -> tuple[Register, ...]:
        """Add each block's registers; both share their effects."""
        rows = list(self.REGISTERS)
        for number, block in enumerate(BLOCKS):
            at = self.FIRST_BANK + self.BANK_BYTES * number
            rows += [
                Register(at, f"{block}CR1", CR1_RESET, CR1_WRITABLE, on_write="control_changed"),
                Register(at + 0x04, f"{block}CR2", 0, CR2_WRITABLE, on_write="fifo_changed"),
                Register(at + 0x08, f"{block}FRCR", FRCR_RESET, 0x7FFFF),
                Register(at + 0x0C, f"{block}SLOTR", 0, SLOTR_WRITABLE),
                Register(at + 0x10, f"{block}IM", 0, 0x7F, on_write="interrupts_changed"),
                read_only(at + 0x14, f"{block}SR", SR_FREQ, on_read="status"),
                Register(at + 0x18, f"{block}CLRFR", 0, 0, on_write="flags_cleared"),
                Register(at + DR_OFFSET, f"{block}DR", 0, 0, on_read="take_word", on_write="word_sent"),
            ]
        return tuple(rows)

    def reset(self) -> None:
        """Both blocks off and empty."""
        super().reset()
        for block in self._blocks():
            block.reset()

    def read_again(self, offset: int, size_bytes: int, count: int) -> bytes | None:
        """Words of a block's data register at once, see :class:`emulator.device.ReadsAgain`."""
        number, inside = divmod(offset - self.FIRST_BANK, self.BANK_BYTES)
        if not 0 <= number < len(BLOCKS) or inside != DR_OFFSET:
            return None
        return self._blocks()[number].take_words(size_bytes, count)

    # -- effects ---------------------------------------------------------------------------
    def control_changed(self, _written: int, old: int) -> None:
        """CR1: on, off, DMA."""
        block = self._blocks()[self.bank]
        control = self.values[f"{BLOCKS[self.bank]}CR1"]
        if control & ~old & CR1_SAIEN:
            self._report_modes(f"{BLOCKS[self.bank]}CR1", control)
        block.control_changed(old)

    def fifo_changed(self, written: int, _old: int) -> None:
        """CR2: the threshold; the FIFO is emptied."""
        register = f"{BLOCKS[self.bank]}CR2"
        if self.values[register] & CR2_COMP:
            self.report(register, "write", "companding")
        self._blocks()[self.bank].fifo_changed(flush=bool(written & CR2_FFLUSH))

    def interrupts_changed(self, _written: int, _old: int) -> None:
        """IM: which flags assert the line."""
        register = f"{BLOCKS[self.bank]}IM"
        if self.values[register] & IM_MUTEDETIE:
            self.report(register, "write", "mute detection")
        self._refresh_line()

    def flags_cleared(self, written: int, _old: int) -> None:
        """CLRFR: clear sticky flags."""
        self._blocks()[self.bank].clear_flags(written)

    def status(self) -> int:
        """SR: sticky flags, and those that follow the FIFO."""
        return self._blocks()[self.bank].status()

    def take_word(self) -> int:
        """DR: the oldest word."""
        self.context.consumed()
        return self._blocks()[self.bank].take_word()

    def word_sent(self, _written: int, _old: int) -> None:
        """DR: a transmitter's."""
        self.report(f"{BLOCKS[self.bank]}DR", "write", "transmission")

    def microphones_changed(self, _written: int, _old: int) -> None:
        """PDMCR: microphones on the data wires."""
        if self.values["PDMCR"] & PDMCR_PDMEN:
            self.report("PDMCR", "write", "PDM microphones")

    # -- inside ----------------------------------------------------------------------------
    def _blocks(self) -> tuple[SaiBlock, SaiBlock]:
        return self._a, self._b

    def _report_modes(self, register: str, control: int) -> None:
        modes: Mapping[str, bool] = {
            "transmission": not control & MODE_RECEIVES,
            "being the master of an audio link": not control & MODE_SLAVE,
            "the protocols SPDIF and AC'97": bool(control & CR1_PRTCFG),
            "synchronisation with another SAI": control & CR1_SYNCEN == EXTERNAL_SYNC,
        }
        for what, is_on in modes.items():
            if is_on:
                self.report(register, "write", what)

    def _refresh_line(self) -> None:
        pending = any(
            block.status() & self.values[f"{letter}IM"]
            for letter, block in zip(BLOCKS, self._blocks(), strict=True)
        )
        self.line("global").set_level(pending)
