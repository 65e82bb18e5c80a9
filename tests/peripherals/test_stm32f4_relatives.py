"""What F411, F429 and F446 have beyond F407: timers' prescaler, over-drive, a third PLL, the R output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from device_bench import Bench, get, put, round_trip

from emulator.device import DeviceContext
from peripherals.stm32.flash_f4 import FlashF42x
from peripherals.stm32.pwr_f4 import PwrF411, PwrF429
from peripherals.stm32.rcc_f4 import RccF4, RccF411, RccF429, RccF446

HSEON, PLLON = 1 << 16, 1 << 24
PLL_360_MHZ = 8 | 360 << 6 | 1 << 22  # HSE / 8 * 360


def started(kind: Callable[[DeviceContext], Any], pllcfgr: int) -> tuple[Bench, Any]:
    bench = Bench()
    rcc = bench.build(kind, "rcc", hse_hz=8_000_000)
    put(rcc, "CR", get(rcc, "CR") | HSEON)
    put(rcc, "PLLCFGR", pllcfgr)
    put(rcc, "CR", get(rcc, "CR") | PLLON)
    return bench, rcc


@pytest.mark.parametrize(
    ("ppre1", "timpre", "hz"),
    [(5, 0, 90_000_000), (5, 1, 180_000_000), (6, 1, 90_000_000), (4, 0, 180_000_000), (0, 1, 180_000_000)],
)
@pytest.mark.parametrize("kind", [RccF411, RccF429, RccF446])
def test_timers_clock(kind: Callable[[DeviceContext], Any], ppre1: int, timpre: int, hz: int) -> None:
    """RM0383, RM0090 and RM0390, DCKCFGR: twice a divided bus; with TIMPRE hclk, or four times it."""
    bench, rcc = started(kind, PLL_360_MHZ)
    put(rcc, "CFGR", 2 | ppre1 << 10)
    put(rcc, "DCKCFGR", timpre << 24)
    assert bench.clock.core_hz == 180_000_000
    assert bench.clocks.hz("timpclk1") == (hz if not (ppre1 == 6 and timpre) else 4 * 180_000_000 // 8)
    round_trip(rcc)


@pytest.mark.parametrize(("r", "hz"), [(2, 180_000_000), (3, 120_000_000), (7, 51_428_571)])
def test_the_r_output_can_be_the_system_clock(r: int, hz: int) -> None:
    bench, rcc = started(RccF446, PLL_360_MHZ | r << 28)
    put(rcc, "CFGR", 3)
    assert get(rcc, "CFGR") & 0xC == 0xC
    assert bench.clock.core_hz == hz


def test_others_have_no_r_output() -> None:
    bench, rcc = started(RccF4, PLL_360_MHZ | 2 << 28)
    put(rcc, "CFGR", 3)
    assert get(rcc, "CFGR") & 0xC == 0
    assert bench.clock.core_hz == 16_000_000


@pytest.mark.parametrize("kind", [RccF429, RccF446])
def test_pllsai_gets_ready(kind: Callable[[DeviceContext], Any]) -> None:
    rcc = Bench().build(kind, "rcc")
    assert get(rcc, "PLLSAICFGR") == 0x24003000
    put(rcc, "CR", get(rcc, "CR") | 1 << 28)
    assert get(rcc, "CR") & 1 << 29


def test_over_drive() -> None:
    pwr = Bench().build(PwrF429, "pwr")
    assert get(pwr, "CSR") & 3 << 16 == 0
    put(pwr, "CR", get(pwr, "CR") | 1 << 16)
    assert get(pwr, "CSR") & 3 << 16 == 1 << 16
    put(pwr, "CR", get(pwr, "CR") | 1 << 17)
    assert get(pwr, "CSR") & 3 << 16 == 3 << 16
    put(pwr, "CR", get(pwr, "CR") & ~(3 << 16))
    assert get(pwr, "CSR") & 3 << 16 == 0


def test_f411_has_none() -> None:
    pwr = Bench().build(PwrF411, "pwr")
    put(pwr, "CR", 3 << 16 | 3 << 14)
    assert get(pwr, "CR") == 3 << 14
    assert get(pwr, "CSR") == 1 << 14


def test_nine_wait_states() -> None:
    bench = Bench()
    flash = bench.build(FlashF42x, "flash_interface")
    put(flash, "ACR", 9 | 1 << 8)
    assert bench.tuning.parameters["flash"]["wait_states"] == 9
    assert get(flash, "OPTCR1") == 0x0FFF0000
