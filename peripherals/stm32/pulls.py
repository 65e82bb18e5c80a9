"""The pull-up and pull-down registers for standby that PWR of L4+, G0, U5 and U3 has: storage."""

from __future__ import annotations

from peripherals.register_device import Register

PORT_BYTES = 8


def pull_rows(first: int, ports: str) -> tuple[Register, ...]:
    """Make PUCRx and PDCRx of each port, from ``first`` on."""
    return tuple(
        Register(first + PORT_BYTES * i + 4 * down, f"{name}{port}", writable=0xFFFF)
        for i, port in enumerate(ports)
        for down, name in enumerate(("PUCR", "PDCR"))
    )
