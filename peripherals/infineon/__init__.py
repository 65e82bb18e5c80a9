"""Devices of Infineon's PSoC 6."""
