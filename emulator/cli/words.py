"""Figures in words, and the sentence that goes with every figure."""

from __future__ import annotations

UNOFFICIAL = "Simulated and unofficial: modelled figures, not measured on a board."


def seconds_in_words(seconds: float) -> str:
    """Give a time with a unit that suits it: ``"43.4 ms"``."""
    for limit, scale, unit in ((1e-3, 1e6, "us"), (1.0, 1e3, "ms")):
        if seconds < limit:
            return f"{seconds * scale:.4g} {unit}"
    return f"{seconds:.4g} s" if seconds < 1000 else f"{seconds:,.0f} s"


def hertz_in_words(hertz: int) -> str:
    """Give a frequency with a unit that suits it: ``"120 MHz"``."""
    for scale, unit in ((1_000_000, "MHz"), (1_000, "kHz")):
        if hertz >= scale:
            return f"{hertz / scale:g} {unit}"
    return f"{hertz} Hz"


def bytes_in_words(size_bytes: int) -> str:
    """Give a size with a binary unit: ``"640 KB"``."""
    for scale, unit in ((1 << 20, "MB"), (1 << 10, "KB")):
        if size_bytes >= scale and size_bytes % scale == 0:
            return f"{size_bytes // scale} {unit}"
    return f"{size_bytes} bytes"
