"""Code that no compiler makes: the machine goes on, or says what happened."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Machine
from emulator.errors import GuestFault
from tests.machine.firmware import build


@pytest.mark.parametrize("hook", ["native", "python"])
@pytest.mark.parametrize("target", ["0xFFFFFFFF", "0xFFFFFFFD", "0xF0000001"])
def test_a_branch_into_the_system_space_is_a_fault(tmp_path: Path, hook: str, target: str) -> None:
    """0xFFFFFFFE is where Unicorn is told to stop: it stopped there without end."""
    elf = build(tmp_path, f"void main(void) {{ ((void (*)(void)){target}u)(); }}")
    machine = Machine("virtual-m4", hook=hook)
    machine.load(elf)
    with pytest.raises(GuestFault, match="instruction fetch") as caught:
        machine.run(max_cycles=1_000_000)
    assert hex(int(target, 16) & ~1) in str(caught.value) + caught.value.report


@pytest.mark.parametrize("hook", ["native", "python"])
def test_a_reset_vector_that_is_erased_flash(tmp_path: Path, hook: str) -> None:
    machine = Machine("virtual-m4", hook=hook)
    machine.load(build(tmp_path, "void main(void) { }"))
    machine.write_memory(4, b"\xff\xff\xff\xff")
    machine.reset()
    with pytest.raises(GuestFault):
        machine.run(max_cycles=1_000_000)


@pytest.mark.parametrize("hook", ["native", "python"])
def test_a_store_of_the_program_counter(tmp_path: Path, hook: str) -> None:
    """STR.W PC is unpredictable; what it stores is not followed, and it is priced like any store."""
    store_pc = "mov r0, %0\\n .short 0xf8c0, 0xf004\\n ldr r1, [r0, #4]"
    source = f"""static u32 place[4];
    void main(void) {{
        __asm__ volatile("{store_pc}" : : "r"(place) : "r0", "r1", "memory");
        print("end");
    }}"""
    machine = Machine("virtual-m4", hook=hook)
    machine.load(build(tmp_path, source))
    machine.run(until="end", max_cycles=1_000_000)
    assert machine.console.take() == b"end"
