"""Programming and erasing the flash of STM32F1, F4, F7, L4 and L4+ (PM0075, RM0090, RM0385, RM0351, RM0432).

Bytes are as new as soon as an operation begins; BSY goes away when its time is over. Code in the flash runs
on meanwhile, where the hardware would hold its fetches back: what waits for BSY ends at the same time. An
operation that begins while another is under way ends after it. Option bytes are not programmed but on F1, and
that is reported. While the control register is locked, a store is a bus fault: it is no programming.

A family says where its control register keeps what, and takes stores (:meth:`ProgrammedFlash.program`).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar

import msgspec

from emulator.device import DeviceContext
from emulator.schema.table import about, address
from peripherals.parts.parameters import TunedParameters
from peripherals.parts.timed_deadline import TimedDeadline
from peripherals.stm32.flash_interface import FlashInterface

KIB, ERASED = 1024, b"\xff"
PICOSECONDS_A_US, US_A_MS = 1_000_000, 1000
Kib = Annotated[int, msgspec.Meta(ge=1, le=4096)]
Milliseconds = Annotated[int, msgspec.Meta(ge=1, le=60_000)]


class ProgrammedParameters(TunedParameters, frozen=True):
    """The array, and how long its operations take."""

    array: Annotated[int, address("Where the flash begins.", example=0x08000000)] = 0x08000000
    flash_kib: Annotated[int, about("Its size.", unit="KiB", at_least=16, at_most=4096, example=1024)] = 1024
    bank_kib: Annotated[
        int, about("Size of a bank; 0: it has one.", unit="KiB", at_least=0, at_most=2048, example=512)
    ] = 0
    sectors_kib: Annotated[
        list[Kib],
        about(
            "Sizes of a bank's sectors or pages, in order; the last is repeated to the bank's end.",
            unit="KiB",
            example=[16, 16, 16, 16, 64, 128],
        ),
    ] = msgspec.field(default_factory=lambda: [2])
    erase_ms: Annotated[
        list[Milliseconds],
        about("How long erasing each of them takes.", unit="ms", example=[250, 250, 250, 250, 550, 1000]),
    ] = msgspec.field(default_factory=lambda: [22])
    mass_erase_ms: Annotated[
        int, about("Erasing a bank.", unit="ms", at_least=1, at_most=60_000, example=8000)
    ] = 22
    program_us: Annotated[
        int, about("Programming once.", unit="us", at_least=1, at_most=10_000, example=16)
    ] = 82

    @property
    def bank_bytes(self) -> int:
        """Of one bank."""
        return (self.bank_kib or self.flash_kib) * KIB


class ProgrammedFlash(FlashInterface):
    """A flash interface whose stores and erasures change the flash."""

    PARAMETERS = ProgrammedParameters
    parameters: ProgrammedParameters
    PARTS = ("_ends",)
    START: ClassVar[int] = 1 << 16
    BUSY: ClassVar[int] = 1 << 16
    DONE: ClassVar[int] = 1 << 0
    DONE_ALWAYS: ClassVar[bool] = False
    """Whether the end of an operation is flagged without its interrupt enabled."""
    DONE_ENABLE: ClassVar[int] = 1 << 24
    ERROR_ENABLE: ClassVar[int] = 1 << 25
    ERRORS: ClassVar[int] = 0

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._ends = TimedDeadline(context, "operation", self._ended, is_work=True)
        size_bytes = self.parameters.flash_kib * KIB
        context.flash.serve_stores(self.parameters.array, size_bytes, self._stored)

    def reset(self) -> None:
        """Lock; nothing is under way."""
        super().reset()
        self._ends.arm(None)

    # -- for subclasses ------------------------------------------------------------------------
    @abstractmethod
    def program(self, address: int, size_bytes: int, value: int) -> bool:
        """A store to the open flash. Gives whether it is none of a bus fault."""

    @abstractmethod
    def erase(self, control: int) -> None:
        """STRT was set: erase what the control register says."""

    def old(self, address: int, size_bytes: int) -> int:
        """What the flash holds."""
        return self.context.memory.read(address, size_bytes)

    def put(self, address: int, size_bytes: int, value: int) -> None:
        """Program: it takes its time."""
        self.context.flash.put(address, value.to_bytes(size_bytes, "little"))
        self.lasts(self.parameters.program_us)

    def erase_sector(self, bank: int, number: int) -> bool:
        """Erase a sector or page of a bank, counted from 0; False: there is none."""
        bank_bytes = self.parameters.bank_bytes
        start = bank_bytes * bank
        end = min(start + bank_bytes, self.parameters.flash_kib * KIB)
        sizes, times = self.parameters.sectors_kib, self.parameters.erase_ms
        last = len(sizes) - 1
        start += KIB * (sum(sizes[:number]) + sizes[last] * max(0, number - len(sizes)))
        size_bytes = KIB * sizes[min(number, last)]
        if start + size_bytes > end:
            return False
        self._erase(start, size_bytes, times[min(number, len(times) - 1)])
        return True

    def erase_bank(self, bank: int) -> None:
        """Erase a bank whole."""
        size_bytes = self.parameters.bank_bytes
        self._erase(size_bytes * bank, size_bytes, self.parameters.mass_erase_ms)

    def lasts(self, lasts_us: int) -> None:
        """An operation begins, which takes so long."""
        now = self.context.clock.picoseconds()
        begins = max(now, self._ends.picoseconds or now)
        self.set_bits("SR", self.BUSY)
        self._ends.arm(begins + lasts_us * PICOSECONDS_A_US)

    def fail(self, flags: int) -> None:
        """An operation was refused."""
        self.set_bits("SR", flags)
        self._refresh()

    # -- effects -------------------------------------------------------------------------------
    def control_written(self, written: int, old: int) -> None:
        """CR: STRT begins an erasure."""
        super().control_written(written, old)
        if not old & self.LOCK and written & self.START:
            self.erase(self.values[self.CONTROL])
            if not self._ends_later():
                self.clear_bits(self.CONTROL, self.START)
        self._refresh()

    def status_written(self, _written: int, _old: int) -> None:
        """SR: cleared flags let go of the interrupt."""
        self._refresh()

    # -- inside --------------------------------------------------------------------------------
    def _stored(self, address: int, size_bytes: int, value: int) -> bool:
        if self.values[self.CONTROL] & self.LOCK:
            return False
        return self.program(address, size_bytes, value)

    def _erase(self, start: int, size_bytes: int, lasts_ms: int) -> None:
        self.context.flash.put(self.parameters.array + start, ERASED * size_bytes)
        self.lasts(lasts_ms * US_A_MS)

    def _ends_later(self) -> bool:
        return self._ends.picoseconds is not None

    def _ended(self) -> None:
        self.clear_bits("SR", self.BUSY)
        self.clear_bits(self.CONTROL, self.START)
        if self.DONE_ALWAYS or self.values[self.CONTROL] & self.DONE_ENABLE:
            self.set_bits("SR", self.DONE)
        self._refresh()

    def _refresh(self) -> None:
        status, control = self.values["SR"], self.values[self.CONTROL]
        done = status & self.DONE and control & self.DONE_ENABLE
        failed = status & self.ERRORS and control & self.ERROR_ENABLE
        self.line("global").set_level(bool(done or failed))
