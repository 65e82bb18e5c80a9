"""USB controller of i.MX RT1060 (IMXRT1060RM, chapter "Universal Serial Bus Controller"), and no host.

Registers hold what is written; a reset, a flush and a primed endpoint are over at once. Firmware that waits
for no host goes on; what it prints over USB is lost, which is told once. Both controllers and USBNC share a
page.
"""

from __future__ import annotations

from peripherals.parts.banked import BankedDevice
from peripherals.register_device import Register, read_only

RUN, RESET = 1 << 0, 1 << 1
DEVICE_MODE = 2
CONTROLLERS, STEP = 2, 0x200
NO_HOST = (
    "a USB device that no host sees: a console on USB prints nowhere; build the firmware with its console"
    " on a UART (on a Teensy: Serial1)"
)
IDENTITY = (
    ("ID", 0x00, 0xE4A1FA05), ("HWGENERAL", 0x04, 0x35), ("HWHOST", 0x08, 0x10020001),
    ("HWDEVICE", 0x0C, 0x11),
    ("HWTXBUF", 0x10, 0x80080B08), ("HWRXBUF", 0x14, 0x808), ("CAPLENGTH", 0x100, 0x01000040),
    ("HCSPARAMS", 0x104, 0x10011), ("HCCPARAMS", 0x108, 0x6), ("DCIVERSION", 0x120, 0x1),
    ("DCCPARAMS", 0x124, 0x188),
    ("ENDPTSTAT", 0x1B8, 0),
)  # fmt: skip
STORED = (
    ("GPTIMER0LD", 0x80, 0), ("GPTIMER0CTRL", 0x84, 0), ("GPTIMER1LD", 0x88, 0), ("GPTIMER1CTRL", 0x8C, 0),
    ("SBUSCFG", 0x90, 0x2), ("USBINTR", 0x148, 0), ("FRINDEX", 0x14C, 0), ("DEVICEADDR", 0x154, 0),
    ("ENDPTLISTADDR", 0x158, 0), ("BURSTSIZE", 0x160, 0x808), ("TXFILLTUNING", 0x164, 0),
    ("ENDPTNAK", 0x178, 0),
    ("ENDPTNAKEN", 0x17C, 0), ("CONFIGFLAG", 0x180, 0x1), ("PORTSC1", 0x184, 0x10000000),
    ("OTGSC", 0x1A4, 0x1120),
    ("USBMODE", 0x1A8, 0x5000),
    *((f"ENDPTCTRL{n}", 0x1C0 + 4 * n, 0x800080 if not n else 0) for n in range(8)),
)  # fmt: skip


def _rows(number: int) -> tuple[Register, ...]:
    base, prefix = STEP * number, f"USB{number + 1}_"
    return (
        *(read_only(base + offset, prefix + name, reset) for name, offset, reset in IDENTITY),
        *(Register(base + offset, prefix + name, reset) for name, offset, reset in STORED),
        Register(base + 0x140, f"{prefix}USBCMD", 0x80000, on_write="command_written"),
        Register(base + 0x144, f"{prefix}USBSTS", writable=0, w1c=0xFFFFFFFF),
        Register(base + 0x1AC, f"{prefix}ENDPTSETUPSTAT", writable=0, w1c=0xFFFFFFFF),
        Register(base + 0x1B0, f"{prefix}ENDPTPRIME", writable=0),
        Register(base + 0x1B4, f"{prefix}ENDPTFLUSH", writable=0),
        Register(base + 0x1BC, f"{prefix}ENDPTCOMPLETE", writable=0, w1c=0xFFFFFFFF),
    )


class Usb(BankedDevice):
    """Both controllers, and their non-core registers."""

    LINES = ("usb1", "usb2")
    BANK_BYTES = STEP
    REGISTERS = (
        *(row for n in range(CONTROLLERS) for row in _rows(n)),
        Register(0x800, "USB_OTG1_CTRL", 0x30001000),
        Register(0x804, "USB_OTG2_CTRL", 0x30001000),
        Register(0x818, "USB_OTG1_PHY_CTRL_0"),
        Register(0x81C, "USB_OTG2_PHY_CTRL_0"),
    )
    STATE = ("_told",)
    size_bytes = 0x4000
    _told = False

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._told = False

    def command_written(self, written: int, _old: int) -> None:
        """USBCMD: reset; run as a device."""
        name = f"USB{self.bank + 1}_"
        if written & RESET:
            for row in _rows(self.bank):
                self.values[row.name] = row.reset
        elif written & RUN and not self._told and self.values[f"{name}USBMODE"] & 3 == DEVICE_MODE:
            self._told = True
            self.report(f"{name}USBCMD", "write", NO_HOST)
