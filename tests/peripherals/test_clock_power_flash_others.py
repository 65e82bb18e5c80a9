"""RCC, PWR, FLASH and ICACHE of the families beside L4+: start-up as their firmware does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from device_bench import Bench, get, put, round_trip

from emulator.device import DeviceContext
from peripherals.stm32.flash_f4 import FlashF4, FlashF7
from peripherals.stm32.flash_g0 import FlashG0
from peripherals.stm32.flash_h7 import FlashH7A3
from peripherals.stm32.flash_u5 import FlashU3, FlashU5
from peripherals.stm32.icache import Icache
from peripherals.stm32.pwr_f4 import PwrF4, PwrF7
from peripherals.stm32.pwr_h7a3 import PwrH7A3
from peripherals.stm32.pwr_l4 import PwrG0
from peripherals.stm32.pwr_u5 import PwrU3, PwrU5
from peripherals.stm32.rcc_f4 import RccF4, RccF7
from peripherals.stm32.rcc_g0 import RccG0
from peripherals.stm32.rcc_h7a3 import RccH7A3
from peripherals.stm32.rcc_u3 import RccU3
from peripherals.stm32.rcc_u5 import RccU5

PLLON, PLLRDY = 1 << 24, 1 << 25
HSEON, HSERDY = 1 << 16, 1 << 17


def turn_on(rcc: Any, bit: int) -> None:
    put(rcc, "CR", get(rcc, "CR") | bit)


def test_g0_at_64_mhz() -> None:
    bench = Bench()
    rcc = bench.build(RccG0, "rcc")
    assert get(rcc, "CR") == 0x500
    assert bench.clock.core_hz == 16_000_000
    put(rcc, "PLLCFGR", 2 | 8 << 8 | 1 << 28 | 1 << 29)  # HSI16 x 8 / 2
    turn_on(rcc, PLLON)
    put(rcc, "CFGR", 2)
    assert get(rcc, "CFGR") >> 3 & 7 == 2
    assert bench.clock.core_hz == 64_000_000
    put(rcc, "CFGR", 2 | 4 << 12)
    assert bench.clocks.hz("pclk1") == 32_000_000
    assert bench.clocks.hz("timpclk1") == 64_000_000
    put(rcc, "CCIPR", 2 << 2)
    assert bench.clocks.hz("usart2") == 16_000_000
    round_trip(rcc)


@pytest.mark.parametrize("kind", [RccF4, RccF7])
def test_f4_and_f7_at_168_mhz(kind: Callable[[DeviceContext], Any]) -> None:
    bench = Bench()
    rcc = bench.build(kind, "rcc", hse_hz=8_000_000)
    assert get(rcc, "CR") & 3 == 3
    assert bench.clock.core_hz == 16_000_000
    turn_on(rcc, HSEON)
    assert get(rcc, "CR") & HSERDY
    put(rcc, "PLLCFGR", 8 | 336 << 6 | 0 << 16 | 1 << 22 | 7 << 24)
    turn_on(rcc, PLLON)
    assert get(rcc, "CR") & PLLRDY
    put(rcc, "CFGR", 2 | 5 << 10 | 4 << 13)
    hz = bench.clocks.hz
    assert get(rcc, "CFGR") >> 2 & 3 == 2
    assert (hz("core"), hz("pclk1"), hz("pclk2")) == (168_000_000, 42_000_000, 84_000_000)
    assert (hz("timpclk1"), hz("timpclk2")) == (84_000_000, 168_000_000)
    if kind is RccF7:
        put(rcc, "DCKCFGR1", 1 << 24)
        assert hz("timpclk1") == 168_000_000
        put(rcc, "DCKCFGR2", 2)
        assert hz("usart1") == 16_000_000
    put(rcc, "CR", get(rcc, "CR") & ~PLLON)  # in use: it stays on
    assert get(rcc, "CR") & PLLRDY
    round_trip(rcc)


def test_h7a3_at_280_mhz() -> None:
    bench = Bench()
    rcc = bench.build(RccH7A3, "rcc", hse_hz=8_000_000)
    assert bench.clock.core_hz == 64_000_000
    assert get(rcc, "CR") & 0xC000 == 0xC000
    turn_on(rcc, HSEON)
    put(rcc, "PLLCKSELR", 2 | 1 << 4)
    put(rcc, "PLL1DIVR", 69 | 1 << 9 | 1 << 16 | 1 << 24)  # 8 MHz x 70 / 2
    turn_on(rcc, PLLON)
    put(rcc, "CDCFGR2", 4 << 4 | 4 << 8)
    put(rcc, "CFGR", 3)
    hz = bench.clocks.hz
    assert (hz("core"), hz("pclk1"), hz("timpclk1")) == (280_000_000, 140_000_000, 280_000_000)
    memories = [bench.tuning.parameters[name]["bus_divider"] for name in ("flash", "axi_sram", "ahb_sram")]
    assert memories == [1, 1, 1]
    put(rcc, "CDCFGR1", 8 << 8 | 8)  # core / 2, AHB / 2
    assert (hz("core"), hz("hclk")) == (140_000_000, 70_000_000)
    memories = [bench.tuning.parameters[name]["bus_divider"] for name in ("flash", "axi_sram", "ahb_sram")]
    assert memories == [2, 2, 2], "the memories run on hclk"
    put(rcc, "PLL1FRACR", 4096 << 3)
    put(rcc, "PLLCFGR", get(rcc, "PLLCFGR") | 1)
    assert hz("pll1_p") == 282_000_000
    put(rcc, "CDCCIP2R", 3)
    assert hz("usart3") == 64_000_000
    round_trip(rcc)


def test_u5_at_160_mhz() -> None:
    bench = Bench()
    rcc = bench.build(RccU5, "rcc")
    assert bench.clock.core_hz == 4_000_000
    put(rcc, "PLL1CFGR", 1 | 1 << 18)  # MSIS / 1
    put(rcc, "PLL1DIVR", 79 | 1 << 9 | 1 << 16 | 1 << 24)  # 4 MHz x 80 / 2
    turn_on(rcc, PLLON)
    put(rcc, "CFGR1", 3)
    assert bench.clock.core_hz == 160_000_000
    put(rcc, "CCIPR3", 4)
    put(rcc, "ICSCR1", 1 << 23 | 0 << 24 | 4 << 28)
    assert bench.clocks.hz("lpuart1") == 48_000_000
    put(rcc, "BDCR", 1 | 1 << 7 | 1 << 26)
    assert get(rcc, "BDCR") & (2 | 1 << 11 | 1 << 27) == 2 | 1 << 11 | 1 << 27
    round_trip(rcc)


def test_u3_at_96_mhz() -> None:
    bench = Bench()
    rcc = bench.build(RccU3, "rcc")
    assert bench.clock.core_hz == 12_000_000
    put(rcc, "ICSCR1", 1 << 23)
    assert bench.clock.core_hz == 96_000_000
    put(rcc, "CFGR2", 4 << 8)
    assert bench.clocks.hz("usart1") == 48_000_000
    put(rcc, "CCIPR1", 1)
    assert bench.clocks.hz("usart1") == 16_000_000
    round_trip(rcc)


@pytest.mark.parametrize(
    ("kind", "write", "register", "mask"),
    [
        (PwrG0, ("CR1", 1 << 14), "SR2", 1 << 9),
        (PwrF4, ("CR", 0), "CSR", 1 << 14),
        (PwrF7, ("CR1", 3 << 16), "CSR1", 1 << 14 | 3 << 16),
        (PwrH7A3, ("SRDCR", 3 << 14), "CSR1", 3 << 14 | 1 << 13),
        (PwrH7A3, ("SRDCR", 3 << 14), "SRDCR", 3 << 14 | 1 << 13),
        (PwrH7A3, ("CR3", 1 << 25), "CR3", 1 << 26),
        (PwrU5, ("VOSR", 3 << 16 | 1 << 18), "VOSR", 1 << 14 | 1 << 15),
        (PwrU5, ("VOSR", 3 << 16), "SVMSR", 3 << 16 | 1 << 15),
        (PwrU5, ("CR3", 2), "SVMSR", 2),
        (PwrU3, ("VOSR", 1 | 1 << 8), "VOSR", 1 << 16 | 1 << 24),
    ],
)
def test_power_is_ready(kind: Any, write: tuple[str, int], register: str, mask: int) -> None:
    device = Bench().build(kind)
    put(device, *write)
    assert get(device, register) & mask == mask
    round_trip(device)


@pytest.mark.parametrize(
    ("kind", "acr", "expected"),
    [
        (FlashG0, 0x702, {"wait_states": 2, "prefetch": 1, "instruction_cache": 1}),
        (FlashF4, 0x705, {"wait_states": 5, "prefetch": 1, "instruction_cache": 1, "data_cache": 1}),
        (FlashF7, 0x307, {"wait_states": 7}),
        (FlashH7A3, 0x36, {"wait_states": 6}),
        (FlashU5, 0x104, {"wait_states": 4, "prefetch": 1}),
        (FlashU3, 0x102, {"wait_states": 2, "prefetch": 1}),
    ],
)
def test_flash_tunes_the_memory_model(kind: Any, acr: int, expected: dict[str, int]) -> None:
    bench = Bench()
    device = bench.build(kind)
    put(device, "ACR", acr)
    assert get(device, "ACR") & 0xF == acr & 0xF
    assert bench.tuning.parameters["flash"] == expected
    if kind is FlashF7:
        assert bench.tuning.parameters["art"] == {"wait_states": 7, "prefetch": 1, "instruction_cache": 1}
    round_trip(device)


@pytest.mark.parametrize(
    ("kind", "key", "control", "lock"),
    [
        (FlashG0, "KEYR", "CR", 1 << 31),
        (FlashF4, "KEYR", "CR", 1 << 31),
        (FlashF7, "KEYR", "CR", 1 << 31),
        (FlashH7A3, "KEYR1", "CR1", 1),
        (FlashH7A3, "KEYR2", "CR2", 1),
        (FlashU5, "NSKEYR", "NSCR", 1 << 31),
        (FlashU3, "KEYR", "CR", 1 << 31),
    ],
)
def test_flash_unlocks(kind: Any, key: str, control: str, lock: int) -> None:
    device = Bench().build(kind)
    assert get(device, control) & lock
    put(device, key, 0x45670123)
    put(device, key, 0xCDEF89AB)
    assert not get(device, control) & lock


def test_f4_option_lock_is_in_optcr() -> None:
    device = Bench().build(FlashF4)
    assert get(device, "OPTCR") & 1
    put(device, "OPTKEYR", 0x08192A3B)
    put(device, "OPTKEYR", 0x4C5D6E7F)
    assert not get(device, "OPTCR") & 1


def test_icache() -> None:
    bench = Bench()
    device = bench.build(Icache, lines=("global",))
    assert get(device, "CR") == 4
    expected = {"instruction_cache": 0, "data_cache": 0, "instruction_ways": 2}
    assert bench.tuning.parameters["flash"] == expected
    put(device, "IER", 2)
    put(device, "CR", 4 | 1 | 2)
    assert get(device, "CR") == 5
    assert get(device, "SR") == 2
    assert bench.lines["global"].level
    assert bench.tuning.parameters["flash"]["instruction_cache"] == 1
    assert ("flash", "instruction") in bench.tuning.invalidated
    put(device, "CR", 1)
    assert bench.tuning.parameters["flash"]["instruction_ways"] == 1, "WAYSEL = 0: direct-mapped"
    put(device, "CR", 4 | 1)
    put(device, "FCR", 2)
    assert get(device, "SR") == 0
    assert not bench.lines["global"].level
    round_trip(device)
