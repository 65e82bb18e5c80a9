"""C++ names for reports, when the optional package ``itanium-demangler`` is installed."""

from __future__ import annotations

import importlib
from functools import lru_cache


@lru_cache(maxsize=4096)
def demangle(name: str) -> str:
    """Spell the name as the source does, or give ``name`` itself when that can't be told."""
    if not name.startswith("_Z"):
        return name
    try:
        parser = importlib.import_module("itanium_demangler")
    except ImportError:
        return name
    try:
        tree = parser.parse(name)
    except NotImplementedError:
        return name
    return name if tree is None else str(tree)
