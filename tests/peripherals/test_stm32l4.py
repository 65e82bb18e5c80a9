"""RCC, PWR and FLASH of STM32L475/L476, where they differ from L4+."""

from __future__ import annotations

from device_bench import Bench, get, offset_of, put, round_trip

from peripherals.stm32.flash_l4 import FlashL4
from peripherals.stm32.gpio import SwitchedGpio
from peripherals.stm32.pwr_l4 import PwrL4
from peripherals.stm32.rcc_l4 import RccL4

PLLON, PLLRDY = 1 << 24, 1 << 25


def test_80_mhz_from_msi() -> None:
    bench = Bench()
    rcc = bench.build(RccL4, "rcc")
    assert bench.clock.core_hz == 4_000_000
    put(rcc, "PLLCFGR", 1 | 40 << 8 | 1 << 24)
    put(rcc, "CR", get(rcc, "CR") | PLLON)
    assert get(rcc, "CR") & PLLRDY
    put(rcc, "CFGR", 3 | 4 << 8)
    assert bench.clock.core_hz == 80_000_000
    assert bench.clocks.hz("pclk1") == 40_000_000
    assert bench.clocks.hz("timpclk1") == 80_000_000
    put(rcc, "CCIPR", 2 << 2)
    assert bench.clocks.hz("usart2") == 16_000_000
    round_trip(rcc)


def test_reset_values_are_those_of_its_manual() -> None:
    rcc = Bench().build(RccL4, "rcc")
    assert get(rcc, "ICSCR") == 0x10000000
    assert get(rcc, "AHB2SMENR") == 0x000532FF
    assert get(rcc, "APB1ENR1") == 0


def test_it_has_no_hsi48_and_no_boost() -> None:
    bench = Bench()
    rcc, pwr = bench.build(RccL4, "rcc"), bench.build(PwrL4, "pwr")
    assert "hsi48" not in RccL4.clocks()
    rcc.read(0x98, 4)
    pwr.read(0x80, 4)
    assert [offset for offset, *_ in bench.unmodelled] == [0x98, 0x80]


def test_four_wait_states_and_the_caches() -> None:
    bench = Bench()
    flash = bench.build(FlashL4, "flash_interface")
    put(flash, "ACR", 4 | 1 << 8 | 1 << 9)
    assert bench.tuning.parameters["flash"] == {
        "wait_states": 4, "prefetch": 1, "instruction_cache": 1, "data_cache": 0,
    }  # fmt: skip
    assert offset_of(flash, "OPTR") == 0x20


def test_its_ports_connect_pins_to_the_adc() -> None:
    """ASCR (RM0351 section "GPIO registers"), which L4+ has not."""
    bench = Bench()
    port = bench.build(SwitchedGpio, "gpioa")
    put(port, "ASCR", 0xFFFF0021)
    assert get(port, "ASCR") == 0x21
    put(port, "MODER", 1)
    put(port, "BSRR", 1)
    assert bench.signals.get("PA0") == 1
    assert not bench.unmodelled
    round_trip(port)
