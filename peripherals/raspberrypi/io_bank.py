"""IO_BANK0 and IO_QSPI (RP2040 datasheet 2.19, RP2350 9.11): functions, overrides and interrupts of the pins.

Which function a pin has is kept, and every block reaches its pins whatever it is. Interrupts of the first
core follow the levels and edges of the pins' signals. Of the QSPI pins only the chip select's output
override has an effect on RP2040: the SSI sees it on ``override:qspi_ss``. RP2350's chip select shows what the
QMI drives on it, and its own output override.
"""

from __future__ import annotations

from typing import ClassVar

from emulator.device import DeviceContext
from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.raspberrypi.qmi import CHIP_SELECTED
from peripherals.raspberrypi.sio import PIN_COUNT, PINS
from peripherals.raspberrypi.ssi import SELECT_OVERRIDE
from peripherals.register_device import Register, read_only

CONTROL_MASK, NO_FUNCTION = 0x3003331F, 0x1F
LEVEL_LOW, LEVEL_HIGH, EDGE_LOW, EDGE_HIGH = 1, 2, 4, 8
EDGES = 0xCCCCCCCC
OUT_TO_PAD, OUTPUT_ON, IN_FROM_PAD, IRQ_TO_PROCESSOR = 1 << 9, 1 << 13, 1 << 17, 1 << 26
INVERTED, LOW, HIGH = 1, 2, 3
PINS_PER_WORD = 8
GROUPS = ("PROC0", "PROC1", "DORMANT_WAKE")
INTERRUPT_REGISTERS = ("INTR", *(f"{group}_{kind}" for group in GROUPS for kind in ("INTE", "INTF", "INTS")))
QSPI_PINS = ("SCLK", "SS", "SD0", "SD1", "SD2", "SD3")


def bank_rows(intr: int, words: int, control: int) -> tuple[Register, ...]:
    """All registers. ``intr``: INTR0's offset; ``words``: registers that one of four bits a pin takes."""
    rows = [
        row
        for n in range(PIN_COUNT)
        for row in (
            read_only(8 * n, f"GPIO{n}_STATUS", on_read="pin_status"),
            Register(8 * n + 4, f"GPIO{n}_CTRL", NO_FUNCTION, writable=control),
        )
    ]
    rows += [
        Register(intr + 4 * n, f"INTR{n}", writable=0, w1c=EDGES, on_read="raw_read", on_write="moved")
        for n in range(words)
    ]
    for group, name in enumerate(GROUPS):
        base = intr + 4 * words * (1 + 3 * group)
        for n in range(words):
            rows += [
                Register(base + 4 * n, f"{name}_INTE{n}", on_write="moved"),
                Register(base + 4 * (words + n), f"{name}_INTF{n}", on_write="moved"),
                read_only(base + 4 * (2 * words + n), f"{name}_INTS{n}", on_read="status_read"),
            ]
    return tuple(rows)


class IoBank0(AtomicRegisters):
    """The user bank."""

    LINES = ("global",)
    INTR: ClassVar[int] = 0xF0
    WORDS: ClassVar[int] = 4
    REGISTERS = bank_rows(INTR, WORDS, CONTROL_MASK)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        for pin, name in enumerate(PINS):
            context.signals.watch(name, lambda level, pin=pin: self._pin_changed(pin, level))  # type: ignore[misc]

    def pin_status(self) -> int:
        """GPIOn_STATUS: its level, and whether it asks for an interrupt."""
        pin = self.access_offset // 8
        level = IN_FROM_PAD if self.context.signals.get(PINS[pin]) else 0
        asks = self.status("PROC0", pin // PINS_PER_WORD) >> 4 * (pin % PINS_PER_WORD) & 0xF
        return level | (IRQ_TO_PROCESSOR if asks else 0)

    def raw_read(self) -> int:
        """INTRn."""
        return self.raw((self.access_offset - self.INTR) // 4)

    def status_read(self) -> int:
        """..._INTSn."""
        group, place = divmod((self.access_offset - self.INTR) // 4 - self.WORDS, 3 * self.WORDS)
        return self.status(GROUPS[group], place - 2 * self.WORDS)

    def moved(self, _written: int, _old: int) -> None:
        """INTRn, INTEn, INTFn: the line follows."""
        self.line("global").set_level(any(self.status("PROC0", n) for n in range(self.WORDS)))

    def raw(self, word: int) -> int:
        """Four bits a pin: levels as they are, edges as they came."""
        value = self.values[f"INTR{word}"]
        for place, name in enumerate(PINS[PINS_PER_WORD * word : PINS_PER_WORD * (word + 1)]):
            value |= (LEVEL_HIGH if self.context.signals.get(name) else LEVEL_LOW) << 4 * place
        return value

    def status(self, group: str, word: int) -> int:
        """What is enabled or forced of it."""
        return self.raw(word) & self.values[f"{group}_INTE{word}"] | self.values[f"{group}_INTF{word}"]

    def _pin_changed(self, pin: int, level: int) -> None:
        word, place = divmod(pin, PINS_PER_WORD)
        self.set_bits(f"INTR{word}", (EDGE_HIGH if level else EDGE_LOW) << 4 * place)
        self.moved(0, 0)


class Rp2350IoBank0(IoBank0):
    """RP2350's, whose registers have room for 48 pins; the 30 of RP2350A are there."""

    INTR, WORDS = 0x230, 6
    REGISTERS = bank_rows(INTR, WORDS, 0x3003F01F)


class IoQspi(AtomicRegisters):
    """The flash's pins."""

    LINES = ("global",)
    REGISTERS = (
        *(
            row
            for n, name in enumerate(QSPI_PINS)
            for row in (
                read_only(8 * n, f"GPIO_QSPI_{name}_STATUS", IN_FROM_PAD if name == "SS" else 0),
                Register(
                    8 * n + 4,
                    f"GPIO_QSPI_{name}_CTRL",
                    NO_FUNCTION,
                    writable=CONTROL_MASK,
                    on_write="changed",
                ),
            )
        ),
        *(Register(0x30 + 4 * n, name) for n, name in enumerate(INTERRUPT_REGISTERS)),
    )

    def reset(self) -> None:
        """No overrides."""
        super().reset()
        self.changed(0, 0)

    def changed(self, _written: int, _old: int) -> None:
        """A CTRL register: the chip select's override."""
        self.context.signals.set(SELECT_OVERRIDE, self.field("GPIO_QSPI_SS_CTRL", 8, 2))


class Rp2350IoQspi(AtomicRegisters):
    """RP2350's flash pins and those of USB (datasheet 9.11.2); interrupts and functions are stored."""

    LINES = ("global",)
    REGISTERS = (
        *(
            row
            for n, name in enumerate(("USBPHY_DP", "USBPHY_DM", *(f"GPIO_QSPI_{pin}" for pin in QSPI_PINS)))
            for row in (
                read_only(8 * n, f"{name}_STATUS", on_read="select_status" if name.endswith("_SS") else ""),
                Register(8 * n + 4, f"{name}_CTRL", NO_FUNCTION, writable=0x3003F01F),
            )
        ),
        *(
            read_only(0x200 + 4 * n, f"IRQSUMMARY_{name}")
            for n, name in enumerate(
                f"{group}_{side}" for group in GROUPS for side in ("SECURE", "NONSECURE")
            )
        ),
        *(Register(0x218 + 4 * n, name) for n, name in enumerate(INTERRUPT_REGISTERS)),
    )

    def select_status(self) -> int:
        """GPIO_QSPI_SS_STATUS: low while the QMI selects its chip; firmware waits for it to be high."""
        level = not self.context.signals.get(CHIP_SELECTED)
        override = self.field("GPIO_QSPI_SS_CTRL", 12, 2)
        if override == INVERTED:
            level = not level
        elif override in (LOW, HIGH):
            level = override == HIGH
        return OUTPUT_ON | (OUT_TO_PAD | IN_FROM_PAD if level else 0)
