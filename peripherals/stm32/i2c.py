"""I2C of STM32F7, G0, H7, L4, U5 (RM0385, RM0351, RM0433, RM0444, RM0456, chapter "I2C interface").

Also F446's FMPI2C. A master with nobody on the wires, which are pulled up: an address goes out and takes its
time, is not acknowledged (NACKF), and a stop condition follows by itself (STOPF), as the manual's section
"Master transmitter" says of a NACK; interrupts. A slave is never addressed. Nothing is ever received or sent
behind an address, so TXIS, RXNE, TC and TCR stay clear, and no DMA is requested. Time-outs of SMBus are
reported, not modelled. A period of SCL is SCLL + SCLH of TIMINGR, without the synchronization of its edges.
"""

from __future__ import annotations

from peripherals.register_device import Register, read_only
from peripherals.stm32.any_i2c import ADDRESSING, AT_REST, STOPPING, AnyI2c

PE, ERRIE = 1 << 0, 1 << 7
START, STOP, NACK = 1 << 13, 1 << 14, 1 << 15
TXE, NACKF, STOPF, BUSY = 1 << 0, 1 << 4, 1 << 5, 1 << 15
EVENTS, ERRORS, CLEARABLE = 0x3E, 0x3F00, 0x3F38
TIMED_OUT = 1 << 15 | 1 << 31
ADDRESS_PERIODS = 10  # a start condition and nine bits


class I2c(AnyI2c):
    """One interface; ``clock`` is its kernel clock."""

    REGISTERS = (
        Register(0x00, "CR1", writable=0x00FFDFFF, on_write="control_changed"),
        Register(0x04, "CR2", writable=0x07FFFFFF, on_write="transfer_changed"),
        Register(0x08, "OAR1", writable=0x87FF),
        Register(0x0C, "OAR2", writable=0x87FE),
        Register(0x10, "TIMINGR", writable=0xF0FFFFFF),
        Register(0x14, "TIMEOUTR", writable=0x8FFF9FFF, on_write="timeouts_changed"),
        Register(0x18, "ISR", TXE, writable=0, on_write="sending_flushed"),
        Register(0x1C, "ICR", writable=0, on_write="flags_cleared"),
        read_only(0x20, "PECR"),
        read_only(0x24, "RXDR"),
        Register(0x28, "TXDR", writable=0xFF, on_write="byte_written"),
    )

    def refresh_lines(self) -> None:
        """The enables of events have the places of their flags; errors share one."""
        flags, enables = self.values["ISR"], self.values["CR1"]
        self.line("event").set_level(bool(flags & enables & EVENTS))
        self.line("error").set_level(bool(flags & ERRORS and enables & ERRIE))

    # -- effects -----------------------------------------------------------------------------
    def control_changed(self, _written: int, _old: int) -> None:
        """CR1: off is a software reset of what goes on."""
        if not self.values["CR1"] & PE:
            self._break_off()
            self.values["ISR"] = TXE
            self.clear_bits("CR2", START | STOP | NACK)

    def transfer_changed(self, _written: int, _old: int) -> None:
        """CR2: a transfer begins with an address; a stop on a bus that nobody holds does nothing."""
        if self._phase != AT_REST:
            return
        if not self.values["CR1"] & PE or not self.values["CR2"] & START:
            self.clear_bits("CR2", START | STOP)
            return
        self.set_bits("ISR", BUSY)
        self._go_on(ADDRESSING, ADDRESS_PERIODS)

    def timeouts_changed(self, _written: int, _old: int) -> None:
        """TIMEOUTR."""
        if self.values["TIMEOUTR"] & TIMED_OUT:
            self.report("TIMEOUTR", "write", "the time-outs of SMBus")

    def sending_flushed(self, written: int, _old: int) -> None:
        """ISR: a written TXE drops what waits in TXDR."""
        self.set_bits("ISR", written & TXE)

    def flags_cleared(self, written: int, _old: int) -> None:
        """ICR."""
        self.clear_bits("ISR", written & CLEARABLE)

    def byte_written(self, _written: int, _old: int) -> None:
        """TXDR: it waits for an acknowledged address."""
        if self.values["CR1"] & PE:
            self.clear_bits("ISR", TXE)

    # -- inside ------------------------------------------------------------------------------
    def _period_ticks(self) -> int:
        """Clocks of the kernel that a period of SCL takes."""
        low, high = self.field("TIMINGR", 0, 8), self.field("TIMINGR", 8, 8)
        return (low + 1 + high + 1) * (self.field("TIMINGR", 28, 4) + 1)

    def _ended(self) -> None:
        if self._phase == ADDRESSING:
            self.set_bits("ISR", NACKF)
            self.clear_bits("CR2", START)
            self._go_on(STOPPING, 1)
        else:
            self._phase = AT_REST
            self.set_bits("ISR", STOPF)
            self.clear_bits("ISR", BUSY)
            self.clear_bits("CR2", STOP)
            self.transfer_changed(0, 0)  # a start that was asked for meanwhile
        self.refresh_lines()
