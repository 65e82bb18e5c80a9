"""Armv8.1-M: Helium (MVE), low-overhead loops, conditional selects, long shifts, as tables."""
