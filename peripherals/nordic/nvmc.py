"""NVMC, the flash controller of nRF52 and nRF53 (product specifications, chapter "NVMC").

The instruction cache of nRF52 reaches the memory model, whose hits and misses its counters show. CONFIG
opens the flash and UICR for writing, when a store of a word clears the bits that are 0 in it, or for
erasing: ERASEPAGE, or on nRF53 a store to the page, sets a page's bits. Either takes its time, in which
READY is 0; a store before that waits for nothing here.
The time goes by while firmware looks at READY: that the core stands still when it fetches from the flash
meanwhile is not modelled. A partial erase adds up to a whole one by its milliseconds.

Any other store to the flash is a bus fault. How often a word may be written is not modelled.
"""

from __future__ import annotations

from typing import Annotated

from emulator.device import DeviceContext, NothingAnswers
from emulator.schema.table import about, address
from peripherals.nordic.power_clock import PERIPHERAL_CLOCK, TICKS_A_US
from peripherals.parts.paced_deadline import PacedDeadline
from peripherals.parts.parameters import TunedParameters
from peripherals.register_device import ALL_BITS, WORD_BYTES, Register, RegisterDevice, read_only

CACHE_ON, PROFILING_ON, READY = 1 << 0, 1 << 8, 1
WRITES, ERASES, ERASES_PARTS = 1, 2, 4
US_A_MS, INFORMATION_BYTES, ERASED = 1000, 0x1000, b"\xff"


class NvmcParameters(TunedParameters, frozen=True):
    """Its memories, and what stands before them."""

    flash_bytes: Annotated[
        int, about("Size of the flash, from address 0 on.", unit="bytes", at_least=0x1000, example=0x80000)
    ] = 0x100000
    information: Annotated[int, address("Where UICR begins.", example=0x10001000)] = 0x10001000
    erase_by_store: Annotated[
        bool, about("Whether a store erases a page while erasing is enabled (nRF53).", example=True)
    ] = False
    write_us: Annotated[int, about("Writing a word.", unit="us", at_least=1, example=41)] = 41
    erase_page_us: Annotated[int, about("Erasing a page.", unit="us", at_least=1, example=85_000)] = 85_000
    erase_all_us: Annotated[int, about("Erasing all.", unit="us", at_least=1, example=169_000)] = 169_000
    cached_wait_states: Annotated[
        int,
        about("Wait states of the flash behind the cache.", unit="cycles", at_least=0, at_most=15, example=3),
    ] = 3
    uncached_wait_states: Annotated[
        int, about("Wait states while the cache is off.", unit="cycles", at_least=0, at_most=15, example=2)
    ] = 2
    page_bytes: Annotated[int, about("Size of a page.", unit="bytes", at_least=0x400, example=0x1000)] = (
        0x1000
    )


class Nvmc(RegisterDevice):
    """The controller; ``accelerator`` is "" on nRF53, whose cache is a device of its own."""

    PARAMETERS = NvmcParameters
    parameters: NvmcParameters
    REGISTERS = (
        read_only(0x400, "READY", READY),
        read_only(0x408, "READYNEXT", READY),
        Register(0x504, "CONFIG", writable=7),
        Register(0x508, "ERASEPAGE", writable=0, on_write="erase_page"),
        Register(0x50C, "ERASEALL", writable=0, on_write="erase_all"),
        Register(0x510, "ERASEPCR0", writable=0, on_write="erase_page"),
        Register(0x514, "ERASEUICR", writable=0, on_write="erase_information"),
        Register(0x518, "ERASEPAGEPARTIAL", writable=0, on_write="erase_page_partly"),
        Register(0x51C, "ERASEPAGEPARTIALCFG", 0xA, writable=0x7F),
        Register(0x540, "ICACHECNF", writable=CACHE_ON | PROFILING_ON, on_write="cache_switched"),
        Register(0x548, "IHIT", on_read="hits", on_write="hits_written"),
        Register(0x54C, "IMISS", on_read="misses", on_write="misses_written"),
        Register(0x584, "CONFIGNS", writable=3),
        Register(0x588, "WRITEUICRNS", writable=0),
    )
    STATE = ("_counted", "_partly")
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._busy = PacedDeadline(context, "busy", PERIPHERAL_CLOCK, self._done, is_work=True)
        self._counted = (0, 0)  # of the cache, when IHIT and IMISS were brought up to date
        self._partly: dict[int, int] = {}  # page -> milliseconds of its erase that are over
        context.flash.serve_stores(0, self.parameters.flash_bytes, self._stored)
        context.flash.serve_stores(self.parameters.information, INFORMATION_BYTES, self._stored)

    def reset(self) -> None:
        """Read only, the cache off; what the memories hold stays."""
        self._count(on=False)
        super().reset()
        self._busy.disarm()
        self._tune()

    # -- effects -----------------------------------------------------------------------------
    def cache_switched(self, _written: int, old: int) -> None:
        """ICACHECNF: a cache that goes off is emptied; its counters count while profiling is on."""
        self._count(on=old & PROFILING_ON != 0)
        if old & CACHE_ON and not self.values["ICACHECNF"] & CACHE_ON:
            self.context.tuning.invalidate(self.parameters.accelerator, "instruction")
        self._tune()

    def hits(self) -> int:
        """IHIT."""
        return self._up_to_date("IHIT")

    def misses(self) -> int:
        """IMISS."""
        return self._up_to_date("IMISS")

    def hits_written(self, _written: int, _old: int) -> None:
        """IHIT counts on from what is written."""
        self._keep("IHIT")

    def misses_written(self, _written: int, _old: int) -> None:
        """IMISS counts on from what is written."""
        self._keep("IMISS")

    def erase_page(self, written: int, _old: int) -> None:
        """ERASEPAGE: the page's address."""
        if self._opened(ERASES):
            self._erase(written, self.parameters.page_bytes, self.parameters.erase_page_us)

    def erase_all(self, written: int, _old: int) -> None:
        """ERASEALL: the flash and UICR."""
        if written & 1 and self._opened(ERASES):
            self._erase(0, self.parameters.flash_bytes, self.parameters.erase_all_us)
            self._erase(self.parameters.information, INFORMATION_BYTES, self.parameters.erase_all_us)

    def erase_information(self, written: int, _old: int) -> None:
        """ERASEUICR."""
        if written & 1 and self._opened(ERASES):
            self._erase(self.parameters.information, INFORMATION_BYTES, self.parameters.erase_page_us)

    def erase_page_partly(self, written: int, _old: int) -> None:
        """ERASEPAGEPARTIAL: so many milliseconds of the page's erase."""
        if not self._opened(ERASES | ERASES_PARTS):
            return
        page = written & -self.parameters.page_bytes
        span_ms = self.values["ERASEPAGEPARTIALCFG"]
        over_ms = self._partly.get(page, 0) + span_ms
        if over_ms * US_A_MS >= self.parameters.erase_page_us:
            self._erase(page, self.parameters.page_bytes, span_ms * US_A_MS)
        else:
            self._partly[page] = over_ms
            self._take(span_ms * US_A_MS)

    # -- inside ------------------------------------------------------------------------------
    def _counts(self) -> tuple[int, int]:
        return self.context.tuning.hits_and_misses(self.parameters.accelerator, "instruction")

    def _up_to_date(self, register: str) -> int:
        profiling = self.values["ICACHECNF"] & PROFILING_ON != 0
        self._count(on=profiling)
        if profiling:
            self.context.touch()
        return self.values[register]

    def _keep(self, register: str) -> None:
        written = self.values[register]
        self._count(on=self.values["ICACHECNF"] & PROFILING_ON != 0)
        self.values[register] = written

    def _count(self, *, on: bool) -> None:
        """Bring the counters up to date, after a while in which they counted or stood still."""
        before, self._counted = self._counted, self._counts()
        if on:
            for name, now, then in zip(("IHIT", "IMISS"), self._counted, before, strict=True):
                self.values[name] = (self.values[name] + now - then) & ALL_BITS

    def _opened(self, mode: int) -> bool:
        return self.values["CONFIG"] & mode != 0

    def _stored(self, address: int, size_bytes: int, value: int) -> bool:
        """A store to the flash or UICR. Gives whether it is none of a bus fault."""
        if size_bytes != WORD_BYTES or address % WORD_BYTES:
            return False
        if self.values["CONFIG"] & (WRITES | ERASES) == WRITES:
            old = self.context.memory.read(address, WORD_BYTES)
            self.context.flash.put(address, (old & value).to_bytes(WORD_BYTES, "little"))
            self._take(self.parameters.write_us)
            return True
        if self.parameters.erase_by_store and self._opened(ERASES):
            self._erase(address, self.parameters.page_bytes, self.parameters.erase_page_us)
            return True
        return False

    def _erase(self, address: int, size_bytes: int, lasts_us: int) -> None:
        first = address & -min(size_bytes, self.parameters.page_bytes)
        self._partly.pop(first, None)
        try:
            self.context.flash.put(first, ERASED * size_bytes)
        except NothingAnswers:
            self.report("ERASEPAGE", "write", f"0x{first:08x} is no page of the flash")
        self._take(lasts_us)

    def _take(self, lasts_us: int) -> None:
        self.values["READY"] = self.values["READYNEXT"] = 0
        self._busy.arm(TICKS_A_US * lasts_us)

    def _done(self) -> None:
        self.values["READY"] = self.values["READYNEXT"] = READY

    def _tune(self) -> None:
        name = self.parameters.accelerator
        if name:
            on = self.values["ICACHECNF"] & CACHE_ON
            waits = self.parameters.cached_wait_states if on else self.parameters.uncached_wait_states
            self.context.tuning.configure(name, wait_states=waits, instruction_cache=on)
