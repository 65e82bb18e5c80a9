"""Where files lie that can be made anew at any time: the XDG Base Directory Specification's cache folder."""

from __future__ import annotations

import os
from pathlib import Path

OURS = "boardless"


def cache_folder(name: str) -> Path | None:
    """Our folder ``name`` in the user's cache, which may not be there yet; None: the user has no home."""
    told = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(told):  # noqa: PTH117 -- others are to be ignored, says the specification
        return Path(told) / OURS / name
    try:
        return Path.home() / ".cache" / OURS / name
    except RuntimeError:
        return None
