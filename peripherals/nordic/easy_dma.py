"""Registers of EasyDMA (product specifications, "EasyDMA"): a buffer to receive into, one to send from."""

from __future__ import annotations

from peripherals.register_device import Register, read_only

BUFFERS = (
    Register(0x534, "RXD_PTR"),
    Register(0x538, "RXD_MAXCNT", writable=0xFFFF),
    read_only(0x53C, "RXD_AMOUNT"),
    Register(0x540, "RXD_LIST", writable=7),
    Register(0x544, "TXD_PTR"),
    Register(0x548, "TXD_MAXCNT", writable=0xFFFF),
    read_only(0x54C, "TXD_AMOUNT"),
    Register(0x550, "TXD_LIST", writable=7),
)
NO_MEMORY = "EasyDMA to an address where no memory is"
