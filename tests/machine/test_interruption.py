"""Ctrl-C and the signals that end a command reach whoever runs a machine, with either hook."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Machine
from tests.machine.firmware import build

SOON_S = 0.5


@pytest.fixture
def alarm() -> Iterator[None]:
    """Raises KeyboardInterrupt soon, wherever Python then is."""

    def raised(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, raised)
    signal.setitimer(signal.ITIMER_REAL, SOON_S)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("cross_tools")
@pytest.mark.parametrize("hook", ["python", "native"])
def test_an_exception_of_a_signal_s_handler_ends_a_run(
    tmp_path: Path, hook: str, request: pytest.FixtureRequest
) -> None:
    machine = Machine("virtual-m4", hook=hook)
    work = "volatile u32 sum; void main(void) { for (u32 i = 0;; i++) sum += i * i; }"
    machine.load(build(tmp_path, work))
    machine.run(max_cycles=1000)
    request.getfixturevalue("alarm")
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        machine.run(max_cycles=10**10, wall_limit=20)
    assert time.monotonic() - begin < 10
    assert machine.counts.cycles > 1000


@pytest.mark.usefixtures("cross_tools")
def test_an_error_in_the_python_hook_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine("virtual-m4", hook="python")
    machine.load(build(tmp_path, 'void main(void) { print("ready"); }'))

    def broken(_address: int, _size: int) -> int:
        raise ZeroDivisionError("in a hook")

    monkeypatch.setattr(machine.engine.hook, "_enter", broken)
    with pytest.raises(ZeroDivisionError, match="in a hook"):
        machine.run(until="ready", wall_limit=5)
