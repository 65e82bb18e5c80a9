"""``run_to`` stops at a function's first block, with waiting loops around it too."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Machine, StopReason
from tests.machine.firmware import build

FIRMWARE = r"""
volatile u32 seen;
__attribute__((noinline)) void marker(u32 n) { seen = n; }
void main(void) {
    print("ready\r\n");
    (void)get();
    for (u32 n = 0; n < 8; n++) {
        print("x");                       /* polls the transmitter, then soon comes the marker */
        for (volatile u32 i = 0; i < n * 300; i++) { }
        marker(n);
    }
    print("done\r\n");
}
"""


@pytest.mark.parametrize("hook", ["native", "python"])
def test_no_marker_is_missed_while_a_waiting_loop_is_looked_for(tmp_path: Path, hook: str) -> None:
    machine = Machine("virtual-m4", hook=hook)
    machine.load(build(tmp_path, FIRMWARE))
    assert machine.image is not None and machine.image.debug is not None
    symbol = machine.image.debug.symbol("marker")
    assert symbol is not None
    machine.run(until="ready\r\n")
    machine.console.feed(b"go")
    found = []
    for _ in range(8):
        assert machine.run_to(symbol.address) is StopReason.BREAK
        assert machine.registers()["pc"] == symbol.address
        found.append(machine.registers()["r0"])
        assert machine.run_to(symbol.address) is StopReason.BREAK, "it stands there already"
        machine.run(max_cycles=1)
    assert found == list(range(8))
    assert machine.run_to(symbol.address) is StopReason.IDLE
    assert machine.console.output.endswith(b"done\r\n")
