"""A debugger's halts and steps: exactly at an instruction, and without a trace in the figures."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from emulator import Machine, StopReason
from emulator.machine.execution import RunLimits
from emulator.machine.halts import Access, Watchpoint
from emulator.machine.stepping import Stepping
from tests.machine import context_firmware
from tests.machine.firmware import build

END_CYCLES = 50_000
LAST_COMMAND_CYCLES = 40_000
HOOKS = pytest.mark.parametrize("hook", ["native", "python"])

STRAIGHT = r"""
volatile u32 results[8];
__attribute__((naked, noinline, used)) u32 conditional(u32 n) {
    __asm__("cmp r0, #3\n ittte eq\n addeq r0, #10\n addeq r0, #20\n addeq r0, #40\n addne r0, #1\n bx lr");
}
__attribute__((noinline, used)) void store(u32 n) { results[n] = n + 1; }
__attribute__((noinline, used)) u32 load(u32 n) { return results[n]; }
void main(void) {
    store(2);
    results[0] = conditional(3) + load(2);
    results[1] = conditional(4);
    print("done\r\n");
}
"""


def made(elf: Path, hook: str, board: str = "virtual-m4") -> tuple[Machine, Stepping]:
    machine = Machine(board, hook=hook)
    machine.load(elf)
    stepping = machine.stepping()
    stepping.attach(True)
    return machine, stepping


def state(machine: Machine) -> object:
    memory = [bytes(each.view) for each in machine.core.memories if each.region.kind == "ram"]
    return machine.counts, machine.registers(), bytes(machine.console.output), memory


def code_of(machine: Machine) -> list[int]:
    """Every even address of the image's functions: some are in the middle of an instruction."""
    assert machine.image is not None and machine.image.debug is not None
    functions = [symbol for symbol in machine.image.debug.symbols() if symbol.is_function]
    return [a for f in functions for a in range(f.address, f.address + f.size_bytes, 2)]


def one_command(machine: Machine, stepping: Stepping, random: Random, code: list[int]) -> None:
    kind = random.randrange(3)

    def left(most: int = END_CYCLES) -> RunLimits:
        return RunLimits(max(0, min(most, LAST_COMMAND_CYCLES - machine.counts.cycles)))

    if kind == 0:
        for _ in range(random.randrange(1, 30)):
            if stepping.enter(left()) is not StopReason.HALT:
                return
            stepping.halts.tell_once()
            stepping.execute_one()
    elif kind == 1:
        stepping.halts.set_breakpoints(random.sample(code, 3))
        address = 0x20000000 + 4 * random.randrange(0x60)
        watched = [Watchpoint(address, 4, random.choice(list(Access)))]
        stepping.halts.set_watchpoints(watched if random.random() < 0.4 else [])
        for _ in range(random.randrange(1, 8)):
            stepping.run(left(3000))
            if stepping.halts.found is not None and stepping.halts.found.is_late:
                return  # a debugger would go back
            stepping.halts.tell_once()
    else:
        stepping.run_to_cycle(min(LAST_COMMAND_CYCLES, machine.counts.cycles + random.randrange(5000)))
        stepping.halts.tell_once()


@HOOKS
@pytest.mark.parametrize("board", ["mps2-an386", "mps2-an500", "nucleo-l4r5zi"])
def test_no_figure_tells_that_it_was_halted_and_stepped(tmp_path: Path, hook: str, board: str) -> None:
    elf = build(tmp_path, context_firmware.FIRMWARE)
    undisturbed = Machine(board, hook=hook)
    undisturbed.load(elf)
    undisturbed.run(max_cycles=END_CYCLES)
    machine, stepping = made(elf, hook, board)
    begin, code = machine.snapshot(), code_of(machine)
    for seed in range(6 if hook == "native" else 2):
        stepping.drop_block()
        machine.restore(begin)
        stepping.attach(True)
        random = Random(seed)
        while machine.counts.cycles < LAST_COMMAND_CYCLES:
            one_command(machine, stepping, random, code)
            assert stepping.halts.found is None or not stepping.halts.found.is_late, "no IT block is in it"
        stepping.attach(False)
        stepping.finish_block()
        machine.run(max_cycles=END_CYCLES - machine.counts.cycles)
        assert state(machine) == state(undisturbed), seed


@HOOKS
def test_a_step_is_one_instruction_also_in_an_it_block(tmp_path: Path, hook: str) -> None:
    machine, stepping = made(build(tmp_path, STRAIGHT), hook)
    address = machine.symbol("conditional").address
    stepping.halts.set_breakpoints([address])
    seen = []
    assert stepping.run() is StopReason.HALT
    stepping.halts.tell_once()
    for _ in range(8):
        assert stepping.enter() is StopReason.HALT
        seen.append((machine.core.get("pc") - address, machine.core.get("r0")))
        stepping.execute_one()
    # cmp, ittte, three that add, one whose condition fails, bx lr
    assert seen[:7] == [(0, 3), (2, 3), (4, 3), (6, 13), (8, 33), (10, 73), (12, 73)]
    assert machine.registers()["r0"] == 73


@HOOKS
def test_a_halt_in_an_it_block_is_late_and_comes_only_where_the_condition_holds(
    tmp_path: Path, hook: str
) -> None:
    machine, stepping = made(build(tmp_path, STRAIGHT), hook)
    address = machine.symbol("conditional").address
    stepping.halts.set_breakpoints([address + 10])  # addne, of conditional(4)
    assert stepping.run() is StopReason.HALT
    found = stepping.halts.found
    assert found is not None and found.is_late and found.address == address + 10 and found.index == 5


@HOOKS
def test_watchpoints_halt_before_the_access_by_its_kind(tmp_path: Path, hook: str) -> None:
    elf = build(tmp_path, STRAIGHT)
    machine, stepping = made(elf, hook)
    results = machine.symbol("results").address
    found: dict[Access, list[tuple[str, int]]] = {}
    for access in Access:
        machine, stepping = made(elf, hook)
        stepping.halts.set_watchpoints([Watchpoint(results + 10, 1, access)])
        found[access] = []
        while stepping.run() is StopReason.HALT:
            assert stepping.halts.found is not None
            where = machine.where().split()[1].split("+")[0]
            assert stepping.halts.found.datum == results + 10  # of the word at results + 8
            found[access].append((where, machine.peek(results + 8, 4)[0]))
            stepping.halts.tell_once()
        assert machine.console.take() == b"done\r\n"
    store, load = ("store", 0), ("load", 3)
    assert found == {Access.WRITE: [store], Access.READ: [load], Access.EITHER: [store, load]}


@HOOKS
def test_a_breakpoint_instruction_halts_with_a_debugger_alone(tmp_path: Path, hook: str) -> None:
    elf = build(tmp_path, 'void main(void) { __asm__("nop\\n bkpt 1"); print("behind"); }')
    machine, stepping = made(elf, hook)
    assert stepping.run() is StopReason.HALT
    at = machine.registers()["pc"]
    assert machine.peek(at, 2) == b"\x01\xbe"
    assert stepping.run() is StopReason.HALT and machine.registers()["pc"] == at
    stepping.jump(at + 2)
    assert stepping.run(RunLimits(100_000)) is not StopReason.HALT
    assert machine.console.take() == b"behind"


@HOOKS
def test_a_peek_changes_nothing(tmp_path: Path, hook: str) -> None:
    delay = "for (volatile u32 i = 0; i < 10000; i++) { }"
    elf = build(tmp_path, f'void main(void) {{ print("ready"); {delay} put((char)get()); print("!"); }}')
    machine, _ = made(elf, hook)
    machine.run(until="ready", max_cycles=10_000_000)
    machine.console.feed(b"x")
    machine.run(max_cycles=20_000)
    assert machine.peek(0x40004004, 4)[0] & 2  # the receiver is full
    assert [machine.peek(0x40004000, 4) for _ in range(3)] == [b"x\0\0\0"] * 3
    unknown = machine.unmodelled
    assert machine.peek(0x5FFF0000, 4) == bytes(4) and machine.unmodelled == unknown
    assert machine.peek(0x90000000, 4) == b""
    assert len(machine.peek(0xE000ED00, 4)) == 4  # CPUID
    machine.run(until="!", max_cycles=10_000_000)
    assert machine.console.take() == b"readyx!"
