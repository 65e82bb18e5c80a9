"""The native part of the engine: emulator/engine/native.c, built when the package is installed."""

from __future__ import annotations

import contextlib
import ctypes
from functools import cache
from pathlib import Path


@cache
def native_library() -> ctypes.CDLL | None:
    """The built extension, or None when there was no compiler at install time."""
    folder = Path(__file__).parent
    for candidate in sorted(folder.glob("_native*.so")) + sorted(folder.glob("_native*.pyd")):
        with contextlib.suppress(OSError):
            return ctypes.CDLL(str(candidate))
    return None
