"""What reaches ``Machine.itm`` on whole machines: stimulus port 0, when firmware has enabled it."""

from __future__ import annotations

from pathlib import Path

import pytest
from assembled import finish, machine_with

BOARDS = ("virtual-m3", "virtual-m4", "virtual-m7", "virtual-m33")
SET_UP = """
    ldr r0, =0xE000EDFC
    ldr r1, ={demcr}
    str r1, [r0]
    ldr r7, =0xE0000000
    ldr r0, =0xE0000FB0
    ldr r1, =0xC5ACCE55
    str r1, [r0]
    ldr r0, =0xE0000E80
    movs r1, #{tcr}
    str r1, [r0]
    ldr r0, =0xE0000E00
    movs r1, #{ter}
    str r1, [r0]
"""
WRITE = """
    ldr r1, =0x44434241
    strb r1, [r7]
    strh r1, [r7]
    str r1, [r7]
    str r1, [r7, #4]
"""
"""A byte, a half-word and a word to port 0, a word to port 1."""
TRCENA = 1 << 24


def output(folder: Path, board: str, *, demcr: int = TRCENA, tcr: int = 1, ter: int = 1) -> bytes:
    set_up = SET_UP.format(demcr=demcr, tcr=tcr, ter=ter)
    machine = machine_with(folder, set_up + WRITE, board)
    finish(machine)
    assert not machine.console.output
    others = ["ITM_STIM1"] if ter & 2 and demcr & TRCENA and tcr & 1 else []  # is told of, and goes nowhere
    assert [entry.register for entry in machine.unmodelled] == others
    return bytes(machine.itm.output)


@pytest.mark.parametrize("board", BOARDS)
def test_port_0_reaches_the_host_once_enabled(tmp_path: Path, board: str) -> None:
    assert output(tmp_path, board) == b"A" + b"AB" + b"ABCD"
    assert output(tmp_path, board, ter=3) == b"A" + b"AB" + b"ABCD"  # port 1 is not the console's
    assert output(tmp_path, board, ter=2) == b""
    assert output(tmp_path, board, tcr=0) == b""
    if board != "virtual-m33":
        assert output(tmp_path, board, demcr=0) == b""


def test_itm_output_is_part_of_a_snapshot(tmp_path: Path) -> None:
    machine = machine_with(tmp_path, SET_UP.format(demcr=TRCENA, tcr=1, ter=1) + WRITE)
    snapshot = machine.snapshot()
    for _ in range(2):
        finish(machine)
        assert machine.itm.take() == b"AABABCD"
        machine.restore(snapshot)
        assert machine.itm.sent == 0


TPIU = """
    ldr r0, =0xE0040010
    movs r1, #{acpr}
    str r1, [r0]
    ldr r0, =0xE00400F0
    movs r1, #{protocol}
    str r1, [r0]
"""
POLLING = """
    ldr r6, =0xE0001000
    ldr r1, [r6]
    orr r1, r1, #1
    str r1, [r6]
    ldr r4, [r6, #4]
    movs r5, #20
1:  ldr r1, [r7]
    cmp r1, #0
    beq 1b
    movs r1, #65
    strb r1, [r7]
    subs r5, #1
    bne 1b
2:  ldr r1, [r7]
    cmp r1, #0
    beq 2b
    ldr r5, [r6, #4]
    subs r4, r5, r4
"""
"""Twenty letters, each once there is room; r4: what that took, till the last was out."""


@pytest.mark.parametrize(
    ("protocol", "acpr", "cycles_a_letter"),
    [(2, 9, 200), (2, 99, 2000), (1, 9, 320), (0, 9, 16)],  # NRZ, Manchester, parallel by one pin
)
def test_a_port_has_room_when_the_wire_has_taken_the_last(
    tmp_path: Path, protocol: int, acpr: int, cycles_a_letter: int
) -> None:
    code = SET_UP.format(demcr=TRCENA, tcr=1, ter=1) + TPIU.format(acpr=acpr, protocol=protocol) + POLLING
    taken = []
    for hook in ("native", "python"):
        machine = machine_with(tmp_path, code, "virtual-m4", hook=hook)
        finish(machine)
        assert bytes(machine.itm.output) == b"A" * 20
        taken.append((machine.registers()["r4"], machine.counts))
    assert taken[0] == taken[1]
    turn_cycles = 40  # of a loop that finds the port full, or ready, and of the store
    assert 20 * cycles_a_letter <= taken[0][0] <= 20 * (cycles_a_letter + turn_cycles)


def test_text_that_asks_nobody_is_not_lost(tmp_path: Path) -> None:
    code = SET_UP.format(demcr=TRCENA, tcr=1, ter=1) + TPIU.format(acpr=99, protocol=2) + WRITE
    machine = machine_with(tmp_path, code)
    finish(machine)
    assert bytes(machine.itm.output) == b"AABABCD"
