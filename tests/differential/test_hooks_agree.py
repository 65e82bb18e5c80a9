"""Random programs on both hooks, and the hook's data addresses against a memory hook.

The hook computes most data addresses at a block's entry. Here every access is watched by
Unicorn's own memory hook as well, with the repair that it needs (trap U1), and each
address that the block hook priced is one that the block really accessed, in order.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from batches import PLATFORMS, build_batch
from unicorn import Uc
from unicorn import arm_const as arm
from unicorn import unicorn_const as ucc

from emulator import Machine
from emulator.board.model import Accelerator, Board
from emulator.board.reader import load_board
from emulator.engine.events import EVENT_LOAD, EVENT_STORE
from emulator.engine.hooks.block_hook import PythonHook

PROGRAMS = 25
IT_BITS = 0x0600FC00
SLOW_MEMORIES = {
    "art": {
        "wait_states": 4, "line_bytes": 32, "read_bytes": 8, "instruction_lines": 8, "data_lines": 4,
        "prefetch": 1, "instruction_cache": 1, "data_cache": 1,
    },
    "stm32-line-buffers": {
        "wait_states": 2, "read_bytes": 8, "instruction_lines": 2, "prefetch": 1,
        "instruction_cache": 1,
    },
    "l1": {
        "wait_states": 4, "bus_cycles": 3, "line_bytes": 32, "read_bytes": 8, "instruction_lines": 64,
        "instruction_ways": 2, "data_lines": 32, "data_ways": 4, "instruction_cache": 1, "data_cache": 1,
    },
    "icache": {
        "wait_states": 4, "bus_cycles": 3, "line_bytes": 16, "read_bytes": 16, "instruction_lines": 64,
        "instruction_ways": 2, "instruction_cache": 1,
    },
    "l1 without caches": {"wait_states": 1, "bus_cycles": 3, "line_bytes": 32, "read_bytes": 16},
    "l1 without caches and prediction": {"bus_cycles": 5, "line_bytes": 32, "read_bytes": 32},
}  # fmt: skip
"""Parameters by the kind of accelerator: lines come and go, and most stay for a while."""


def slow_board(name: str, kind: str = "art") -> Board:
    """A QEMU machine's board with flash rules on all its memories, so that no access is free."""
    board = load_board(name)
    regions = tuple(
        dataclasses.replace(r, accelerator="" if r.alias_of else "flash", wait_states=0)
        for r in board.regions
    )
    rules = "stm32-art" if kind == "art" else kind.split(maxsplit=1)[0]
    accelerator = Accelerator("flash", rules, SLOW_MEMORIES[kind])
    core = {"static_prediction": 1} if kind.endswith("prediction") else board.core_parameters
    return dataclasses.replace(board, regions=regions, accelerators=(accelerator,), core_parameters=core)


def run(machine: Machine, elf: Path) -> None:
    machine.load(elf)
    machine.run()
    assert machine.exit_code == 0


@pytest.mark.parametrize(
    ("board", "kind"),
    [
        *((board, "art") for board in PLATFORMS),
        ("mps2-an386", "stm32-line-buffers"),
        ("mps2-an500", "l1"),
        ("mps2-an386", "l1"),
        ("mps2-an500", "l1 without caches"),
        ("mps2-an500", "l1 without caches and prediction"),
        ("mps2-an505", "icache"),
    ],
)
def test_both_hooks_price_random_programs_alike(
    cross_tools: None, tmp_path: Path, board: str, kind: str
) -> None:
    batch = build_batch(PLATFORMS[board], 11, PROGRAMS, tmp_path)
    native, python = (Machine(slow_board(board, kind), hook=hook) for hook in ("native", "python"))
    for machine in (native, python):
        run(machine, batch.elf)
    assert native.counts == python.counts
    assert native.engine.memory_map.cache_counts() == python.engine.memory_map.cache_counts()
    assert native.hook.path_counts() == python.hook.path_counts()
    for block in range(len(native.engine.automaton.plans)):
        assert native.hook.event_stalls(block) == python.hook.event_stalls(block)


class Watched:
    """The Python hook's addresses beside those that Unicorn reports."""

    def __init__(self, machine: Machine) -> None:
        assert isinstance(machine.hook, PythonHook)
        self.machine = machine
        self.seen: list[tuple[int, int]] = []
        self.compared = 0
        self.wrong: list[str] = []
        self._advance = machine.hook.advance
        machine.hook.advance = self.advance  # type: ignore[method-assign]
        kinds = ucc.UC_HOOK_MEM_READ | ucc.UC_HOOK_MEM_WRITE
        machine.core.uc.hook_add(kinds, self._on_access)

    def _on_access(self, uc: Uc, _kind: int, address: int, size: int, _value: int, _data: object) -> None:
        cpsr = uc.reg_read(arm.UC_ARM_REG_CPSR)
        if cpsr & IT_BITS:  # U1: else the next block is translated as if inside IT
            uc.reg_write(arm.UC_ARM_REG_CPSR, cpsr & ~IT_BITS)
        self.seen += [(address + i) & 0xFFFFFFFF for i in range(size)]  # type: ignore[misc]

    def advance(self, issue: tuple[int, ...], upto: int) -> int:
        hook = self.machine.hook
        assert isinstance(hook, PythonHook)
        if hook.current >= 0 and upto >= 1 << 32:
            self._compare(hook)
            self.seen.clear()
        return self._advance(issue, upto)

    def _compare(self, hook: PythonHook) -> None:
        plan = self.machine.engine.automaton.plans[hook.current]
        position = 0
        for number, address in sorted(hook._addresses.of_event.items()):
            event = plan.events[number]
            if event.kind not in (EVENT_LOAD, EVENT_STORE):
                continue
            wanted = [(address + i) & 0xFFFFFFFF for i in range(event.size_bytes * event.count)]
            at = next((i for i in range(position, len(self.seen)) if self.seen[i : i + 1] == wanted[:1]), -1)
            if at < 0:
                name = plan.block.instructions[event.instruction]
                self.wrong.append(f"0x{name.address:08x} {name.name}: 0x{address:08x} was not accessed")
                continue
            position = at
            self.compared += 1


@pytest.mark.parametrize("board", PLATFORMS)
def test_priced_addresses_are_the_accessed_ones(cross_tools: None, tmp_path: Path, board: str) -> None:
    batch = build_batch(PLATFORMS[board], 12, PROGRAMS, tmp_path)
    machine = Machine(slow_board(board), hook="python")
    watched = Watched(machine)
    run(machine, batch.elf)
    assert watched.wrong == []
    assert watched.compared > 1000
