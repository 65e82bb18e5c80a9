"""Flash that firmware programs and erases: keys, PG, SER or PER, STRT, busy times, errors, the interrupt."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from device_bench import CORE_HZ, Bench, get, put, round_trip

from emulator import Machine
from emulator.device import DeviceContext
from peripherals.stm32.flash_f1 import AS_DELIVERED, FlashF1
from peripherals.stm32.flash_f4 import FlashF4, FlashF7, FlashF42x
from peripherals.stm32.flash_l4 import FlashL4, FlashL4Plus

FLASH, OPTIONS = 0x08000000, 0x1FFFF800
PG = 1
US = CORE_HZ // 1_000_000
MS = 1000 * US


def opened(kind: Callable[[DeviceContext], Any], **parameters: Any) -> tuple[Bench, Any]:
    """A flash of 1 MB, unlocked, all zeros as memory of the bench is."""
    bench = Bench()
    bench.memory.bytes.update(enumerate(AS_DELIVERED, OPTIONS))
    flash = bench.build(kind, "flash_interface", lines=("global",), **parameters)
    for key in (0x45670123, 0xCDEF89AB):
        put(flash, "KEYR", key)
    return bench, flash


def f4(kind: Callable[[DeviceContext], Any] = FlashF4, **parameters: Any) -> tuple[Bench, Any]:
    sectors = {"sectors_kib": [16, 16, 16, 16, 64, 128], "erase_ms": [250, 250, 250, 250, 550, 1000]}
    return opened(kind, **sectors, program_us=16, mass_erase_ms=8000, **parameters)


def test_a_locked_flash_takes_no_store() -> None:
    bench = Bench()
    bench.build(FlashF4, "flash_interface")
    assert not bench.flash.store(FLASH, 4, 0)


@pytest.mark.parametrize("kind", [FlashF4, FlashF42x, FlashF7])
def test_a_sector_is_erased_and_programmed(kind: Callable[[DeviceContext], Any]) -> None:
    bench, flash = f4(kind)
    put(flash, "CR", 1 << 1 | 4 << 3 | 2 << 8)  # SER, sector 4
    put(flash, "CR", get(flash, "CR") | 1 << 16)
    assert get(flash, "SR") == 1 << 16
    bench.run(550 * MS - 1)
    assert get(flash, "SR") == 1 << 16
    bench.run(1)
    assert get(flash, "SR") == 0, "EOP needs its interrupt enabled"
    assert get(flash, "CR") & 1 << 16 == 0
    assert bench.memory.read(FLASH + 0x0FFFC, 4) == 0
    assert bench.memory.read(FLASH + 0x10000, 4) == 0xFFFFFFFF
    assert bench.memory.read(FLASH + 0x1FFFC, 4) == 0xFFFFFFFF
    assert bench.memory.read(FLASH + 0x20000, 4) == 0
    put(flash, "CR", PG | 2 << 8)
    assert bench.flash.store(FLASH + 0x10000, 4, 0x12345678)
    assert get(flash, "SR") == 1 << 16
    bench.run(16 * US)
    assert get(flash, "SR") == 0
    assert bench.memory.read(FLASH + 0x10000, 4) == 0x12345678
    bench.flash.store(FLASH + 0x10000, 4, 0xFFFF0000)
    assert bench.memory.read(FLASH + 0x10000, 4) == 0x12340000, "bits only fall"
    round_trip(flash)


def test_operations_follow_each_other() -> None:
    bench, flash = f4()
    put(flash, "CR", PG | 2 << 8)
    for word in range(3):
        bench.flash.store(FLASH + 4 * word, 4, 0)
    bench.run(48 * US - 1)
    assert get(flash, "SR") == 1 << 16
    bench.run(1)
    assert get(flash, "SR") == 0


@pytest.mark.parametrize(
    ("control", "size_bytes", "flags"),
    [(2 << 8, 4, 1 << 7), (PG, 4, 1 << 6), (PG | 2 << 8, 1, 1 << 6)],  # PGSERR, PGPERR
)
def test_f4_refuses(control: int, size_bytes: int, flags: int) -> None:
    bench, flash = f4()
    bench.memory.write(FLASH, 4, 0xFFFFFFFF)
    put(flash, "CR", control | 1 << 25)
    assert bench.flash.store(FLASH, size_bytes, 0)
    assert get(flash, "SR") == flags
    assert bench.lines["global"].level
    assert bench.memory.read(FLASH, 4) == 0xFFFFFFFF
    put(flash, "SR", flags)
    assert get(flash, "SR") == 0
    assert not bench.lines["global"].level


def test_the_end_interrupts() -> None:
    bench, flash = f4()
    put(flash, "CR", PG | 2 << 8 | 1 << 24)
    bench.flash.store(FLASH, 4, 0)
    bench.run(16 * US)
    assert get(flash, "SR") == 1
    assert bench.lines["global"].level


def test_the_second_bank_of_f429() -> None:
    bench, flash = f4(FlashF42x, flash_kib=2048, bank_kib=1024)
    put(flash, "CR", 1 << 1 | 1 << 7 | 1 << 3 | 1 << 16)  # its sector 1
    assert bench.memory.read(FLASH + 0x104000, 4) == 0xFFFFFFFF
    assert bench.memory.read(FLASH + 0x103FFC, 4) == 0
    bench.run(250 * MS)
    put(flash, "CR", 1 << 1 | 1 << 7 | 12 << 3 | 1 << 16)
    assert get(flash, "SR") == 1 << 7, "a bank has twelve"
    assert get(flash, "CR") & 1 << 16 == 0
    put(flash, "CR", 1 << 15 | 1 << 16)
    assert bench.memory.read(FLASH + 0x1FFFFC, 4) == 0xFFFFFFFF
    assert bench.memory.read(FLASH + 0x0FFFFC, 4) == 0


def test_f1_programs_halfwords() -> None:
    bench, flash = opened(FlashF1, flash_kib=64, sectors_kib=[1], erase_ms=[20], program_us=53)
    put(flash, "CR", 1 << 1)
    put(flash, "AR", FLASH + 0x400)
    put(flash, "CR", 1 << 1 | 1 << 6)
    assert get(flash, "SR") == 1
    bench.run(20 * MS)
    assert get(flash, "SR") == 1 << 5
    put(flash, "SR", 1 << 5)
    assert bench.memory.read(FLASH + 0x3FE, 4) == 0xFFFF0000
    assert bench.memory.read(FLASH + 0x7FE, 4) == 0x0000FFFF
    put(flash, "CR", PG)
    assert not bench.flash.store(FLASH + 0x400, 4, 0), "a bus fault"
    assert bench.flash.store(FLASH + 0x400, 2, 0x1234)
    bench.run(53 * US)
    bench.flash.store(FLASH + 0x400, 2, 0x1200)
    assert get(flash, "SR") == 1 << 5 | 1 << 2
    assert bench.memory.read(FLASH + 0x400, 2) == 0x1234
    bench.flash.store(FLASH + 0x400, 2, 0)
    assert bench.memory.read(FLASH + 0x400, 2) == 0


F1 = {"flash_kib": 64, "sectors_kib": [1], "erase_ms": [20], "program_us": 53}
OPTPG, OPTER, STRT, OPTWRE, WRPRTERR = 1 << 4, 1 << 5, 1 << 6, 1 << 9, 1 << 4


def test_f1_loads_its_option_bytes_at_a_reset() -> None:
    bench, flash = opened(FlashF1, **F1)
    assert (get(flash, "OBR"), get(flash, "WRPR")) == (0x03FFFFFC, 0xFFFFFFFF)
    bench.memory.bytes.update(
        enumerate((0xFF, 0xFF, 0xFE, 0x01, 0x12, 0xED, 0x34, 0xCB, 0xFD, 0x02), OPTIONS)
    )
    assert get(flash, "WRPR") == 0xFFFFFFFF
    flash.reset()
    assert get(flash, "OBR") == 0x34 << 18 | 0x12 << 10 | 0xFE << 2 | 0b11, "protected, and no complements"
    assert get(flash, "WRPR") == 0xFFFFFFFD


def test_f1_erases_and_programs_its_option_bytes() -> None:
    """As ST's driver does: erase all, then a byte with each store; the complement comes by itself."""
    bench, flash = opened(FlashF1, **F1)
    put(flash, "CR", OPTER | STRT)
    assert get(flash, "SR") == 0, "they have a lock of their own"
    assert not bench.flash.store(OPTIONS, 2, 0xA5)
    for key in (0x08192A3B, 0x4C5D6E7F):
        put(flash, "OPTKEYR", key)
    put(flash, "CR", OPTWRE | OPTER)
    put(flash, "CR", OPTWRE | OPTER | STRT)
    bench.run(20 * MS)
    assert get(flash, "SR") == 1 << 5
    assert bench.memory.read(OPTIONS, 4) == 0xFFFFFFFF
    put(flash, "CR", OPTWRE | OPTPG)
    for place, value in ((0, 0xA5), (8, 0xFE)):
        assert bench.flash.store(OPTIONS + place, 2, value)
        assert get(flash, "SR") & 1
        bench.run(53 * US)
    assert bench.memory.read(OPTIONS, 4) == 0xFFFF5AA5
    assert bench.memory.read(OPTIONS + 8, 2) == 0x01FE
    bench.flash.store(OPTIONS, 2, 0xFF)
    assert get(flash, "SR") & 1 << 2, "it is not erased"
    round_trip(flash)


def test_f1_obeys_its_write_protection() -> None:
    """A clear bit of WRPR protects four pages of 1 KB."""
    bench, flash = opened(FlashF1, **F1)
    bench.memory.bytes[OPTIONS + 8] = 0xFD
    flash.reset()
    for key in (0x45670123, 0xCDEF89AB):
        put(flash, "KEYR", key)
    for place, refused in ((0x1000, True), (0x1FFE, True), (0x2000, False)):
        put(flash, "SR", WRPRTERR)
        put(flash, "CR", PG)
        bench.flash.store(FLASH + place, 2, 0)
        assert bool(get(flash, "SR") & WRPRTERR) == refused
        put(flash, "SR", WRPRTERR)
        put(flash, "AR", FLASH + place)
        put(flash, "CR", 1 << 1)
        put(flash, "CR", 1 << 1 | STRT)
        assert bool(get(flash, "SR") & WRPRTERR) == refused
    bench.run(100 * MS)
    put(flash, "CR", 1 << 2)
    put(flash, "CR", 1 << 2 | STRT)
    assert get(flash, "SR") & WRPRTERR, "nor all of it"


def test_a_board_has_option_bytes_as_a_region(tmp_path: Path) -> None:
    options = tmp_path / "options.bin"
    options.write_bytes(bytes((0xA5, 0x5A, 0xFF, 0x00, 0x12, 0xED)))
    spin = tmp_path / "spin.bin"
    spin.write_bytes(struct.pack("<IIH", 0x20005000, 0x08000009, 0xE7FE))
    machine = Machine("stm32f103c8")
    machine.load(spin, base=FLASH)
    assert machine.read_memory(0x40022000 + 0x1C, 4) == (0x03FFFFFC).to_bytes(4, "little")
    assert machine.read_memory(0x1FFFF7E0, 2) == (64).to_bytes(2, "little")
    machine.load(spin, base=FLASH, load=[(options, OPTIONS)])
    assert machine.read_memory(0x40022000 + 0x1C, 4) == (0x03FC4BFC).to_bytes(4, "little")


@pytest.mark.parametrize(("kind", "page"), [(FlashL4, 2), (FlashL4Plus, 4)])
def test_l4_programs_double_words(kind: Callable[[DeviceContext], Any], page: int) -> None:
    bench, flash = opened(kind, bank_kib=512, sectors_kib=[page])
    put(flash, "CR", 1 << 1 | 3 << 3 | 1 << 11 | 1 << 16)
    second = FLASH + 0x80000 + 3 * page * 1024
    assert bench.memory.read(second, 4) == 0xFFFFFFFF
    assert bench.memory.read(second - 4, 4) == 0
    bench.run(22 * MS)
    put(flash, "CR", PG)
    bench.flash.store(second, 4, 0x11111111)
    assert bench.memory.read(second, 4) == 0xFFFFFFFF
    bench.flash.store(second + 4, 4, 0x22222222)
    assert bench.memory.read(second, 4) == 0x11111111
    assert get(flash, "SR") == 1 << 16
    bench.run(82 * US)
    for at in (0, 4):
        bench.flash.store(second + at, 4, 0x1)
    assert get(flash, "SR") == 1 << 3, "PROGERR"
    put(flash, "SR", 1 << 3)
    bench.flash.store(second + 12, 4, 0)
    assert get(flash, "SR") == 1 << 5, "PGAERR"
    put(flash, "SR", 1 << 5)
    bench.flash.store(second + 8, 1, 0)
    assert get(flash, "SR") == 1 << 6, "SIZERR"
    put(flash, "SR", 1 << 6)
    for at in (0, 4):
        bench.flash.store(second + at, 4, 0)
    assert (get(flash, "SR"), bench.memory.read(second, 4)) == (1 << 16, 0)
    round_trip(flash)
