"""Small specifications and the command that runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
KWS = ROOT / "benches" / "images" / "kws-nucleo-l4r5zi.elf"
BOOT = f'image = "{KWS}"\nboard = "nucleo-l4r5zi"\n'


def run(folder: Path, text: str, *options: str, **how: object) -> subprocess.CompletedProcess[str]:
    """``boardless sweep`` of a specification, in a folder of its own."""
    (folder / "sweep.toml").write_text(text)
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        command(*options), cwd=folder, capture_output=True, text=True, check=False, timeout=300, **how
    )


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "boardless", "sweep", "sweep.toml", *options]
