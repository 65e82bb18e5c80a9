"""Devices of Nordic Semiconductor's nRF52 and nRF53."""
