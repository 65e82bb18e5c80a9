"""A core that has stopped for good does not stop a UART: what it holds is sent, and time stands still."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Machine, StopReason
from emulator.errors import GuestFault
from tests.machine.firmware import build

EXIT = r"""
static void leave(void) {
    u32 block[2] = {0x20026, 7};
    register u32 r0 __asm__("r0") = 0x20; register void *r1 __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" : : "r"(r0), "r"(r1) : "memory");
}
"""
PASS = EXIT + 'void main(void) { print("PASS: all 12 tests"); leave(); }'
SILENT = EXIT + 'void main(void) { print("PASS: all 12 tes"); leave(); }'
LOCKUP = r"""
void main(void) { print("going down"); __asm__ volatile("cpsid f\n udf #1"); }
"""
BUSY = r"""
void main(void) { print("working"); for (volatile u32 i = 0;; i++) { } }
"""


def loaded(folder: Path, source: str, hook: str = "auto") -> Machine:
    machine = Machine("virtual-m4", hook=hook)
    machine.load(build(folder, source))
    return machine


@pytest.mark.parametrize("hook", ["native", "python"])
def test_at_the_firmwares_own_end(tmp_path: Path, hook: str) -> None:
    machine = loaded(tmp_path, PASS, hook)
    assert machine.run() is StopReason.EXIT
    assert machine.exit_code == 7
    assert machine.console.take() == b"PASS: all 12 tests"
    counts, picoseconds = machine.counts, machine.clock.picoseconds()
    assert machine.run() is StopReason.EXIT
    assert (machine.counts, machine.clock.picoseconds()) == (counts, picoseconds)
    assert machine.console.take() == b""


def test_no_cycle_is_added(tmp_path: Path) -> None:
    """The text's last two characters cost what it takes to hand them to the UART, not to send them."""
    machine = loaded(tmp_path, PASS)
    sent_when_it_ended: list[int] = []
    machine.execution.between_slices = lambda: sent_when_it_ended.append(machine.console.sent)
    machine.run()
    assert sent_when_it_ended[-1] == len("PASS: all 12 tests") - 2


def test_a_text_that_comes_with_the_last_words_was_sent(tmp_path: Path) -> None:
    assert loaded(tmp_path, PASS).run(until="12 tests") is StopReason.UNTIL
    assert loaded(tmp_path, SILENT).run(until="12 tests") is StopReason.EXIT


def test_at_a_crash(tmp_path: Path) -> None:
    machine = loaded(tmp_path, LOCKUP)
    with pytest.raises(GuestFault):
        machine.run()
    assert machine.console.take() == b"going down"


def test_a_run_that_goes_on_is_not_disturbed(tmp_path: Path) -> None:
    """A limit may be followed by another run: only whoever knows that it is over asks."""
    machine, other = loaded(tmp_path, BUSY), loaded(tmp_path, BUSY)
    for cycles in (9_000, 2_000, 100_000):
        machine.run(max_cycles=cycles)
    other.run(max_cycles=111_000)
    assert machine.console.take() == other.console.take() == b"working"
    stopped = loaded(tmp_path, BUSY)
    stopped.run(max_cycles=12_000)  # a character takes 2170
    assert stopped.console.take() == b"worki"
    before = stopped.counts
    stopped.send_last_words()
    assert stopped.console.take() == b"ng"
    assert stopped.counts == before
