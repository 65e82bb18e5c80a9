"""Devices of Raspberry Pi's microcontrollers (RP2040, RP2350)."""
