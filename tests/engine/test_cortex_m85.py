"""Cortex-M85: its identity, vectors as on a Cortex-M55, and what authenticates pointers."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.errors import EngineError
from tests.engine.test_vectors import BOARD, DOT, Bench

AUTHENTICATION = {
    "pacg": ".inst.w 0xfb62f103",  # pacg r1, r2, r3
    "autg": ".inst.w 0xfb554f06",  # autg r4, r5, r6
    "bxaut": ".inst.w 0xfb587f19",  # bxaut r7, r8, r9
}
HINTS = "0x801d 0x802d 0x800f 0x800d"  # pac, aut, bti, pacbti
END = "\nb leave\n.ltorg\n"


@pytest.fixture
def bench(cross_tools: None, tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.board.write_text(BOARD.replace("Cortex-M55", "Cortex-M85").replace("cortex-m55", "cortex-m85"))
    return made


def test_it_says_who_it_is(bench: Bench) -> None:
    """CPUID of r0p2 (Arm 101924); ID_ISAR5.PACBTI: no authentication; MVFR1.MVE: integers."""
    reads = "".join(
        f"ldr r0, ={address}\nldr {register}, [r0]\n"
        for address, register in ((0xE000ED00, "r2"), (0xE000ED74, "r3"), (0xE000EF44, "r4"))
    )
    registers = bench.run(bench.image(f"{reads}{END}")).registers()
    assert registers["r2"] == 0x410FD232
    assert registers["r3"] >> 20 & 15 == 0
    assert registers["r4"] >> 8 & 3 >= 1


def test_vectors_run_as_on_a_cortex_m55(bench: Bench) -> None:
    """The same sum, in fewer cycles: its other instructions go two at a time."""
    data = bytes(37 * n + 11 & 0xFF for n in range(200))
    image = bench.image(DOT)
    machine = bench.run(image, data)
    bench.board.write_text(BOARD)
    before = bench.run(image, data)
    assert machine.registers() == before.registers()
    assert machine.counts.instructions == before.counts.instructions
    assert machine.clock.now() < before.clock.now()


@pytest.mark.parametrize("name", AUTHENTICATION)
def test_authentication_is_refused_by_name(bench: Bench, name: str) -> None:
    """Unicorn 2.1.4 would run SMMLS and SMMLA, without a word."""
    image = bench.image(f"movs r0, #1\n{AUTHENTICATION[name]}{END}")
    with pytest.raises(EngineError, match=f"{name.upper()} authenticates a pointer"):
        bench.run(image)


def test_hints_of_authentication_do_nothing(bench: Bench) -> None:
    """PAC, AUT, BTI and PACBTI, as GCC puts them at a function's beginning and end."""
    hints = "".join(f".inst.w 0xf3af{hint[2:]}\n" for hint in HINTS.split())
    registers = bench.run(bench.image(f"mov r12, #7\n{hints}movs r2, #5{END}")).registers()
    assert (registers["r12"], registers["r2"]) == (7, 5)
