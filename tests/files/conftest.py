"""Fixtures of the tests about files."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

NOBODY = 65534


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may write to, also below."""
    folder = Path(tempfile.mkdtemp(prefix="boardless-test-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def as_ordinary_user() -> Callable[[Callable[[], None]], None]:
    """Run a function in a child process that is not the administrator, who may read and write everything."""

    def run(work: Callable[[], None]) -> None:
        child = os.fork()
        if not child:
            try:
                if os.geteuid() == 0:
                    os.setgid(NOBODY)
                    os.setuid(NOBODY)
                work()
            except BaseException as error:  # noqa: BLE001 -- the child must not go on as a second pytest
                print(f"{type(error).__name__}: {error}")
                os._exit(1)
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        assert status == 0

    return run
