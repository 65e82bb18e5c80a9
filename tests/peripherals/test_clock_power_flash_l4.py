"""RCC, PWR and FLASH of the L4+ family."""

from __future__ import annotations

from device_bench import Bench, get, put, round_trip

from peripherals.stm32.flash_l4 import FlashL4Plus
from peripherals.stm32.pwr_l4 import PwrL4Plus
from peripherals.stm32.rcc_l4 import RccL4Plus

MSIRDY, HSION, HSIRDY, HSEON, HSERDY, PLLON, PLLRDY = (1 << n for n in (1, 8, 10, 16, 17, 24, 25))


def rcc(bench: Bench, **parameters: object) -> RccL4Plus:
    device: RccL4Plus = bench.build(RccL4Plus, "rcc", **parameters)
    return device


def to_120_mhz(device: RccL4Plus) -> None:
    """MSI 4 MHz x 60 / 2, the way ST's start-up code does it."""
    put(device, "PLLCFGR", 1 << 24 | 60 << 8 | 0 << 4 | 1)
    put(device, "CR", get(device, "CR") | PLLON)
    put(device, "CFGR", 3)


def test_reset_values_and_clock() -> None:
    bench = Bench(4_000_000)
    device = rcc(bench)
    assert get(device, "CR") == 0x63
    assert get(device, "PLLCFGR") == 0x1000
    assert get(device, "CSR") == 0x0C000600
    assert bench.clock.core_hz == 4_000_000
    assert bench.clocks.hz("lpuart1") == 4_000_000


def test_ready_bits_follow_and_clear() -> None:
    device = rcc(Bench(), hse_hz=8_000_000)
    put(device, "CR", get(device, "CR") | HSION | HSEON | PLLON)
    ready = HSIRDY | HSERDY | PLLRDY
    assert get(device, "CR") & ready == ready
    put(device, "CR", get(device, "CR") & ~(HSION | HSEON | PLLON))
    assert get(device, "CR") & ready == 0
    put(device, "CR", 0x60)  # MSI runs the core: it can't be switched off
    assert get(device, "CR") & 3 == 3
    put(device, "CRRCR", 1)
    put(device, "CSR", get(device, "CSR") | 1)
    put(device, "BDCR", 1)
    assert all(get(device, name) & 2 for name in ("CRRCR", "CSR", "BDCR"))


def test_missing_crystal_never_gets_ready() -> None:
    device = rcc(Bench())
    put(device, "CR", get(device, "CR") | HSEON)
    assert not get(device, "CR") & HSERDY
    put(device, "CFGR", 2)
    assert get(device, "CFGR") >> 2 & 3 == 0  # the switch waits for a ready source


def test_pll_prescalers_and_timer_clocks() -> None:
    bench = Bench()
    device = rcc(bench)
    to_120_mhz(device)
    assert get(device, "CFGR") == 3 | 3 << 2
    assert bench.clock.core_hz == 120_000_000
    put(device, "CFGR", 3 | 8 << 4 | 5 << 8 | 4 << 11)  # AHB /2, APB1 /4, APB2 /2
    hz = bench.clocks.hz
    assert (hz("core"), hz("pclk1"), hz("pclk2")) == (60_000_000, 15_000_000, 30_000_000)
    assert (hz("timpclk1"), hz("timpclk2")) == (30_000_000, 60_000_000)
    assert hz("sysclk") == 120_000_000


def test_msi_ranges() -> None:
    bench = Bench()
    device = rcc(bench)
    put(device, "CR", 0x63 & ~0xF0 | 11 << 4)
    assert bench.clock.core_hz == 4_000_000  # CSR's range still counts
    put(device, "CR", get(device, "CR") | 8)
    assert bench.clock.core_hz == 48_000_000


def test_kernel_clocks() -> None:
    bench = Bench()
    device = rcc(bench)
    to_120_mhz(device)
    put(device, "CCIPR", 1 << 0 | 2 << 2 | 3 << 10)
    hz = bench.clocks.hz
    assert (hz("usart1"), hz("usart2"), hz("lpuart1")) == (120_000_000, 16_000_000, 32_768)
    assert hz("usart3") == 120_000_000


def test_peripheral_reset_and_causes() -> None:
    bench = Bench()
    device = rcc(bench, peripheral_resets={"APB1RSTR2": {"lpuart1": 0}})
    put(device, "APB1RSTR2", 1)
    assert bench.signals.get("reset:lpuart1") == 1
    put(device, "APB1RSTR2", 0)
    assert bench.signals.get("reset:lpuart1") == 0
    bench.signals.set("reset_cause:iwdg", 1)
    device.reset()
    assert get(device, "CSR") & 1 << 29
    bench.signals.set("reset_cause:iwdg", 0)
    put(device, "CSR", 1 << 23 | 0x600)
    assert get(device, "CSR") == 0x600
    device.reset()
    assert not get(device, "CSR") & 1 << 29


def test_rcc_snapshot() -> None:
    device = rcc(Bench())
    to_120_mhz(device)
    round_trip(device)


def test_power_flags() -> None:
    device = Bench().build(PwrL4Plus)
    assert get(device, "CR1") == 0x200
    assert get(device, "CR5") == 0x100
    put(device, "CR5", 0)  # boost
    put(device, "CR1", 0x200 | 1 << 8)
    assert get(device, "CR1") == 0x300
    assert not get(device, "SR2") & 1 << 10  # VOSF
    put(device, "CR1", 1 << 14)
    assert get(device, "SR2") & 1 << 9  # REGLPF
    round_trip(device)


def test_flash_tunes_the_memory_model() -> None:
    bench = Bench()
    device = bench.build(FlashL4Plus)
    assert get(device, "ACR") == 0x600
    assert bench.tuning.parameters["flash"] == {
        "wait_states": 0,
        "prefetch": 0,
        "instruction_cache": 1,
        "data_cache": 1,
    }
    put(device, "ACR", 0x705)
    assert get(device, "ACR") == 0x705
    assert bench.tuning.parameters["flash"]["wait_states"] == 5
    assert bench.tuning.parameters["flash"]["prefetch"] == 1
    put(device, "ACR", 0x105 | 1 << 11 | 1 << 12)
    assert bench.tuning.invalidated == [("flash", "instruction"), ("flash", "data")]
    assert bench.tuning.parameters["flash"]["data_cache"] == 0


def test_flash_locks() -> None:
    bench = Bench()
    device = bench.build(FlashL4Plus)
    put(device, "CR", 0)
    assert get(device, "CR") == 0xC0000000
    put(device, "KEYR", 0x45670123)
    put(device, "KEYR", 0xCDEF89AB)
    assert get(device, "CR") == 0x40000000
    put(device, "OPTKEYR", 0x08192A3B)
    put(device, "OPTKEYR", 0x4C5D6E7F)
    assert get(device, "CR") == 0
    put(device, "CR", 1 << 17)
    assert get(device, "CR") == 0
    assert bench.unmodelled[-1][2] == "flash programming and erasing"  # of option bytes
    put(device, "CR", 1 << 31)
    assert get(device, "CR") == 1 << 31
    put(device, "KEYR", 1)
    assert bench.unmodelled[-1][2] == "wrong key to unlock the flash"
    assert get(device, "OPTR") >> 22 & 1  # dual bank
    round_trip(device)
