"""The Cortex-M7's memory rules, one at a time, and STM32's ICACHE as one cache."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from emulator import Machine
from emulator.engine.hooks.block_hook import PythonHook
from emulator.engine.memory_map import MemoryMap
from emulator.timing.cores.cortex_m7_rows import UNALIGNED
from emulator.timing.memory.memory_system import MemorySystem
from emulator.timing.memory.port import FETCH, LOAD, STORE
from tests.engine.program import FLASH, RAM, board

WAITS, BUS, SRAM_BUS = 6, 5, 4


def memory(core: str = "cortex-m7") -> MemorySystem:
    hook = PythonHook()
    MemoryMap(board(core), hook, timed=True)
    return hook._memory  # the rules are looked at here, without a program


def enabled() -> MemorySystem:
    system = memory()
    for cache in system.caches[:2]:
        cache.enabled = 1
    return system


def test_a_miss_waits_for_the_memory_and_the_bus_and_a_hit_for_nothing() -> None:
    system = enabled()
    assert system.access(FLASH, 100, LOAD) == WAITS + BUS
    assert system.access(FLASH + 4, 200, LOAD) == 0
    assert system.access(RAM, 300, LOAD) == SRAM_BUS


def test_the_word_that_missed_comes_first_and_the_rest_is_waited_for() -> None:
    system = enabled()
    assert system.access(FLASH + 20, 100, LOAD) == WAITS + BUS  # the second read of 16 bytes comes first
    arrived = 100 + WAITS + BUS + 1
    assert system.access(FLASH + 24, arrived, LOAD) == 0
    assert system.access(FLASH, arrived, LOAD) == WAITS  # one more read behind it


def test_a_request_is_under_way_while_an_earlier_line_comes_in() -> None:
    system = enabled()
    system.access(FLASH, 100, LOAD)
    done = 100 + BUS + 2 * (WAITS + 1)
    next_at = 100 + WAITS + BUS + 2
    assert system.access(FLASH + 32, next_at, LOAD) == done + WAITS - next_at


def test_a_store_allocates_without_a_wait_and_its_line_is_written_back() -> None:
    system = enabled()
    assert system.access(RAM, 100, STORE) == 0
    assert system.access(RAM + 4, 200, LOAD) == 0
    for way in range(1, 5):  # four more lines of the same set: the dirty one goes
        t = 1000 * way
        assert system.access(RAM + 64 * way, t, LOAD) == SRAM_BUS
    port = system.ports[1]
    assert port.busy_until == 4000 + SRAM_BUS + 4 + 4  # four reads in, four beats out


def test_a_fetch_does_not_wait_for_the_data_side_filling_the_same_line() -> None:
    system = enabled()
    system.access(FLASH, 100, FETCH)
    system.access(FLASH, 200, LOAD)
    assert system.access(FLASH, 201, FETCH) == 0


def test_without_caches_every_load_goes_over_the_bus_and_few_stores_wait() -> None:
    system = memory()
    for cache in system.caches[:2]:
        cache.enabled = 0
    assert [system.access(RAM, t, LOAD) for t in (100, 200)] == [SRAM_BUS, SRAM_BUS]
    stalls = [system.access(RAM, 300, STORE) for _ in range(7)]
    assert stalls == [0, 0, 0, 0, 0, 1, 2]


def uncached(wait_states: int = 0, read_shift: int = 5) -> MemorySystem:
    system = memory()
    system.caches[0].enabled = 0
    system.ports[0].configure(wait_states, read_shift, 0)
    return system


def test_without_a_cache_a_fetch_asks_for_the_rest_of_its_line_and_finds_it_later() -> None:
    system = uncached()
    assert system.access(FLASH + 8, 100, FETCH) == BUS
    assert system.ports[0].busy_until == 96 + BUS + 3  # fetched 4 cycles before it issues; three words
    assert [system.access(FLASH + at, 200, FETCH) for at in (8, 16, 24)] == [0, 0, 0]
    assert system.access(FLASH, 300, FETCH) == BUS  # what lies before was not asked for


def test_words_come_one_a_cycle_or_with_the_reads_of_the_memory() -> None:
    system = uncached()
    system.access(FLASH, 100, FETCH)
    assert system.access(FLASH + 24, 100, FETCH) == BUS + 3
    system = uncached(WAITS, 4)
    assert system.access(FLASH, 100, FETCH) == BUS + WAITS
    assert system.access(FLASH + 8, 100, FETCH) == BUS + WAITS + 1
    assert system.access(FLASH + 16, 100, FETCH) == BUS + 2 * (WAITS + 1) - 1


def test_the_next_line_is_asked_for_when_this_one_is_in() -> None:
    system = uncached()
    system.access(FLASH, 100, FETCH)
    asked = 96 + BUS + 4
    assert system.access(FLASH + 32, 110, FETCH) == asked + BUS + 4 - 110
    assert system.access(FLASH + 64, 200, FETCH) == 0  # asked for long before


@pytest.mark.parametrize(("later", "waits"), [(4, 0), (5, 1), (6, 7), (7, 6), (20, 0)])
def test_a_taken_branch_waits_for_the_line_behind_it(later: int, waits: int) -> None:
    """Asked for in the cycle of the redirection, 1; before it, until all of the line is in."""
    system = uncached()
    system.access(FLASH, 100, FETCH)
    system.access(FLASH, 200, FETCH)  # entered the second time at 200: the last word is fetched at 199
    system.leave_queue(FLASH + 4, 199 + 8)
    t = 200 + later
    assert system.access(FLASH + 2, t, FETCH) == (waits if later < 6 else waits + BUS)


def test_icache_serves_fetches_and_data_from_one_set_of_lines() -> None:
    system = memory("cortex-m33")
    flash = system.region_at(FLASH)
    assert flash is not None
    assert flash.instruction_cache == flash.data_cache
    assert system.access(FLASH, 100, FETCH) == 4 + 3
    assert system.access(FLASH + 4, 200, LOAD) == 0


def test_unaligned_loads_pay_and_two_go_together() -> None:
    system = memory()
    system.set_timing(UNALIGNED)
    assert system.alignment.stall(RAM + 1, 4, 100, LOAD) == 3
    assert system.alignment.stall(RAM + 5, 4, 104, LOAD) == 0
    assert system.alignment.stall(RAM + 9, 4, 105, LOAD) == 3
    assert system.alignment.stall(RAM + 13, 4, 120, LOAD) == 3
    assert system.alignment.stall(RAM + 16, 4, 124, LOAD) == 0


def test_unaligned_stores_are_free_until_their_buffer_is_full() -> None:
    system = memory()
    system.set_timing(UNALIGNED)
    t, stalls = 100, []
    for _ in range(12):
        stalls.append(system.alignment.stall(RAM + 2, 4, t, STORE))
        t += 1 + stalls[-1]
    assert stalls[:7] == [0] * 7
    assert stalls[-3:] == [2, 2, 2], "one in 3 cycles (dwelch, NUCLEO-F767ZI: 48 for 16)"


@pytest.mark.parametrize("hook", ["native", "python"])
def test_two_loads_of_one_cycle_wait_when_their_banks_are_one(hook: str, tmp_path: Path) -> None:
    """One cycle, or two when bit 2 of the addresses is equal (jnk0le/random cortex_m7.md)."""
    machine = Machine("virtual-m7", hook=hook)
    ram = next(r for r in machine.board.regions if r.kind == "ram")
    image = tmp_path / "loads.bin"
    code = bytes.fromhex("d1f80000d3f800207047")  # ldr.w r0,[r1]; ldr.w r2,[r3]; bx lr
    image.write_bytes(struct.pack("<64I", ram.end - 64, *[0x101] * 63) + code)
    machine.load(image, base=0)
    cycles = {}
    for bank in (0, 4):
        for _ in range(2):  # the second time, the return is predicted
            machine.core.set("sp", ram.end - 64)
            arguments = (0, ram.base + 0x100, 0, ram.base + 0x200 + bank)
            cycles[bank] = machine.call(0x101, *arguments, max_cycles=1000).counts.cycles
    assert cycles[0] == cycles[4] + 1
