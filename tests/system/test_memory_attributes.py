"""The MPU's memory attributes: what they mean to caches, and what becomes of the figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from assembled import assemble, finish, machine_with

from emulator import Machine
from emulator.board.model import Board
from emulator.board.reader import load_board
from emulator.system.features import Architecture
from emulator.system.memory_attributes import (
    NORMAL,
    ORDERED,
    UNCACHED,
    MemoryAttributes,
    memory_attributes,
)
from emulator.timing.memory.level_one import Stores

WRITE_THROUGH = MemoryAttributes(stores=Stores.WRITE_THROUGH)
NO_ALLOCATE = MemoryAttributes(stores=Stores.NO_WRITE_ALLOCATE)
S = 1 << 2


def tex(value: int, c_b: int) -> int:
    return value << 3 | c_b


@pytest.mark.parametrize(
    ("attributes", "meaning"),
    [
        (tex(0, 0), ORDERED),
        (tex(0, 1), UNCACHED),  # Device
        (tex(0, 2), WRITE_THROUGH),
        (tex(0, 3), NO_ALLOCATE),
        (tex(1, 0), UNCACHED),
        (tex(1, 3), NORMAL),
        (tex(2, 0), UNCACHED),  # Device, not shared
        (tex(4, 0), UNCACHED),
        (tex(4, 1), NORMAL),
        (tex(5, 2), WRITE_THROUGH),
        (tex(7, 3), NO_ALLOCATE),
        (tex(1, 3) | S, MemoryAttributes(caches_data=False)),
        (tex(0, 0) | S, ORDERED),
    ],
)
def test_armv7m(attributes: int, meaning: MemoryAttributes) -> None:
    """DDI 0403 table B3-13; shareable memory: DDI 0489, CACR.SIWT as after reset."""
    assert memory_attributes(Architecture.V7M, attributes) == meaning


@pytest.mark.parametrize(
    ("attributes", "meaning"),
    [
        (0x00, ORDERED),
        (0x04, UNCACHED),  # Device-nGnRE
        (0x0C, UNCACHED),  # Device-GRE
        (0x44, UNCACHED),
        (0xAA, WRITE_THROUGH),
        (0xBB, WRITE_THROUGH),
        (0xEE, NO_ALLOCATE),
        (0xFF, NORMAL),
        (0x77, NORMAL),  # transient
    ],
)
def test_armv8m(attributes: int, meaning: MemoryAttributes) -> None:
    """DDI 0553 D1.2, MAIR_ATTR."""
    assert memory_attributes(Architecture.V8M, attributes) == meaning
    assert memory_attributes(Architecture.V8M, None) == NORMAL


REGION = """
    ldr r0, =0xE000ED98
    mov r1, #0
    str r1, [r0]
    ldr r1, ={base:#x}
    str r1, [r0, #4]
    movw r1, #{limit} & 0xFFFF
    movt r1, #{limit} >> 16
    str r1, [r0, #8]
    ldr r0, =0xE000ED94
    mov r1, #5
    str r1, [r0]
    dsb
    isb
"""
DATA_CACHE_ON = """
    ldr r0, =0xE000ED14
    ldr r1, [r0]
    orr r1, r1, #0x10000
    str r1, [r0]
    dsb
    isb
"""
LOOP = """
    ldr r9, =0xE0001004
    ldr r0, =0xE000EDFC
    mov r1, #0x1000000
    str r1, [r0]
    ldr r0, =0xE0001FB0
    ldr r1, =0xC5ACCE55
    str r1, [r0]
    ldr r0, =0xE0001000
    ldr r1, [r0]
    orr r1, r1, #1
    str r1, [r0]
    ldr r5, ={memory:#x}
    mov r6, #64
    ldr r7, [r9]
    .balign 8
1:  {body}
    subs r6, #1
    bne 1b
    ldr r8, [r9]
    sub r8, r8, r7
    str r8, [r4]
"""
AXI_SRAM = 0x24000000
STORES = "str r6, [r5]\n    str r6, [r5, #4]\n    str r6, [r5, #64]"
LOADS = "ldr r0, [r5]\n    ldr r1, [r5, #4]\n    ldr r2, [r5, #64]"


def cycles(folder: Path, body: str, attributes: int | None, hook: str, *, size: int = 16) -> int:
    """Of 64 turns on STM32H7A3's AXI SRAM, the data cache on."""
    limit = 0x03000000 if attributes is None else 0x03000000 | attributes << 16 | size << 1 | 1
    setup = REGION.format(base=AXI_SRAM, limit=limit)
    source = DATA_CACHE_ON + setup + LOOP.format(memory=AXI_SRAM, body=body)
    machine = Machine(slow_sram(), hook=hook)
    machine.load(assemble(folder, source, machine.board))
    finish(machine)
    return word(machine, 0x100)


def slow_sram() -> Board:
    """STM32H7A3 with an AXI SRAM that takes fewer stores than the core has."""
    board = load_board("nucleo-h7a3zi-q")
    region = board.region_at(AXI_SRAM)
    assert region is not None
    name = board.accelerator_of(region)
    accelerators = tuple(
        replace(a, parameters={**a.parameters, "wait_states": 3}) if a.name == name else a
        for a in board.accelerators
    )
    return replace(board, accelerators=accelerators)


def word(machine: Machine, offset: int) -> int:
    ram = next(region.base for region in machine.board.regions if region.kind == "ram")
    return int.from_bytes(machine.read_memory(ram + offset, 4), "little")


@pytest.mark.parametrize("body", [STORES, LOADS, f"{LOADS}\n    {STORES}"], ids=["stores", "loads", "both"])
def test_the_m7s_figures_follow(tmp_path: Path, body: str) -> None:
    """Both hooks agree; each step away from write-back costs more, where there is such an access."""
    kinds = (None, tex(1, 3), tex(0, 2), tex(1, 0), tex(0, 0))
    native = [cycles(tmp_path, body, kind, "native") for kind in kinds]
    assert native == [cycles(tmp_path, body, kind, "python") for kind in kinds]
    background, write_back, write_through, uncached, ordered = native
    assert background == write_back <= write_through <= uncached <= ordered
    assert write_back < ordered
    if body != LOADS:
        assert write_back < write_through
        assert uncached < ordered
    if body != STORES:
        assert write_through < uncached


def test_only_the_regions_own_addresses_follow(tmp_path: Path) -> None:
    """32 bytes that are not cached, 64 below what is read."""
    far = "ldr r0, [r5, #256]"
    assert cycles(tmp_path, far, tex(1, 0), "native", size=4) == cycles(tmp_path, far, None, "native")
    near = "ldr r0, [r5, #16]"
    assert cycles(tmp_path, near, tex(1, 0), "native", size=4) > cycles(tmp_path, near, None, "native")


FLASH_LOADS = """
    ldr r0, =0x40030400
    mov r1, #1
    str r1, [r0]
"""


def test_the_m33s_cache_of_stm32u5_holds_what_is_cacheable(tmp_path: Path) -> None:
    """ICACHE (RM0456): MAIR's attribute decides whether code and data of flash are looked up."""
    found = []
    for attribute in (0xFF, 0x44):
        setup = f"""
    ldr r0, =0xE000EDC0
    mov r1, #{attribute}
    str r1, [r0]
""" + REGION.format(base=0x08000000 | 3 << 1, limit=0x080FFFE0 | 1)
        latency = "    ldr r0, =0x40022000\n    mov r1, #4\n    str r1, [r0]\n"
        source = FLASH_LOADS + latency + setup + LOOP.format(memory=0x08001000, body=LOADS)
        per_hook = []
        for hook in ("native", "python"):
            machine = machine_with(tmp_path, source, "nucleo-u575zi-q", hook=hook)
            finish(machine)
            per_hook.append(word(machine, 0x100))
        assert per_hook[0] == per_hook[1]
        found.append(per_hook[0])
    cached, uncached = found
    assert cached < uncached
