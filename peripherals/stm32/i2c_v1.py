"""I2C of STM32F1 and F4 (RM0008 and RM0090, chapter "Inter-integrated circuit (I2C) interface").

A master with nobody on the wires, which are pulled up: start conditions and addresses take their time,
no address is acknowledged (AF), stop conditions free the bus; interrupts of events and errors. A slave is
never addressed. Nothing is ever received, so ADDR, BTF, RXNE and TXE stay clear, and no DMA is requested. The
time-outs of SMBus are reported, not modelled. A STOP on a bus that nobody holds does nothing.
"""

from __future__ import annotations

from peripherals.register_device import Register, read_only
from peripherals.stm32.any_i2c import ADDRESSING, AT_REST, STARTING, STOPPING, AnyI2c

CR1_PE, CR1_SMBUS, CR1_START, CR1_STOP, CR1_ACK, CR1_SWRST = 1 << 0, 1 << 1, 1 << 8, 1 << 9, 1 << 10, 1 << 15
CR1_POS, CR1_PEC, CR1_ALERT = 1 << 11, 1 << 12, 1 << 13
CR1_CLEARED_WHEN_OFF = CR1_START | CR1_STOP | CR1_ACK | CR1_POS | CR1_PEC | CR1_ALERT
EVENTS, ITERREN, ITEVTEN = 0x1F, 1 << 8, 1 << 9
SB, AF, ERRORS = 1 << 0, 1 << 10, 0xDF00
MSL, BUSY = 1 << 0, 1 << 1
CCR_FAST, CCR_DUTY, CCR_MASK = 1 << 15, 1 << 14, 0xFFF
STANDARD_PARTS, FAST_PARTS, DUTY_PARTS = 2, 3, 25  # SCL's period in units of CCR
BYTE_PERIODS = 9


class I2cV1(AnyI2c):
    """One interface; ``clock`` is the bus clock that it hangs on."""

    REGISTERS = (
        Register(0x00, "CR1", writable=0xBFFB, on_write="control_changed"),
        Register(0x04, "CR2", writable=0x1F3F),
        Register(0x08, "OAR1", writable=0x83FF),
        Register(0x0C, "OAR2", writable=0xFF),
        Register(0x10, "DR", writable=0xFF, on_write="byte_written"),
        Register(0x14, "SR1", writable=0, w0c=ERRORS),
        read_only(0x18, "SR2"),
        Register(0x1C, "CCR", writable=0xCFFF),
        Register(0x20, "TRISE", 0x2, writable=0x3F),
        Register(0x24, "FLTR", writable=0x1F),
    )

    def refresh_lines(self) -> None:
        """Each line has one enable for all its flags."""
        flags, enables = self.values["SR1"], self.values["CR2"]
        self.line("event").set_level(bool(flags & EVENTS and enables & ITEVTEN))
        self.line("error").set_level(bool(flags & ERRORS and enables & ITERREN))

    # -- effects -----------------------------------------------------------------------------
    def control_changed(self, _written: int, _old: int) -> None:
        """CR1: on and off, start, stop, software reset."""
        control = self.values["CR1"]
        if control & CR1_SWRST:
            self.reset()
            self.values["CR1"] = CR1_SWRST
        elif not control & CR1_PE:
            self._break_off()
            self.clear_bits("CR1", CR1_CLEARED_WHEN_OFF)
            self.values["SR1"] = self.values["SR2"] = 0
        else:
            if control & CR1_SMBUS:
                self.report("CR1", "write", "the time-outs of SMBus")
            self._next()

    def byte_written(self, _written: int, _old: int) -> None:
        """DR: behind a start condition it is an address, which goes out."""
        if self.values["SR1"] & SB:
            self.clear_bits("SR1", SB)
            self._go_on(ADDRESSING, BYTE_PERIODS)

    # -- inside ------------------------------------------------------------------------------
    def _next(self) -> None:
        """What CR1 asks for, once the wires are at rest: the end of a transfer before a new one."""
        if self._phase != AT_REST:
            return
        holds = self.values["SR2"] & MSL
        if self.values["CR1"] & CR1_STOP and holds:
            self._go_on(STOPPING, 1)
            return
        self.clear_bits("CR1", CR1_STOP)
        if self.values["CR1"] & CR1_START:
            self._go_on(STARTING, 1)

    def _period_ticks(self) -> int:
        """Clocks of the bus that a period of SCL takes."""
        setting = self.values["CCR"]
        parts = (DUTY_PARTS if setting & CCR_DUTY else FAST_PARTS) if setting & CCR_FAST else STANDARD_PARTS
        return max(1, setting & CCR_MASK) * parts

    def _ended(self) -> None:
        phase, self._phase = self._phase, AT_REST
        if phase == STARTING:
            self.clear_bits("CR1", CR1_START)
            self.set_bits("SR2", MSL | BUSY)
            self.set_bits("SR1", SB)
        elif phase == ADDRESSING:
            self.set_bits("SR1", AF)
        else:
            self.clear_bits("CR1", CR1_STOP)
            self.clear_bits("SR1", SB)
            self.clear_bits("SR2", MSL | BUSY)
        self._next()
        self.refresh_lines()
