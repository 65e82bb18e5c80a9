"""The devices that STM32F1 alone has: clocks, ports, flash registers, backup registers, AFIO."""

from __future__ import annotations

import pytest
from device_bench import Bench, get, put, round_trip

from peripherals.stm32.bkp import Bkp
from peripherals.stm32.exti import Exti
from peripherals.stm32.flash_f1 import FlashF1
from peripherals.stm32.gpio_f1 import GpioF1
from peripherals.stm32.pwr_f1 import PwrF1
from peripherals.stm32.rcc_f1 import RccF1
from peripherals.stm32.syscfg import AfioF1

HSEON, PLLON, PLLRDY = 1 << 16, 1 << 24, 1 << 25


@pytest.mark.parametrize(
    ("cfgr", "hz"),
    [
        (7 << 18 | 1 << 16, 72_000_000),  # 8 MHz x 9
        (7 << 18 | 1 << 17 | 1 << 16, 36_000_000),  # 4 MHz x 9
        (15 << 18, 64_000_000),  # HSI / 2 x 16: the factor's field ends at 16
        (14 << 18, 64_000_000),
        (0, 8_000_000),
    ],
)
def test_pll(cfgr: int, hz: int) -> None:
    bench = Bench()
    rcc = bench.build(RccF1, "rcc", hse_hz=8_000_000)
    assert bench.clock.core_hz == 8_000_000
    put(rcc, "CR", get(rcc, "CR") | HSEON)
    put(rcc, "CFGR", cfgr)
    put(rcc, "CR", get(rcc, "CR") | PLLON)
    assert get(rcc, "CR") & PLLRDY
    put(rcc, "CFGR", cfgr | 4 << 8 | 2)
    assert get(rcc, "CFGR") & 0xC == 8
    assert bench.clock.core_hz == hz
    assert bench.clocks.hz("pclk1") == hz // 2
    assert (bench.clocks.hz("timpclk1"), bench.clocks.hz("pclk2")) == (hz, hz)
    round_trip(rcc)


def test_a_board_without_a_crystal_stays_on_hsi() -> None:
    rcc = Bench().build(RccF1, "rcc")
    put(rcc, "CR", get(rcc, "CR") | HSEON)
    put(rcc, "CFGR", 1)
    assert get(rcc, "CR") & 1 << 17 == 0
    assert get(rcc, "CFGR") & 0xC == 0


def test_port() -> None:
    bench = Bench()
    port = bench.build(GpioF1, "gpioc")
    assert get(port, "CRL") == get(port, "CRH") == 0x44444444
    put(port, "CRH", 0x44244444)  # PC13: output, push-pull
    put(port, "BSRR", 1 << 13)
    assert bench.signals.get("PC13") == 1
    assert get(port, "IDR") == 1 << 13
    put(port, "BRR", 1 << 13)
    assert bench.signals.get("PC13") == 0
    put(port, "CRH", 0x44644444)  # open-drain: a one lets go
    put(port, "ODR", 1 << 13)
    bench.signals.set("PC13", 1)
    assert get(port, "IDR") == 1 << 13
    put(port, "CRH", 0x44A44444)  # an alternate function drives it, not ODR
    put(port, "ODR", 0)
    assert bench.signals.get("PC13") == 1
    round_trip(port)


def test_an_inputs_pull_is_in_the_output_register() -> None:
    port = Bench().build(GpioF1, "gpioa")
    put(port, "CRL", 0x44444448)
    assert get(port, "IDR") == 0
    put(port, "BSRR", 1)
    assert get(port, "IDR") == 1
    put(port, "CRL", 0x44444444)
    assert get(port, "IDR") == 0


def test_afio_gives_a_line_to_a_port() -> None:
    bench = Bench()
    afio = bench.build(AfioF1, "afio")
    exti = bench.build(Exti, "exti", lines=("line15_10",), banks=1)
    put(afio, "EXTICR4", 2 << 4)
    put(exti, "IMR1", 1 << 13)
    put(exti, "FTSR1", 1 << 13)
    bench.signals.set("PA13", 1)
    bench.signals.set("PA13", 0)
    assert not bench.lines["line15_10"].level
    bench.signals.set("PC13", 1)
    bench.signals.set("PC13", 0)
    assert bench.lines["line15_10"].level


def test_flash_access_control() -> None:
    bench = Bench()
    flash = bench.build(FlashF1, "flash_interface")
    assert get(flash, "ACR") == 0x30
    assert bench.tuning.parameters["flash"] == {"wait_states": 0, "prefetch": 1}
    put(flash, "ACR", 2)
    assert get(flash, "ACR") == 2
    assert bench.tuning.parameters["flash"] == {"wait_states": 2, "prefetch": 0}
    put(flash, "ACR", 0x12)
    assert get(flash, "ACR") == 0x32


def test_flash_locks() -> None:
    flash = Bench().build(FlashF1, "flash_interface")
    assert get(flash, "CR") == 0x80
    for key in (0x45670123, 0xCDEF89AB):
        put(flash, "KEYR", key)
    assert get(flash, "CR") == 0
    for key in (0x45670123, 0xCDEF89AB):
        put(flash, "OPTKEYR", key)
    assert get(flash, "CR") & 1 << 9 == 0, "the options have keys of their own"
    for key in (0x08192A3B, 0x4C5D6E7F):
        put(flash, "OPTKEYR", key)
    assert get(flash, "CR") == 1 << 9
    put(flash, "CR", 1 << 9 | 1 << 7)
    assert get(flash, "CR") & 0x80
    round_trip(flash)


def test_backup_registers_outlive_a_reset() -> None:
    backup = Bench().build(Bkp, "bkp")
    put(backup, "DR1", 0x1234_ABCD)
    put(backup, "CR", 3)
    backup.reset()
    assert get(backup, "DR1") == 0xABCD
    assert get(backup, "CR") == 0


def test_power_control_opens_the_backup_domain() -> None:
    """RM0008, PWR_CR: flags that are cleared by writing 1 read as 0; the supply is never low."""
    bench = Bench()
    pwr = bench.build(PwrF1, "pwr")
    put(pwr, "CR", 1 << 8 | 0xC | 7 << 5 | 1 << 4)
    assert get(pwr, "CR") == 1 << 8 | 7 << 5 | 1 << 4
    put(pwr, "CSR", 0xFFFFFFFF)
    assert get(pwr, "CSR") == 1 << 8
    round_trip(pwr)
