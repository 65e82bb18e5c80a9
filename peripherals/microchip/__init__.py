"""Devices of Microchip's SAM D21."""
