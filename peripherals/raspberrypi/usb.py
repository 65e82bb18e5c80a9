"""The USB controller (RP2040 datasheet 4.1, RP2350 12.7): registers that hold what is written, and no host.

Firmware that waits for no host goes on; what it prints over USB is lost, which is told once. The boot
ROM of this package sets SIM_TIMING, which no firmware does, when it waits for a program on USB.
"""

from __future__ import annotations

from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.register_device import Register

SIMULATION_TIMING = 1 << 31
NO_HOST = (
    "a USB device that no host sees: a console on USB prints nowhere; build the firmware with its console"
    " on a UART"
)
WAITS_FOR_PROGRAM = (
    "the boot ROM waits for a program on USB (BOOTSEL): the first 256 bytes of flash are no second stage"
    " with a right checksum, or the firmware has called reset_to_usb_boot()"
)
SIE_STATUS_EVENTS = 0xFF0F0210


class Usb(AtomicRegisters):
    """Control, status and interrupt registers."""

    LINES = ("global",)
    REGISTERS = (
        Register(0x40, "MAIN_CTRL", writable=0x80000003, on_write="control_written"),
        Register(0x4C, "SIE_CTRL", on_write="attached"),
        Register(0x50, "SIE_STATUS", writable=0, w1c=SIE_STATUS_EVENTS),
        *(
            Register(offset, name)
            for name, offset in (
                ("ADDR_ENDP", 0x00), ("SOF_WR", 0x44), ("INT_EP_CTRL", 0x54), ("EP_ABORT", 0x60),
                ("EP_STALL_ARM", 0x68), ("NAK_POLL", 0x6C), ("USB_MUXING", 0x74), ("USB_PWR", 0x78),
                ("USBPHY_DIRECT", 0x7C), ("USBPHY_DIRECT_OVERRIDE", 0x80), ("USBPHY_TRIM", 0x84),
                ("INTE", 0x90), ("INTF", 0x94),
            )
        ),
        *(Register(0x04 * n, f"ADDR_ENDP{n}") for n in range(1, 16)),
        *(
            Register(offset, name, writable=0)
            for name, offset in (("SOF_RD", 0x48), ("INTR", 0x8C), ("INTS", 0x98))
        ),
        *(
            Register(offset, name, writable=0, w1c=0xFFFFFFFF)
            for name, offset in (
                ("BUFF_STATUS", 0x58), ("EP_ABORT_DONE", 0x64), ("EP_STATUS_STALL_NAK", 0x70)
            )
        ),
        Register(0x5C, "BUFF_CPU_SHOULD_HANDLE", writable=0),
    )  # fmt: skip
    STATE = ("_told",)
    _told = False

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._told = False

    def control_written(self, written: int, _old: int) -> None:
        """MAIN_CTRL: the boot ROM says what it waits for."""
        if written & SIMULATION_TIMING:
            self.report("MAIN_CTRL", "write", WAITS_FOR_PROGRAM)
            self._told = True

    def attached(self, written: int, _old: int) -> None:
        """SIE_CTRL: the pull-up would tell a host of the device."""
        if written & 1 << 16 and not self._told:
            self._told = True
            self.report("SIE_CTRL", "write", NO_HOST)
