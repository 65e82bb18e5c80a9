"""CMSDK APB dual timer (Arm DDI 0479, "APB dual-input timers").

Two down-counters of 16 or 32 bits with prescaler, free-running, periodic or one-shot.
Interrupt lines ``timer1``, ``timer2`` and ``combined``. Parameter ``clock``.
"""

from __future__ import annotations

from typing import Any

from emulator.device import DeviceContext
from peripherals.arm.identity import identity_rows
from peripherals.parts.down_counter import DownCounter
from peripherals.register_device import Register, RegisterDevice, read_only

ONE_SHOT, SIZE_32, PRESCALE_SHIFT, INTERRUPT, PERIODIC, ENABLE = 1, 2, 2, 1 << 5, 1 << 6, 1 << 7
DIVIDERS = (1, 16, 256, 256)
CONTROL_RESET = INTERRUPT
PART = 0x823


def _rows(number: int) -> tuple[Register, ...]:
    base = 0x20 * (number - 1)
    name = f"TIMER{number}"
    return (
        Register(base, f"{name}LOAD", on_write=f"load_written_{number}"),
        read_only(base + 0x04, f"{name}VALUE", 0xFFFFFFFF, on_read=f"count_{number}"),
        Register(base + 0x08, f"{name}CONTROL", CONTROL_RESET, 0xEF, on_write=f"control_changed_{number}"),
        Register(base + 0x0C, f"{name}INTCLR", writable=0, on_write=f"interrupt_cleared_{number}"),
        read_only(base + 0x10, f"{name}RIS", on_read=f"raw_{number}"),
        read_only(base + 0x14, f"{name}MIS", on_read=f"masked_{number}"),
        Register(base + 0x18, f"{name}BGLOAD", on_write=f"background_load_written_{number}"),
    )


class _Half:
    """One of the two counters, by its register names."""

    def __init__(self, device: CmsdkDualTimer, number: int) -> None:
        self._device = device
        self._name = f"TIMER{number}"
        clock = str(device.context.parameters.get("clock", "core"))
        self.counter = DownCounter(device.context, f"zero{number}", clock, self._zero_reached)
        self.upper = 0xFFFF0000

    def _value(self, register: str) -> int:
        return self._device.values[self._name + register]

    def _mask(self) -> int:
        return 0xFFFFFFFF if self._value("CONTROL") & SIZE_32 else 0xFFFF

    def reset(self) -> None:
        self.counter.reset(0xFFFF, 0xFFFF)
        self.upper = 0xFFFF0000

    def count(self) -> int:
        """VALUE: 16 bits wide, only the low half counts and the high half stands."""
        return self.counter.count() | (0 if self._value("CONTROL") & SIZE_32 else self.upper)

    def load_written(self, _written: int, _old: int) -> None:
        """LOAD: start from there; a one-shot that had run out starts again."""
        load = self._value("LOAD")
        self.upper = load & 0xFFFF0000
        self._device.values[self._name + "BGLOAD"] = load
        self.counter.set(count=load & self._mask(), running=bool(self._value("CONTROL") & ENABLE))
        self._set_reload()

    def background_load_written(self, _written: int, _old: int) -> None:
        """BGLOAD: the next period starts from there."""
        self._device.values[self._name + "LOAD"] = self._value("BGLOAD")
        self._set_reload()

    def control_changed(self, _written: int, old: int) -> None:
        control = self._value("CONTROL")
        count = self.counter.count() | (0 if old & SIZE_32 else self.upper)
        self.upper = count & 0xFFFF0000
        self.counter.options.one_shot = bool(control & ONE_SHOT)
        self.counter.set_prescaler(DIVIDERS[control >> PRESCALE_SHIFT & 3])
        self.counter.set(count=count & self._mask(), running=bool(control & ENABLE))
        self._set_reload()
        self._device.refresh()

    def interrupt_cleared(self, _written: int, _old: int) -> None:
        self.counter.catch_up()
        self._device.values[self._name + "RIS"] = 0
        self.counter.options.pending = False
        self.counter.plan()
        self._device.refresh()

    def raw(self) -> int:
        self.counter.catch_up()
        return self._value("RIS")

    def masked(self) -> int:
        return self.raw() if self._value("CONTROL") & INTERRUPT else 0

    def _set_reload(self) -> None:
        periodic = self._value("CONTROL") & PERIODIC
        self.counter.set(reload=self._value("LOAD") & self._mask() if periodic else self._mask())

    def _zero_reached(self) -> None:
        self._device.values[self._name + "RIS"] = 1
        self.counter.options.pending = True
        self._device.refresh()


class CmsdkDualTimer(RegisterDevice):
    """The two timers behind one base address."""

    REGISTERS = (
        *_rows(1),
        *_rows(2),
        Register(0xF00, "TIMERITCR", writable=1),
        Register(0xF04, "TIMERITOP", writable=3),
        *identity_rows(PART),
    )
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        self.context = context
        self._halves = {1: _Half(self, 1), 2: _Half(self, 2)}
        for number, half in self._halves.items():
            for method in ("load_written", "background_load_written", "control_changed", "interrupt_cleared"):
                setattr(self, f"{method}_{number}", getattr(half, method))
            for method in ("count", "raw", "masked"):
                setattr(self, f"{method}_{number}", getattr(half, method))
        super().__init__(context)

    def reset(self) -> None:
        """Both stop, free-running and 16 bits wide."""
        super().reset()
        for half in self._halves.values():
            half.reset()

    def save(self) -> Any:
        """Give registers and both counters."""
        halves = [(half.counter.save(), half.upper) for half in self._halves.values()]
        return {"device": super().save(), "halves": halves}

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        super().load(state["device"])
        for half, (counter, upper) in zip(self._halves.values(), state["halves"], strict=True):
            half.counter.load(counter)
            half.upper = upper

    def refresh(self) -> None:
        """Bring the interrupt lines up to date."""
        pending = {
            n: bool(self.values[f"TIMER{n}RIS"] and self.values[f"TIMER{n}CONTROL"] & INTERRUPT)
            for n in self._halves
        }
        self.line("timer1").set_level(pending[1])
        self.line("timer2").set_level(pending[2])
        self.line("combined").set_level(pending[1] or pending[2])
