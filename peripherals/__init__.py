"""Devices, one class each, and boards as TOML; nothing here knows the processor."""
