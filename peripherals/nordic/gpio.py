"""GPIO ports of nRF52 and nRF53 (product specifications, chapter "GPIO"), from the register OUT's block on.

An output pin drives the signal of its name ("P0_13"); an input reads it, so a board or a test ties pins by
signals. The bases of boards' files are 0x500 (nRF52) behind the manual's: two ports share that space.
Modelled: directions, drive modes, pulls, SENSE with LATCH, and DETECT, which is the signal ``detect:NAME``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.parts.pins import Pins
from peripherals.register_device import Register, RegisterDevice, clears, read_only, sets

OUTPUT, DISCONNECTED, PULL_UP, SENSE_HIGH = 1 << 0, 1 << 1, 3, 2
DISCONNECTS_LOW, DISCONNECTS_HIGH = (4, 5), (6, 7)
"""DRIVE: D0S1 and D0H1 don't drive 0, S0D1 and H0D1 don't drive 1."""
LATCHED_DETECT = 1
PIN_CNF0 = 0x200


class NrfGpioParameters(DeviceParameters, frozen=True):
    """Which port it is."""

    port: Annotated[int, about("Its number.", at_least=0, at_most=3, example=1)] = 0
    pins: Annotated[int, about("Its pins.", unit="pins", at_least=1, at_most=32, example=16)] = 32


class Gpio(RegisterDevice):
    """One port."""

    PARAMETERS = NrfGpioParameters
    parameters: NrfGpioParameters
    PARTS = ("_pins",)
    size_bytes = 0x300

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        names = self.names(self.parameters.port, self.parameters.pins)
        self._pins = Pins(context.signals, names)
        self._senses: list[tuple[int, int]] = []
        for name in names:
            context.signals.watch(name, lambda _level: self._look())

    @staticmethod
    def names(port: int, count: int) -> tuple[str, ...]:
        """The pins' signals."""
        return tuple(f"P{port}_{pin}" for pin in range(count))

    @classmethod
    def pins(cls, name: str, parameters: Mapping[str, Any]) -> Iterable[str]:  # noqa: ARG003
        """All pins of the port."""
        return cls.names(parameters.get("port", 0), parameters.get("pins", 32))

    def register_table(self) -> tuple[Register, ...]:
        """Levels, directions, latches; a configuration a pin."""
        every = (1 << self.parameters.pins) - 1
        return (
            Register(0x004, "OUT", writable=every, on_write="pins_changed"),
            sets(0x008, "OUTSET", "OUT", every, shows="OUT"),
            clears(0x00C, "OUTCLR", "OUT", every, shows="OUT"),
            read_only(0x010, "IN", on_read="levels"),
            Register(0x014, "DIR", writable=every, on_write="direction_changed"),
            sets(0x018, "DIRSET", "DIR", every, shows="DIR"),
            clears(0x01C, "DIRCLR", "DIR", every, shows="DIR"),
            Register(0x020, "LATCH", writable=0, w1c=every, on_write="latch_written"),
            Register(0x024, "DETECTMODE", writable=1, on_write="latch_written"),
            Register(0x028, "DETECTMODE_SEC", writable=1),
            *(
                Register(PIN_CNF0 + 4 * pin, f"PIN_CNF{pin}", 2, writable=0x70030F0F, on_write="configured")
                for pin in range(self.parameters.pins)
            ),
        )

    def reset(self) -> None:
        """Let go of every pin."""
        super().reset()
        self._pins.release()
        self._take_senses()

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        super().load(state)
        self._find_senses()

    # -- effects -----------------------------------------------------------------------------
    def pins_changed(self, _written: int, old: int) -> None:
        """OUT and what changes it."""
        self._drive(self.values["OUT"] ^ old)

    def direction_changed(self, _written: int, old: int) -> None:
        """DIR and what changes it: PIN_CNF has the same bits."""
        for pin in range(len(self._pins)):
            self.put_bits(f"PIN_CNF{pin}", OUTPUT, bool(self.values["DIR"] >> pin & 1))
        self._drive(self.values["DIR"] ^ old)

    def configured(self, _written: int, _old: int) -> None:
        """PIN_CNF[n]."""
        pin = (self.access_offset - PIN_CNF0) // 4
        self.put_bits("DIR", 1 << pin, bool(self.values[f"PIN_CNF{pin}"] & OUTPUT))
        self._drive(1 << pin)
        self._take_senses()

    def latch_written(self, _written: int, _old: int) -> None:
        """LATCH, DETECTMODE: a latch whose pin still is as sensed is set again."""
        self._look()

    def levels(self) -> int:
        """IN: what is on pins whose input buffer is connected."""
        return sum(
            self._level(pin) << pin
            for pin in range(len(self._pins))
            if not self.values[f"PIN_CNF{pin}"] & DISCONNECTED
        )

    # -- inside ------------------------------------------------------------------------------
    def _take_senses(self) -> None:
        self._find_senses()
        self._look()

    def _find_senses(self) -> None:
        """The pins that DETECT looks at, and the level that each is sensed at."""
        senses = ((pin, self.values[f"PIN_CNF{pin}"] >> 16 & 3) for pin in range(len(self._pins)))
        self._senses = [(pin, int(sense == SENSE_HIGH)) for pin, sense in senses if sense]

    def _level(self, pin: int) -> int:
        pulled_up = self.values[f"PIN_CNF{pin}"] >> 2 & 3 == PULL_UP
        return self._pins.level(pin, pulled_up=pulled_up)

    def _drive(self, which: int) -> None:
        while which:
            pin = which.bit_length() - 1
            which &= ~(1 << pin)
            level, configuration = self.values["OUT"] >> pin & 1, self.values[f"PIN_CNF{pin}"]
            lets_go = configuration >> 8 & 7 in (DISCONNECTS_HIGH if level else DISCONNECTS_LOW)
            drives = configuration & OUTPUT and not lets_go
            self._pins.drive(pin, level if drives else None)

    def _look(self) -> None:
        """LATCH and DETECT follow the pins that are sensed."""
        sensed = 0
        for pin, level in self._senses:
            if self._level(pin) == level:
                sensed |= 1 << pin
        self.values["LATCH"] |= sensed
        source = self.values["LATCH"] if self.values["DETECTMODE"] == LATCHED_DETECT else sensed
        self.context.signals.set(f"detect:{self.context.name}", int(bool(source)))
