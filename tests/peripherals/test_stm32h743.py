"""RCC, PWR, SYSCFG and FLASH of STM32H743, where they differ from H7A3."""

from __future__ import annotations

from device_bench import Bench, get, put, round_trip

from peripherals.stm32.flash_h743 import FlashH743
from peripherals.stm32.pwr_h7a3 import PwrH743
from peripherals.stm32.rcc_h743 import RccH743
from peripherals.stm32.syscfg import SyscfgH743

PLLON, PLLRDY = 1 << 24, 1 << 25


def test_480_mhz() -> None:
    bench = Bench()
    rcc = bench.build(RccH743, "rcc")
    assert bench.clock.core_hz == 64_000_000
    put(rcc, "PLLCKSELR", 4 << 4)
    put(rcc, "PLL1DIVR", 59 | 1 << 9 | 3 << 16 | 1 << 24)
    put(rcc, "CR", get(rcc, "CR") | PLLON)
    assert get(rcc, "CR") & PLLRDY
    put(rcc, "D1CFGR", 8 | 4 << 4)
    put(rcc, "D2CFGR", 4 << 4 | 5 << 8)
    put(rcc, "D3CFGR", 6 << 4)
    put(rcc, "CFGR", 3)
    hz = bench.clocks.hz
    assert (hz("core"), hz("hclk")) == (480_000_000, 240_000_000)
    assert [hz(f"pclk{n}") for n in (1, 2, 3, 4)] == [120_000_000, 60_000_000, 120_000_000, 30_000_000]
    assert (hz("timpclk1"), hz("timpclk2")) == (240_000_000, 120_000_000)
    assert bench.tuning.parameters["flash"]["bus_divider"] == 2
    put(rcc, "D2CCIP2R", 3 | 1 << 3)  # HSI, PLL2's Q
    assert hz("usart3") == 64_000_000
    put(rcc, "D3CCIPR", 5)
    assert hz("lpuart1") == 32_768
    round_trip(rcc)


def test_the_core_finds_its_registers_at_two_places() -> None:
    rcc = Bench().build(RccH743, "rcc")
    rcc.write(0x140, 4, 1 << 3)
    assert rcc.read(0xE0, 4) == 1 << 3
    rcc.write(0xE0, 4, 1 << 4)
    assert rcc.read(0x140, 4) == 1 << 4
    assert rcc.read(0x130, 4) == rcc.read(0xD0, 4) == 0x00E80000


def test_voltage_scaling() -> None:
    bench = Bench()
    pwr, syscfg = bench.build(PwrH743, "pwr"), bench.build(SyscfgH743, "syscfg")
    assert get(pwr, "CSR1") == 0x6000, "VOS3 after reset"
    put(pwr, "D3CR", 3 << 14)
    assert get(pwr, "CSR1") >> 14 == 3
    assert get(pwr, "D3CR") & 1 << 13
    put(syscfg, "PWRCR", 1)
    assert get(syscfg, "PWRCR") == 1


def test_flash_is_slow_after_reset() -> None:
    bench = Bench()
    flash = bench.build(FlashH743, "flash_interface")
    assert get(flash, "ACR") == 0x37
    assert bench.tuning.parameters["flash"]["wait_states"] == 7
    put(flash, "ACR", 4 | 2 << 4)
    assert bench.tuning.parameters["flash"]["wait_states"] == 4
