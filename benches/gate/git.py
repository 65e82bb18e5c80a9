"""What the gate asks git."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from emulator.errors import UsageError


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit. ``name``: its whole hash; ``date_ms``: of the commit, in milliseconds since 1970."""

    name: str
    date_ms: int


def git(folder: Path, *words: str, next_step: str = "") -> str:
    """What a command of git prints, without white space around it. Raises UsageError."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=False)
    except OSError as error:
        raise UsageError(f"git can't be started: {error.strerror}", next_step="install git") from error
    if done.returncode:
        said = done.stderr.strip() or f"git {shlex.join(words)} failed"
        raise UsageError(said, where=str(folder), next_step=next_step)
    return done.stdout.strip()


def head(folder: Path) -> Commit:
    """The commit that is checked out. Raises UsageError where there is none."""
    name, seconds = git(
        folder, "log", "-1", "--format=%H %ct", next_step="figures are tracked by commit: commit first"
    ).split()
    return Commit(name, 1000 * int(seconds))
