"""Fixtures of the command line's tests."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from talking_firmware import ROOT, build, command_line


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firmware as an ELF; it answers ``name%``, ``crash%``, ``x3%`` (exit code 3) ..."""
    return build(tmp_path_factory.mktemp("firmware"))


@pytest.fixture
def boardless() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command as a user would; ``input`` is what it reads."""

    def run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        options.setdefault("input", "")
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            command_line(*arguments),
            capture_output=True,
            text=True,
            timeout=60,
            cwd=ROOT,
            check=False,
            **options,
        )

    return run
