"""Devices of Raspberry Pi's microcontrollers (RP2040)."""
