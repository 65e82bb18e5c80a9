"""USB of SAM D21 (DS40001882 chapter 32) and SAM D5x/E5x (DS60001507 chapter 38): a device that no host sees.

Registers hold what is written, enables are set and cleared, no event ever comes. A software reset and a
change of ENABLE take some time to be synchronized, which firmware waits for, and some of it for SYNCBUSY to
be set before. How long that takes is a guess.
"""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.register_device import Register, RegisterDevice, clears, read_only, sets

SOFTWARE_RESET, ENABLE, HOST_MODE, DETACHED = 1 << 0, 1 << 1, 1 << 7, 1 << 0
SYNCHRONIZING_SHIFT, SYNCHRONIZING = 16, 3 << 16
SYNCHRONIZATION_CYCLES = 64
QUALITY_OF_SERVICE, LINE_STATE, FSM_OFF = 0x05 << 24, 1 << 6, 1 << 8
ENDPOINTS, FIRST_ENDPOINT, ENDPOINT_BYTES = 8, 0x100, 0x20
NO_HOST = (
    "a USB device that no host sees: a console on USB prints nowhere; build the firmware with its console"
    " on a UART"
)


class Usb(RegisterDevice):
    """One controller. Bytes that share a word are one register here: CTRLA, SYNCBUSY and QOSCTRL, say."""

    LINES = ("global",)
    REGISTERS = (
        Register(0x00, "CTRLA", QUALITY_OF_SERVICE, writable=0x0F000087, on_write="control_changed"),
        Register(0x08, "CTRLB", DETACHED, writable=0x00FF0FFF, on_write="attachment_changed"),
        read_only(0x0C, "STATUS", LINE_STATE | FSM_OFF),
        read_only(0x10, "FNUM"),
        clears(0x14, "INTENCLR", "INTENSET", 0x03FF, shows="INTENSET"),
        sets(0x18, "INTENSET", "INTENSET", 0x03FF),
        Register(0x1C, "INTFLAG", writable=0, w1c=0x03FF),
        read_only(0x20, "EPINTSMRY"),
        Register(0x24, "DESCADD"),
        Register(0x28, "PADCAL", writable=0x77DF),
        *(
            row
            for n in range(ENDPOINTS)
            for row in (
                Register(FIRST_ENDPOINT + ENDPOINT_BYTES * n, f"EPCFG{n}", writable=0x77),
                Register(
                    FIRST_ENDPOINT + ENDPOINT_BYTES * n + 4,
                    f"EPSTATUS{n}",
                    writable=0,
                    w1c=0x7F << 24,
                    on_write="endpoint_changed",
                ),
                Register(
                    FIRST_ENDPOINT + ENDPOINT_BYTES * n + 8,
                    f"EPINTEN{n}",
                    writable=0,
                    on_write="endpoint_enables",
                ),
            )
        ),
    )
    STATE = ("_told",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._told = False
        self._synchronized = context.clock.deadline(f"{context.name}:sync", self._ended, is_work=True)

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._synchronized.disarm()
        self._told = False

    # -- effects -----------------------------------------------------------------------------
    def control_changed(self, written: int, old: int) -> None:
        """CTRLA: software reset, on and off."""
        changed = (self.values["CTRLA"] ^ old) & ENABLE
        if written & SOFTWARE_RESET:
            told = self._told
            self.reset()
            self._told, changed = told, SOFTWARE_RESET
        if changed:
            self.set_bits("CTRLA", changed << SYNCHRONIZING_SHIFT)
            self._synchronized.arm_in(SYNCHRONIZATION_CYCLES)
        self.attachment_changed(0, 0)

    def attachment_changed(self, _written: int, _old: int) -> None:
        """CTRLB: a device that is attached waits for a host."""
        control, detached = self.values["CTRLA"], self.values["CTRLB"] & DETACHED
        if control & ENABLE and not control & HOST_MODE and not detached and not self._told:
            self._told = True
            self.report("CTRLA", "write", NO_HOST)

    def endpoint_changed(self, written: int, _old: int) -> None:
        """EPSTATUSCLR in the lowest byte, EPSTATUSSET above it, EPSTATUS above that."""
        name = self._name_here()
        status = self.values[name] >> 16 & 0xFF
        self.put_field(name, 16, 8, (status & ~written | written >> 8) & 0xFF)

    def endpoint_enables(self, written: int, _old: int) -> None:
        """EPINTENCLR in the lowest byte, EPINTENSET above it; both read the enables."""
        name = self._name_here()
        enables = (self.values[name] & ~written | written >> 8) & 0xFF
        self.values[name] = enables | enables << 8

    # -- inside ------------------------------------------------------------------------------
    def _name_here(self) -> str:
        return self.register_name(self.access_offset)

    def _ended(self) -> None:
        self.clear_bits("CTRLA", SYNCHRONIZING | SOFTWARE_RESET)
