"""What a flash controller programs is there, and runs: no code of before is left."""

from __future__ import annotations

from emulator import Machine
from emulator.image.model import Image, Segment

FLASH, RAM = 0x0000_0000, 0x2000_0000
LOOP = bytes.fromhex("0130 fde7")  # adds r0, #1; b .-2
OTHER = bytes.fromhex("0030 fde7")  # adds r0, #0


def test_programmed_code_takes_the_place_of_the_old_one() -> None:
    machine = Machine("virtual-m0plus")
    base = machine.board.vector_table
    vectors = (RAM + 0x1000).to_bytes(4, "little") + (base + 0x101).to_bytes(4, "little")
    machine.load(Image("loop", "", "bin", (Segment(base, vectors.ljust(0x100, b"\0") + LOOP),)))
    machine.run(max_cycles=100)
    before = machine.registers()["r0"]
    assert before > 20
    machine.devices["uart0"].context.flash.put(base + 0x100, OTHER)
    machine.run_to(base + 0x100)
    begin = machine.registers()["r0"]
    machine.run(max_cycles=100)
    assert machine.registers()["r0"] == begin
