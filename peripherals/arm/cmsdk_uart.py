"""CMSDK APB UART (Arm DDI 0479, "APB UART"), as on the MPS2 FPGA images and in QEMU.

Always 8N1. One character buffered each way beside the shift registers. The transmit
interrupt comes when the buffer empties, the receive interrupt when it fills; both stay
until cleared. Parameter ``clock``. Interrupt lines ``tx``, ``rx``, ``overflow`` and
``combined``.
"""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.arm.identity import identity_rows
from peripherals.parts.serial_line import CharacterFormat, SerialLine
from peripherals.register_device import Register, RegisterDevice

STATE_TX_FULL, STATE_RX_FULL, STATE_TX_OVERRUN, STATE_RX_OVERRUN = 1, 2, 4, 8
CTRL_TX_EN, CTRL_RX_EN, CTRL_TX_INT, CTRL_RX_INT = 1, 2, 4, 8
CTRL_HIGH_SPEED = 1 << 6
OVERRUN_BITS = STATE_TX_OVERRUN | STATE_RX_OVERRUN
INT_TX, INT_RX = 1, 2
LEAST_DIVIDER = 16
HALF_BITS = 20  # start, eight data, stop
PART = 0x821


class CmsdkUart(RegisterDevice):
    """The UART."""

    REGISTERS = (
        Register(0x00, "DATA", writable=0, on_read="take_received", on_write="character_written"),
        Register(0x04, "STATE", writable=0, w1c=OVERRUN_BITS, on_read="status", on_write="overruns_cleared"),
        Register(0x08, "CTRL", writable=0x7F, on_write="control_changed"),
        Register(0x0C, "INTSTATUS", writable=0, w1c=0x3, on_read="interrupts", on_write="interrupts_cleared"),
        Register(0x10, "BAUDDIV", writable=0xFFFFF, on_write="divider_changed"),
        *identity_rows(PART),
    )
    STATE = ("_to_send", "_received")
    PARTS = ("_line",)
    has_serial = True
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._to_send: int | None = None
        self._received: int | None = None
        self._line = SerialLine(context, on_received=self._character_received, on_sent=self._sent)
        context.clocks.on_change(self._configure_line)

    def reset(self) -> None:
        """Stop and empty both buffers."""
        super().reset()
        self._line.stop()
        self._to_send = self._received = None
        self._refresh()

    # -- effects ---------------------------------------------------------------------------
    def take_received(self) -> int:
        """DATA: the received character; the buffer is free again."""
        self.context.consumed()
        if self._received is not None:
            self.values["DATA"], self._received = self._received, None
        return self.values["DATA"]

    def character_written(self, written: int, _old: int) -> None:
        """DATA: buffer a character; a full buffer is overwritten."""
        if self._to_send is not None:
            self.set_bits("STATE", STATE_TX_OVERRUN)
        self._to_send = written & 0xFF
        self._load_shifter()
        self._refresh()

    def status(self) -> int:
        """STATE: buffers full, overruns."""
        full = STATE_TX_FULL if self._to_send is not None else 0
        full |= STATE_RX_FULL if self._received is not None else 0
        return self.values["STATE"] | full

    def overruns_cleared(self, _written: int, _old: int) -> None:
        """STATE: overrun bits written 1 are cleared."""
        self._refresh()

    def control_changed(self, _written: int, _old: int) -> None:
        """CTRL: enables and interrupt enables."""
        if self.values["CTRL"] & CTRL_TX_EN and self._character() is None:
            self.report("CTRL", "write", "transmitter on with BAUDDIV below 16: no character can leave")
        self._configure_line()
        self._load_shifter()
        self._refresh()

    def divider_changed(self, _written: int, _old: int) -> None:
        """BAUDDIV: pace."""
        self._configure_line()
        self._load_shifter()

    def interrupts(self) -> int:
        """INTSTATUS: latched ones, and overruns let through by their enables."""
        overruns = self.values["STATE"] & OVERRUN_BITS & self.values["CTRL"] >> 2
        return self.values["INTSTATUS"] | overruns

    def interrupts_cleared(self, written: int, _old: int) -> None:
        """INTSTATUS: clear; overrun interrupts are cleared at their source."""
        self.clear_bits("STATE", written & OVERRUN_BITS)
        self._refresh()

    # -- inside ----------------------------------------------------------------------------
    def _character(self) -> CharacterFormat | None:
        divider = 1 if self.values["CTRL"] & CTRL_HIGH_SPEED else self.values["BAUDDIV"]
        if divider < LEAST_DIVIDER and not self.values["CTRL"] & CTRL_HIGH_SPEED:
            return None
        return CharacterFormat(HALF_BITS, divider, 1, self.clock_hz())

    def _configure_line(self) -> None:
        on = self.values["CTRL"] & (CTRL_TX_EN | CTRL_RX_EN)
        self._line.configure(
            self._character() if on else None, receiver_on=bool(self.values["CTRL"] & CTRL_RX_EN)
        )

    def _load_shifter(self) -> None:
        can_send = self.values["CTRL"] & CTRL_TX_EN and self._character() is not None
        if self._to_send is None or self._line.sending or not can_send:
            return
        self._line.send(self._to_send)
        self._to_send = None
        if self.values["CTRL"] & CTRL_TX_INT:
            self.set_bits("INTSTATUS", INT_TX)

    def _sent(self) -> None:
        self._load_shifter()
        self._refresh()

    def _character_received(self, data: int) -> None:
        if self._received is not None:
            self.set_bits("STATE", STATE_RX_OVERRUN)
        self._received = data
        if self.values["CTRL"] & CTRL_RX_INT:
            self.set_bits("INTSTATUS", INT_RX)
        self._refresh()

    def _refresh(self) -> None:
        pending = self.interrupts()
        self.line("tx").set_level(bool(pending & INT_TX))
        self.line("rx").set_level(bool(pending & INT_RX))
        self.line("overflow").set_level(bool(pending & OVERRUN_BITS))
        self.line("combined").set_level(bool(pending))
