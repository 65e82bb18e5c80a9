"""What the EICs of SAM D21 (DS40001882, chapter 21) and SAM D5x/E5x (DS60001507, chapter 23) share.

A pin whose function is A drives its EXTINT: pin n of a group number n modulo 16, but for a chip's exceptions.
Edges and levels set flags at once: filters, debouncing, the NMI, events and waking up are not modelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from emulator.device import DeviceContext
from peripherals.microchip.port import NAMES, function_wire
from peripherals.register_device import RegisterDevice

INPUTS, FIELD_BITS, INPUTS_A_WORD = 16, 4, 8
RISES, FALLS, HIGH, LOW = (1, 3), (2, 3), 4, 5
"""CONFIG.SENSEn."""
FUNCTION_A = 1
SOFTWARE_RESET, ENABLE = 1 << 0, 1 << 1
ALL_INPUTS = (1 << INPUTS) - 1


class AnyEic(RegisterDevice):
    """A chip adds its registers: INTENSET, INTFLAG, CONFIG0 and CONFIG1, and CTRL as it says."""

    EXCEPTIONS: ClassVar[Mapping[str, int | None]]
    CONTROL: ClassVar[str]
    LINE_INPUTS: ClassVar[Mapping[str, int]]
    STATE = ("_levels",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._levels = 0
        self._pins: dict[int, list[str]] = {n: [] for n in range(INPUTS)}
        for names in NAMES.values():
            for n, pin in enumerate(names):
                number = self.EXCEPTIONS.get(pin, n % INPUTS)
                if number is not None:
                    self._pins[number].append(pin)
                    for wire in (pin, function_wire(pin)):
                        context.signals.watch(wire, partial(self._pin_changed, number))

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._levels = 0

    # -- effects ---------------------------------------------------------------------------
    def controlled(self, written: int, old: int) -> None:
        """CTRL: reset, on."""
        if written & SOFTWARE_RESET:
            self.reset()
        elif self.values[self.CONTROL] & ENABLE and not old & ENABLE:
            self._levels = sum(self._level(n) << n for n in range(INPUTS))
            self.configured(0, 0)

    def configured(self, _written: int, _old: int) -> None:
        """CONFIGn, INTFLAG: a level that is looked for sets its flag, and sets it again."""
        for number in range(INPUTS):
            self._look(number, self._levels >> number & 1)
        self.moved(0, 0)

    def moved(self, _written: int, _old: int) -> None:
        """INTENCLR, INTENSET, or a flag: the lines follow."""
        pending = self.values["INTFLAG"] & self.values["INTENSET"]
        for line, mask in self.LINE_INPUTS.items():
            self.line(line).set_level(bool(pending & mask))

    # -- inside ----------------------------------------------------------------------------
    def _level(self, number: int) -> int:
        signals = self.context.signals
        return int(
            any(
                signals.get(pin)
                for pin in self._pins[number]
                if signals.get(function_wire(pin)) == FUNCTION_A
            )
        )

    def _pin_changed(self, number: int, _level: int) -> None:
        before, level = self._levels >> number & 1, self._level(number)
        self._levels = self._levels & ~(1 << number) | level << number
        self._look(number, before)
        self.moved(0, 0)

    def _look(self, number: int, before: int) -> None:
        """Set the flag if the level, or how it came from what it was before, is looked for."""
        if not self.values[self.CONTROL] & ENABLE:
            return
        level = self._levels >> number & 1
        word, place = divmod(number, INPUTS_A_WORD)
        sense = self.field(f"CONFIG{word}", FIELD_BITS * place, 3)
        edge = level != before and sense in (RISES if level else FALLS)
        if edge or sense == (HIGH if level else LOW):
            self.set_bits("INTFLAG", 1 << number)
