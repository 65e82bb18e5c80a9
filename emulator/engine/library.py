"""The native part of the engine: hooks/native_hook.c and tlb.c, built when the package is installed."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from pathlib import Path
from typing import Any

from unicorn import Uc
from unicorn.unicorn_py3 import unicorn as unicorn_binding

LIBRARY = Path(__file__).with_name("_native.dll" if sys.platform == "win32" else "_native.so")
"""What setup.py builds: opened by ctypes, so that it serves every Python of the platform."""


def native_library() -> ctypes.CDLL | None:
    """The built library, or None: :func:`native_library_problem` says why."""
    return _opened()[0]


def native_library_problem() -> str:
    """Why there is no native hook, in words; nothing when there is one."""
    return _opened()[1]


@cache
def _opened() -> tuple[ctypes.CDLL | None, str]:
    if not LIBRARY.is_file():
        return None, "not built: there was no C compiler when boardless was installed"
    try:
        return ctypes.CDLL(str(LIBRARY)), ""
    except OSError as error:  # of another system, or damaged
        return None, f"built, but it does not load: {error}"


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
