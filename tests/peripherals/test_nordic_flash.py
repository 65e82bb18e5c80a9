"""Flash, caches and factory information of nRF52 and nRF53 on the bench."""

from __future__ import annotations

from typing import Any

from device_bench import Bench, get, put, round_trip
from nordic_bench import MS, US, clocked_bench

from peripherals.nordic.cache import Cache
from peripherals.nordic.information_page import InformationPage
from peripherals.nordic.nvmc import Nvmc


def opened(bench: Bench, **parameters: Any) -> Nvmc:
    device: Nvmc = bench.build(Nvmc, "nvmc", base=0x4001E000, flash_bytes=0x4000, **parameters)
    bench.memory.write_all(0x1000, b"\xff" * 0x2000)
    return device


def test_words_are_written_once_the_flash_is_open() -> None:
    bench = clocked_bench()
    device = opened(bench)
    assert not bench.flash.store(0x1000, 4, 0), "read only"
    put(device, "CONFIG", 1)
    assert bench.flash.store(0x1000, 4, 0x12345678)
    assert get(device, "READY") == 0
    bench.run(41 * US)
    assert get(device, "READY") == 1
    assert bench.memory.read(0x1000, 4) == 0x12345678
    assert bench.flash.store(0x1000, 4, 0xFFFF0000), "bits are only cleared"
    assert bench.memory.read(0x1000, 4) == 0x12340000
    assert bench.flash.store(0x10001080, 4, 5), "UICR"
    for address, size in ((0x1000, 1), (0x1002, 2), (0x4000, 4)):
        assert not bench.flash.store(address, size, 0)


def test_a_page_is_erased() -> None:
    bench = clocked_bench()
    device = opened(bench)
    bench.memory.write_all(0x1FFC, bytes(8))
    put(device, "ERASEPAGE", 0x1000)
    assert bench.memory.read(0x1FFC, 4) == 0, "erasing is not enabled"
    put(device, "CONFIG", 2)
    put(device, "ERASEPAGE", 0x1000)
    assert bench.memory.read(0x1FFC, 4) == 0xFFFFFFFF
    assert bench.memory.read(0x2000, 4) == 0
    bench.run(85 * MS - 1)
    assert get(device, "READY") == 0
    bench.run(1)
    assert get(device, "READY") == 1
    round_trip(device)


def test_partial_erases_add_up() -> None:
    bench = clocked_bench()
    device = opened(bench)
    bench.memory.write_all(0x1000, bytes(4))
    put(device, "CONFIG", 2)
    for _ in range(8):
        put(device, "ERASEPAGEPARTIAL", 0x1000)
        bench.run(10 * MS - 1)
        assert get(device, "READY") == 0
        bench.run(1)
        assert get(device, "READY") == 1
        assert bench.memory.read(0x1000, 4) == 0
    put(device, "ERASEPAGEPARTIAL", 0x1000)
    assert bench.memory.read(0x1000, 4) == 0xFFFFFFFF


def test_a_store_erases_a_page_of_nrf53() -> None:
    bench = clocked_bench()
    device = opened(bench, erase_by_store=True)
    bench.memory.write_all(0x1000, bytes(8))
    put(device, "CONFIG", 2)
    assert bench.flash.store(0x1000, 4, 0xFFFFFFFF)
    assert bench.memory.read(0x1004, 4) == 0xFFFFFFFF


def test_information_is_all_ones_where_nothing_is_said() -> None:
    bench = Bench()
    page = bench.build(InformationPage, registers={"PART": 0x130}, values={"PART": 0x8})
    assert page.read(0x130, 4) == 8
    assert page.read(0x131, 1) == 0
    assert page.read(0x134, 4) == 0xFFFFFFFF
    page.write(0x130, 4, 1)
    assert page.read(0x130, 4) == 8
    assert bench.unmodelled


def test_the_cache_reaches_the_memory_model() -> None:
    bench = Bench()
    device = bench.build(Nvmc, "nvmc")
    assert bench.tuning.parameters["flash"] == {"wait_states": 2, "instruction_cache": 0}
    put(device, "ICACHECNF", 1)
    assert bench.tuning.parameters["flash"] == {"wait_states": 3, "instruction_cache": 1}
    put(device, "ICACHECNF", 0)
    assert bench.tuning.invalidated == [("flash", "instruction")]


def test_the_caches_counters_count_while_profiling_is_on() -> None:
    bench = Bench()
    device = bench.build(Nvmc, "nvmc")
    bench.tuning.counts = (100, 10)
    put(device, "ICACHECNF", 1 | 1 << 8)
    assert (get(device, "IHIT"), get(device, "IMISS")) == (0, 0)
    bench.tuning.counts = (150, 13)
    assert (get(device, "IHIT"), get(device, "IMISS")) == (50, 3)
    bench.tuning.counts = (160, 14)
    put(device, "IHIT", 0)
    assert (get(device, "IHIT"), get(device, "IMISS")) == (0, 4)
    bench.tuning.counts = (167, 14)
    assert (get(device, "IHIT"), get(device, "IMISS")) == (7, 4)
    put(device, "ICACHECNF", 1)
    bench.tuning.counts = (1000, 1000)
    assert (get(device, "IHIT"), get(device, "IMISS")) == (7, 4)
    round_trip(device)


def test_its_cache_reaches_the_memory_model() -> None:
    bench = Bench()
    cache = bench.build(Cache, "cache")
    bench.tuning.invalidated.clear()
    put(cache, "ENABLE", 1)
    assert bench.tuning.parameters["flash"]["instruction_cache"] == 1
    assert bench.tuning.invalidated == [("flash", "instruction")]
    put(cache, "INVALIDATE", 1)
    assert len(bench.tuning.invalidated) == 2
    put(cache, "ERASE", 1)
    assert get(cache, "ERASESTATUS") == 1
    put(cache, "ERASESTATUS", 0)
    assert get(cache, "ERASESTATUS") == 0
    for register in ("PROFILINGENABLE", "MODE", "WRITELOCK"):
        put(cache, register, 1)
    assert len(bench.unmodelled) == 3
