"""Power control of STM32F1 (RM0008, chapter "Power control"): the regulator is always ready."""

from __future__ import annotations

from peripherals.register_device import Register, RegisterDevice


class PwrF1(RegisterDevice):
    """PWR: storage; its supply never sinks below the detector's level. Stop and standby are not modelled."""

    REGISTERS = (
        Register(0x00, "CR", writable=0x1F3),  # CWUF and CSBF are read as 0
        Register(0x04, "CSR", writable=0x100),
    )
