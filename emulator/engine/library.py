"""The native part of the engine: emulator/engine/native.c, built when the package is installed."""

from __future__ import annotations

import contextlib
import ctypes
from functools import cache
from pathlib import Path
from typing import Any

from unicorn import Uc
from unicorn.unicorn_py3 import unicorn as unicorn_binding


@cache
def native_library() -> ctypes.CDLL | None:
    """The built extension, or None when there was no compiler at install time."""
    folder = Path(__file__).parent
    for candidate in sorted(folder.glob("_native*.so")) + sorted(folder.glob("_native*.pyd")):
        with contextlib.suppress(OSError):
            return ctypes.CDLL(str(candidate))
    return None


def add_native_hook(uc: Uc, kind: int, function: Any, data: int, begin: int = 1, end: int = 0) -> None:
    """Let Unicorn call a function of the library, with the address ``data``, from ``begin`` to ``end``.

    Everywhere, when ``begin`` is above ``end``. What is at ``data`` must outlive ``uc``.
    """
    handle = ctypes.c_size_t()
    status = unicorn_binding.uclib.uc_hook_add(
        uc._uch, ctypes.byref(handle), kind, ctypes.cast(function, ctypes.c_void_p), ctypes.c_void_p(data),
        ctypes.c_uint64(begin), ctypes.c_uint64(end),
    )  # fmt: skip
    if status:
        raise RuntimeError(f"uc_hook_add failed with {status}")
