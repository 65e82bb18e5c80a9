"""A desk for DMA controllers that devices ask: a UART and a SAI, beside memory."""

from __future__ import annotations

from typing import ClassVar

from device_bench import Bench, put

from peripherals.instruments.audio_master import AudioMaster
from peripherals.stm32.sai import Sai
from peripherals.stm32.usart import Usart

HZ = 1_600_000
FRAME = HZ // 16_000


class DmaDesk:
    """The UART sends a character in 1000 cycles; a test adds the controller.

    ``SOURCE``, ``TARGET``: the usual places in memory.
    """

    SOURCE: ClassVar[int]
    TARGET: ClassVar[int]

    def __init__(self, uart_name: str, uart_base: int, sai_base: int) -> None:
        self.bench = Bench(HZ)
        self.uart: Usart = self.bench.build(Usart, uart_name, base=uart_base, clock="core")
        self.sai: Sai = self.bench.build(Sai, "sai1", base=sai_base)
        put(self.uart, "BRR", 100)
        put(self.uart, "CR1", 0xD)
        put(self.uart, "CR3", 1 << 6 | 1 << 7)

    def fill(self, data: bytes) -> None:
        self.bench.memory.write_all(self.SOURCE, data)

    def bytes(self, count: int, address: int | None = None) -> bytes:
        at = self.TARGET if address is None else address
        return bytes(self.bench.memory.read(at + n, 1) for n in range(count))

    def listen(self) -> None:
        """Let block A of the SAI receive 16-bit frames of two slots, of words that count up from 0."""
        put(self.sai, "ACR1", 0x83 | 1 << 17)
        put(self.sai, "AFRCR", 0x50F1F)
        put(self.sai, "ASLOTR", 0xFFFF0140)
        put(self.sai, "ACR1", 0x83 | 1 << 16 | 1 << 17)
        AudioMaster(self.bench.audio["sai1_a"], self.bench.clock).play(range(1000))
