"""STM32H743's flash: words of 32 bytes, sectors of two banks, both at work at once, errors, interrupts."""

from __future__ import annotations

import pytest
from device_bench import CORE_HZ, Bench, get, put, round_trip

from peripherals.stm32.flash_h743 import FlashH743

FLASH, BANK, SECTOR = 0x08000000, 0x100000, 0x20000
MS = CORE_HZ // 1000
US = CORE_HZ // 1_000_000
LOCK, PG, SER, BER, FW, START, SECTOR_1 = 1, 1 << 1, 1 << 2, 1 << 3, 1 << 6, 1 << 7, 1 << 8
BSY, WBNE, QW, EOP, PGSERR, INCERR = 1, 2, 4, 1 << 16, 1 << 18, 1 << 21


def opened(*banks: int) -> tuple[Bench, FlashH743]:
    """Two megabytes, those banks unlocked, all zeros as memory of the bench is."""
    bench = Bench()
    flash: FlashH743 = bench.build(
        FlashH743, "flash_interface", lines=("global",), flash_kib=2048, bank_kib=1024, sectors_kib=[128],
        erase_ms=[1100], mass_erase_ms=8000, program_us=100,
    )  # fmt: skip
    for bank in banks:
        for key in (0x45670123, 0xCDEF89AB):
            put(flash, f"KEYR{bank}", key)
    return bench, flash


def test_a_sector_is_erased() -> None:
    bench, flash = opened(1)
    put(flash, "CR1", SER | SECTOR_1 | 0x30)
    put(flash, "CR1", SER | SECTOR_1 | 0x30 | START)
    assert get(flash, "SR1") == BSY | QW
    bench.run(1100 * MS - 1)
    assert get(flash, "SR1") == BSY | QW
    bench.run(1)
    assert (get(flash, "SR1"), get(flash, "CR1") & START) == (EOP, 0)
    put(flash, "CCR1", EOP)
    assert get(flash, "SR1") == 0
    found = [bench.memory.read(FLASH + at, 4) for at in (SECTOR - 4, SECTOR, 2 * SECTOR - 4, 2 * SECTOR)]
    assert found == [0, 0xFFFFFFFF, 0xFFFFFFFF, 0]
    round_trip(flash)


def test_a_word_is_programmed_when_all_of_it_has_come() -> None:
    bench, flash = opened(1)
    put(flash, "CR1", SER | START)
    bench.run(1100 * MS)
    put(flash, "CCR1", EOP)
    put(flash, "CR1", PG)
    for at in range(0, 28, 4):
        assert bench.flash.store(FLASH + 64 + at, 4, 0x01010101 * at)
    assert get(flash, "SR1") == WBNE
    assert bench.memory.read(FLASH + 64, 4) == 0xFFFFFFFF
    round_trip(flash)
    bench.flash.store(FLASH + 64 + 28, 2, 0x2222)
    bench.flash.store(FLASH + 64 + 30, 2, 0x3333)
    assert get(flash, "SR1") == BSY | QW
    bench.run(100 * US)
    assert get(flash, "SR1") == EOP
    assert [bench.memory.read(FLASH + 64 + at, 4) for at in (0, 4, 28)] == [0, 0x04040404, 0x33332222]


def test_a_part_of_a_word_by_force() -> None:
    bench, flash = opened(1)
    put(flash, "CR1", SER | START)
    bench.run(1100 * MS)
    put(flash, "CR1", PG)
    bench.flash.store(FLASH, 4, 0x12345678)
    put(flash, "CR1", PG | FW)
    assert get(flash, "CR1") & FW == 0
    bench.run(100 * US)
    assert [bench.memory.read(FLASH + at, 4) for at in (0, 4)] == [0x12345678, 0xFFFFFFFF]


def test_banks_work_at_once() -> None:
    bench, flash = opened(1, 2)
    put(flash, "CR1", SER | START)
    put(flash, "CR2", BER | START)
    bench.run(1100 * MS)
    assert (get(flash, "SR1"), get(flash, "SR2")) == (EOP, BSY | QW)
    assert bench.memory.read(FLASH + BANK, 4) == bench.memory.read(FLASH + 2 * BANK - 4, 4) == 0xFFFFFFFF
    bench.run(6900 * MS)
    assert get(flash, "SR2") == EOP


def test_what_is_refused() -> None:
    bench, flash = opened(1)
    bench.memory.write(FLASH, 4, 0xFFFFFFFF)
    assert bench.flash.store(FLASH, 4, 0)
    assert get(flash, "SR1") == PGSERR
    assert bench.memory.read(FLASH, 4) == 0xFFFFFFFF
    put(flash, "CCR1", PGSERR)
    put(flash, "CR1", PG | INCERR)
    bench.flash.store(FLASH, 4, 0)
    bench.flash.store(FLASH + 32, 4, 0)
    assert get(flash, "SR1") == INCERR
    assert bench.lines["global"].level
    put(flash, "CCR1", INCERR)
    assert not bench.lines["global"].level


@pytest.mark.parametrize("control", [START, PG | START])
def test_a_start_of_nothing_ends_at_once(control: int) -> None:
    _bench, flash = opened(1)
    put(flash, "CR1", control)
    assert (get(flash, "SR1"), get(flash, "CR1") & START) == (0, 0)


def test_a_locked_bank_takes_no_control() -> None:
    _bench, flash = opened(2)
    put(flash, "CR1", SER | START)
    assert (get(flash, "SR1"), get(flash, "CR1")) == (0, 0x31)
