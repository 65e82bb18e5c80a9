"""C++ names as the source spells them, by the C++ library's own demangler."""

from __future__ import annotations

import importlib
from functools import lru_cache


@lru_cache(maxsize=65536)
def demangle(name: str) -> str:
    """Spell the name as the source does, or give ``name`` itself when that can't be told.

    It can't without a C++ library on this computer (libstdc++ or libc++).
    """
    if not name.startswith("_Z"):
        return name
    try:
        cxxfilt = importlib.import_module("cxxfilt")  # it looks for the library, which takes a while
    except (ImportError, OSError, ValueError):
        return name
    try:
        return str(cxxfilt.demangle(name))
    except cxxfilt.Error:
        return name
