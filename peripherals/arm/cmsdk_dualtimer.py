"""CMSDK APB dual timer (Arm DDI 0479, "APB dual-input timers").

Two down-counters of 16 or 32 bits with prescaler, free-running, periodic or one-shot.
Interrupt lines ``timer1``, ``timer2`` and ``combined``. Parameter ``clock``.
"""

from __future__ import annotations

from typing import Any

from emulator.device import ClockedParameters, DeviceContext
from peripherals.arm.identity import identity_rows
from peripherals.parts.banked import Bank, BankedDevice
from peripherals.parts.down_counter import DownCounter
from peripherals.register_device import Register, read_only

ONE_SHOT, SIZE_32, PRESCALE_SHIFT, INTERRUPT, PERIODIC, ENABLE = 1, 2, 2, 1 << 5, 1 << 6, 1 << 7
DIVIDERS = (1, 16, 256, 256)
CONTROL_RESET = INTERRUPT
PART = 0x823


def _rows(number: int) -> tuple[Register, ...]:
    base = CmsdkDualTimer.BANK_BYTES * (number - 1)
    name = f"TIMER{number}"
    return (
        Register(base, f"{name}LOAD", on_write="load_written"),
        read_only(base + 0x04, f"{name}VALUE", 0xFFFFFFFF, on_read="count"),
        Register(base + 0x08, f"{name}CONTROL", CONTROL_RESET, 0xEF, on_write="control_changed"),
        Register(base + 0x0C, f"{name}INTCLR", writable=0, on_write="interrupt_cleared"),
        read_only(base + 0x10, f"{name}RIS", on_read="raw"),
        read_only(base + 0x14, f"{name}MIS", on_read="masked"),
        Register(base + 0x18, f"{name}BGLOAD", on_write="background_load_written"),
    )


class _Half(Bank):
    """One of the two counters."""

    def __init__(self, device: CmsdkDualTimer, number: int) -> None:
        super().__init__(device, f"TIMER{number}")
        clock = device.parameters.clock
        self.line_name = f"timer{number}"
        self.counter = DownCounter(device.context, f"zero{number}", clock, self._zero_reached)
        self.upper = 0xFFFF0000
        self._refresh = device.refresh

    def reset(self) -> None:
        """Stop, free-running and 16 bits wide."""
        self.counter.reset(0xFFFF, 0xFFFF)
        self.upper = 0xFFFF0000

    def count(self) -> int:
        """16 bits wide, only the low half counts and the high half stands."""
        return self.counter.count() | (0 if self.value("CONTROL") & SIZE_32 else self.upper)

    def load_count(self) -> None:
        """Start from LOAD; a one-shot that had run out starts again."""
        load = self.value("LOAD")
        self.upper = load & 0xFFFF0000
        self.put("BGLOAD", load)
        self.counter.set(count=load & self._mask(), running=bool(self.value("CONTROL") & ENABLE))
        self.set_reload()

    def set_reload(self) -> None:
        """Start the next period from LOAD, or from the top when free-running."""
        periodic = self.value("CONTROL") & PERIODIC
        self.counter.set(reload=self.value("LOAD") & self._mask() if periodic else self._mask())

    def adopt(self, old_control: int) -> None:
        """Take what CONTROL says."""
        control = self.value("CONTROL")
        count = self.counter.count() | (0 if old_control & SIZE_32 else self.upper)
        self.upper = count & 0xFFFF0000
        self.counter.options.one_shot = bool(control & ONE_SHOT)
        self.counter.set_prescaler(DIVIDERS[control >> PRESCALE_SHIFT & 3])
        self.counter.set(count=count & self._mask(), running=bool(control & ENABLE))
        self.set_reload()

    def clear(self) -> None:
        """Clear the interrupt."""
        self.counter.catch_up()
        self.put("RIS", 0)
        self.counter.options.pending = False
        self.counter.plan()

    def pending(self) -> bool:
        """The interrupt is there and enabled."""
        return bool(self.value("RIS") and self.value("CONTROL") & INTERRUPT)

    def _mask(self) -> int:
        return 0xFFFFFFFF if self.value("CONTROL") & SIZE_32 else 0xFFFF

    def _zero_reached(self) -> None:
        self.put("RIS", 1)
        self.counter.options.pending = True
        self._refresh()


class CmsdkDualTimer(BankedDevice):
    """The two timers behind one base address."""

    PARAMETERS = ClockedParameters
    parameters: ClockedParameters
    LINES = ("timer1", "timer2", "combined")
    BANK_BYTES = 0x20
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._halves = (_Half(self, 1), _Half(self, 2))

    def register_table(self) -> tuple[Register, ...]:
        """Both timers' registers and the integration test's."""
        test = (Register(0xF00, "TIMERITCR", writable=1), Register(0xF04, "TIMERITOP", writable=3))
        return (*_rows(1), *_rows(2), *test, *identity_rows(PART))

    def reset(self) -> None:
        """Both stop, free-running and 16 bits wide."""
        super().reset()
        for half in self._halves:
            half.reset()

    def save(self) -> Any:
        """Give registers and both counters."""
        halves = [(half.counter.save(), half.upper) for half in self._halves]
        return {"device": super().save(), "halves": halves}

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        super().load(state["device"])
        for half, (counter, upper) in zip(self._halves, state["halves"], strict=True):
            half.counter.load(counter)
            half.upper = upper

    # -- effects ---------------------------------------------------------------------------
    def load_written(self, _written: int, _old: int) -> None:
        """LOAD: start from there."""
        self._here().load_count()

    def background_load_written(self, _written: int, _old: int) -> None:
        """BGLOAD: the next period starts from there."""
        half = self._here()
        half.put("LOAD", half.value("BGLOAD"))
        half.set_reload()

    def control_changed(self, _written: int, old: int) -> None:
        """CONTROL: mode, width, prescaler, interrupt enable."""
        self._here().adopt(old)
        self.refresh()

    def interrupt_cleared(self, _written: int, _old: int) -> None:
        """INTCLR."""
        self._here().clear()
        self.refresh()

    def count(self) -> int:
        """VALUE: the running count."""
        return self._here().count()

    def raw(self) -> int:
        """RIS, up to date."""
        self._here().counter.catch_up()
        return self._here().value("RIS")

    def masked(self) -> int:
        """MIS: RIS if its interrupt is enabled."""
        return self.raw() if self._here().value("CONTROL") & INTERRUPT else 0

    def refresh(self) -> None:
        """Bring the interrupt lines up to date."""
        for half in self._halves:
            self.line(half.line_name).set_level(half.pending())
        self.line("combined").set_level(any(half.pending() for half in self._halves))

    # -- inside ----------------------------------------------------------------------------
    def _here(self) -> _Half:
        return self._halves[self.bank]
