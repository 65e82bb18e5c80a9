"""SIO of RP2350 (datasheet 3.1) as the first core sees it, and the coprocessors beside it (3.6).

No divider; 30 pins of RP2350A; doorbells, which nobody answers; the RISC-V platform timer. TMDS encoders
are not modelled, and told.
"""

from __future__ import annotations

from emulator.device import CoprocessorInstruction, DeviceContext
from peripherals.raspberrypi.dcp import DoubleCoprocessor
from peripherals.raspberrypi.gpio_coprocessor import GpioCoprocessor
from peripherals.raspberrypi.rcp import RedundancyCoprocessor
from peripherals.raspberrypi.sio import COMMON_ROWS, PIN_MASK, CommonSio, outputs
from peripherals.register_device import Register, clears, read_only

GPIO, DOUBLE, REDUNDANCY = 0, 4, 7
HIGH_MASK = 0xFF000000  # USB and QSPI pins
BELLS = 0xFF


class Rp2350Sio(CommonSio):
    """The first core's SIO, with what it reaches by coprocessor instructions."""

    COPROCESSORS = (GPIO, DOUBLE, REDUNDANCY)
    LINES = ("proc0", "bell")
    DEPTH = 4
    REGISTERS = (
        read_only(0x00, "CPUID"),
        read_only(0x04, "GPIO_IN", on_read="pin_levels"),
        read_only(0x08, "GPIO_HI_IN", 1 << 27),
        *outputs(0x10, "GPIO_OUT", PIN_MASK, "pins_changed", stride=8),
        *outputs(0x14, "GPIO_HI_OUT", HIGH_MASK, "", stride=8),
        *outputs(0x30, "GPIO_OE", PIN_MASK, "pins_changed", stride=8),
        *outputs(0x34, "GPIO_HI_OE", HIGH_MASK, "", stride=8),
        *COMMON_ROWS,
        Register(0x180, "DOORBELL_OUT_SET", writable=BELLS),
        clears(0x184, "DOORBELL_OUT_CLR", "DOORBELL_OUT_SET", BELLS),
        Register(0x188, "DOORBELL_IN_SET", writable=0, on_write="rung"),
        Register(0x18C, "DOORBELL_IN_CLR", writable=0, w1c=BELLS, shows="DOORBELL_IN_CLR",
                 on_write="bells_changed"),
        Register(0x190, "PERI_NONSEC", writable=0x23),
        Register(0x1A0, "RISCV_SOFTIRQ", writable=0x303),
        Register(0x1A4, "MTIME_CTRL", 0xD, writable=0xF),
        *(Register(0x1B0 + 4 * n, f"MTIME{name}", on_write="platform_timer")
          for n, name in enumerate(("", "H", "CMP", "CMPH"))),
        Register(0x1C0, "TMDS_CTRL", writable=0x1F9FFFFF, on_write="encoder"),
    )  # fmt: skip
    PARTS = (*CommonSio.PARTS, "_double", "_redundancy")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._gpio = GpioCoprocessor(self)
        self._double = DoubleCoprocessor()
        self._redundancy = RedundancyCoprocessor()

    def reset(self) -> None:
        """The coprocessors, too."""
        super().reset()
        self._double.reset()
        self._redundancy.reset()

    def coprocess(self, number: int, instruction: CoprocessorInstruction) -> tuple[int, ...] | None:
        """An instruction of the core for one of the three."""
        if number == GPIO:
            return self._gpio.execute(instruction)
        if number == DOUBLE:
            return self._double.execute(instruction)
        answer = self._redundancy.execute(instruction)
        if answer is None and self._redundancy.panicked:
            what = f"the redundancy coprocessor found a mismatch: {self._redundancy.panicked}"
            self.context.unmodelled(0, "write", what)
        return answer

    # -- doorbells, timer, encoder -------------------------------------------------------------
    def rung(self, written: int, _old: int) -> None:
        """DOORBELL_IN_SET: this core rings at itself."""
        self.set_bits("DOORBELL_IN_CLR", written & BELLS)
        self.bells_changed(0, 0)

    def bells_changed(self, _written: int, _old: int) -> None:
        """DOORBELL_IN_...: the line follows."""
        self.values["DOORBELL_IN_SET"] = self.values["DOORBELL_IN_CLR"]
        self.line("bell").set_level(bool(self.values["DOORBELL_IN_CLR"]))

    def platform_timer(self, _written: int, _old: int) -> None:
        """MTIME, MTIMECMP: the count stands still."""
        self.report("MTIME", "write", "the RISC-V platform timer")

    def encoder(self, _written: int, _old: int) -> None:
        """TMDS_CTRL."""
        self.report("TMDS_CTRL", "write", "the TMDS encoder")

    # -- for the GPIO coprocessor --------------------------------------------------------------
    def word(self, name: str) -> int:
        """A register as a load gives it."""
        return self.pin_levels() if name == "GPIO_IN" else self.values[name]

    def put_word(self, name: str, value: int) -> None:
        """Store a register of outputs; pins follow."""
        high = "_HI_" in name
        self.values[name] = value & (HIGH_MASK if high else PIN_MASK)
        if not high:
            self.pins_changed(0, 0)
