"""What identifies the timing models: a digest of their source."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

DIGITS = 12


@cache
def models_version() -> str:
    """Another text for other models: figures of one text are comparable to the last cycle."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:DIGITS]
