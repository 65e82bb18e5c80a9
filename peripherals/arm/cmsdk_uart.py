"""CMSDK APB UART (Arm DDI 0479, "APB UART"), as on the MPS2 FPGA images and in QEMU.

Always 8N1. One character buffered each way beside the shift registers. The transmit
interrupt comes when the buffer empties, the receive interrupt when it fills; both stay
until cleared. Parameter ``clock``. Interrupt lines ``tx``, ``rx``, ``overflow`` and
``combined``.
"""

from __future__ import annotations

from emulator.device import ClockedParameters, DeviceContext, OrdinaryOutput
from peripherals.arm.identity import identity_rows
from peripherals.parts.uart import Uart, UartSetting
from peripherals.register_device import Register, RegisterDevice

STATE_TX_FULL, STATE_RX_FULL, STATE_TX_OVERRUN, STATE_RX_OVERRUN = 1, 2, 4, 8
CTRL_TX_EN, CTRL_RX_EN, CTRL_TX_INT, CTRL_RX_INT = 1, 2, 4, 8
CTRL_HIGH_SPEED = 1 << 6
OVERRUN_BITS = STATE_TX_OVERRUN | STATE_RX_OVERRUN
INT_TX, INT_RX = 1, 2
STATE_OFFSET = 0x04
CHARACTER = 0xFF
LEAST_DIVIDER = 16
PART = 0x821


class CmsdkUart(RegisterDevice):
    """The UART."""

    PARAMETERS = ClockedParameters
    parameters: ClockedParameters
    LINES = ("tx", "rx", "overflow", "combined")
    REGISTERS = (
        Register(0x00, "DATA", writable=0, on_read="take_received", on_write="character_written"),
        Register(0x04, "STATE", writable=0, w1c=OVERRUN_BITS, on_read="status", on_write="overruns_cleared"),
        Register(0x08, "CTRL", writable=0x7F, on_write="control_changed"),
        Register(0x0C, "INTSTATUS", writable=0, w1c=0x3, on_read="interrupts", on_write="interrupts_cleared"),
        Register(0x10, "BAUDDIV", writable=0xFFFFF, on_write="divider_changed"),
        *identity_rows(PART),
    )
    PARTS = ("_uart",)
    OUTPUT_OFFSET = 0x00
    has_serial = True
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._uart = Uart(
            context, on_received=self._character_received, on_sent=self._sent, on_loaded=self._buffer_emptied
        )
        context.clocks.on_change(self._configure)

    def reset(self) -> None:
        """Stop and empty both buffers."""
        super().reset()
        self._uart.stop()
        self._refresh()

    def send_held(self) -> None:
        """Let what is to be sent leave at once."""
        self._uart.send_held()

    # -- effects ---------------------------------------------------------------------------
    def take_received(self) -> int:
        """DATA: the received character; the buffer is free again."""
        self.context.consumed()
        data = self._uart.take()
        if data is not None:
            self.values["DATA"] = data
        return self.values["DATA"]

    def character_written(self, written: int, _old: int) -> None:
        """DATA: buffer a character; a full buffer is overwritten."""
        if not self._uart.write(written & 0xFF):
            self.set_bits("STATE", STATE_TX_OVERRUN)
        self._refresh()

    def status(self) -> int:
        """STATE: buffers full, overruns."""
        full = STATE_TX_FULL if self._uart.to_send else 0
        full |= STATE_RX_FULL if self._uart.received else 0
        return self.values["STATE"] | full

    def overruns_cleared(self, _written: int, _old: int) -> None:
        """STATE: overrun bits written 1 are cleared."""
        self._refresh()

    def control_changed(self, _written: int, _old: int) -> None:
        """CTRL: enables and interrupt enables."""
        if self.values["CTRL"] & CTRL_TX_EN and not self._bit_clocks():
            self.report("CTRL", "write", "transmitter on with BAUDDIV below 16: no character can leave")
        self._configure()
        self._refresh()

    def divider_changed(self, _written: int, _old: int) -> None:
        """BAUDDIV: pace."""
        self._configure()

    def interrupts(self) -> int:
        """INTSTATUS: latched ones, and overruns let through by their enables."""
        overruns = self.values["STATE"] & OVERRUN_BITS & self.values["CTRL"] >> 2
        return self.values["INTSTATUS"] | overruns

    def interrupts_cleared(self, written: int, _old: int) -> None:
        """INTSTATUS: clear; overrun interrupts are cleared at their source."""
        self.clear_bits("STATE", written & OVERRUN_BITS)
        self._refresh()

    # -- output that the engine serves for a while -------------------------------------------
    def lend_output(self) -> OrdinaryOutput | None:
        """Without the interrupt of the empty buffer: then its flag is all that changes."""
        if self.values["CTRL"] & CTRL_TX_INT:
            return None
        ready = self.status() & ~STATE_TX_FULL
        return self._uart.lend_output(
            status_offset=STATE_OFFSET,
            data_offset=self.OUTPUT_OFFSET,
            full=ready | STATE_TX_FULL,
            ready=ready,
            data=0,
            writable=CHARACTER,
        )

    def take_back_output(self, *, sending: int, held: int | None, data: int, at_cycles: int) -> None:  # noqa: ARG002
        """Go on where the engine has stopped."""
        self._uart.take_back_output(sending, held, at_cycles)

    # -- inside ----------------------------------------------------------------------------
    def _bit_clocks(self) -> int:
        if self.values["CTRL"] & CTRL_HIGH_SPEED:
            return 1
        divider = self.values["BAUDDIV"]
        return divider if divider >= LEAST_DIVIDER else 0

    def _configure(self) -> None:
        control = self.values["CTRL"]
        setting = UartSetting(
            send_on=bool(control & CTRL_TX_EN),
            receive_on=bool(control & CTRL_RX_EN),
            clock_hz=self.clock_hz(),
            bit_clocks=self._bit_clocks(),
            receive_overwrites=True,
        )
        self._uart.configure(setting)

    def _buffer_emptied(self) -> None:
        if self.values["CTRL"] & CTRL_TX_INT:
            self.set_bits("INTSTATUS", INT_TX)

    def _sent(self, _finished: bool) -> None:
        self._refresh()

    def _character_received(self, _data: int, no_room: bool) -> None:
        if no_room:
            self.set_bits("STATE", STATE_RX_OVERRUN)
        if self.values["CTRL"] & CTRL_RX_INT:
            self.set_bits("INTSTATUS", INT_RX)
        self._refresh()

    def _refresh(self) -> None:
        pending = self.interrupts()
        self.line("tx").set_level(bool(pending & INT_TX))
        self.line("rx").set_level(bool(pending & INT_RX))
        self.line("overflow").set_level(bool(pending & OVERRUN_BITS))
        self.line("combined").set_level(bool(pending))
