"""Ports, EXTI, SYSCFG, RNG, CRC, watchdogs, signature and debug words."""

from __future__ import annotations

import binascii

from device_bench import Bench, get, put, round_trip

from peripherals.stm32.crc import Crc
from peripherals.stm32.dbgmcu import Dbgmcu
from peripherals.stm32.exti import Exti
from peripherals.stm32.gpio import Gpio
from peripherals.stm32.iwdg import Iwdg
from peripherals.stm32.rng import Rng
from peripherals.stm32.syscfg import Syscfg, SyscfgF4F7
from peripherals.stm32.uid import ElectronicSignature
from peripherals.stm32.wwdg import Wwdg


def test_port_reset_values_and_inputs() -> None:
    bench = Bench()
    bench.signals.levels["PG10"] = 1
    port = bench.build(Gpio, "gpiog", resets={"MODER": 0xABFFFFFF})
    assert get(port, "MODER") == 0xABFFFFFF
    assert get(port, "IDR") == 1 << 10
    put(port, "PUPDR", 1 << 2)
    assert get(port, "IDR") == 1 << 10 | 1 << 1
    assert bench.touches == 0


def test_port_outputs_drive_signals() -> None:
    bench = Bench()
    port = bench.build(Gpio, "gpioa")
    put(port, "MODER", 1 << 0 | 1 << 2)
    put(port, "BSRR", 1 << 0 | 1 << 5)
    assert bench.signals.history == [("PA0", 1)]
    assert get(port, "IDR") == 1
    assert get(port, "ODR") == 0x21
    put(port, "BRR", 1)
    put(port, "BSRR", 1 << 16 | 1)  # set wins
    assert bench.signals.history == [("PA0", 1), ("PA0", 0), ("PA0", 1)]
    put(port, "OTYPER", 1)  # open drain: 1 lets go, and something else pulls it
    bench.signals.levels["PA0"] = 0
    assert get(port, "IDR") == 0
    round_trip(port)


def test_exti_follows_the_selected_port() -> None:
    bench = Bench()
    syscfg = bench.build(Syscfg, "syscfg")
    exti = bench.build(Exti, "exti", lines=("line3", "line9_5"), resets={"IMR2": 0x87})
    assert get(exti, "IMR2") == 0x87
    put(syscfg, "EXTICR2", 2 << 8)  # line 6 from port C
    put(exti, "IMR1", 1 << 6 | 1 << 3)
    put(exti, "RTSR1", 1 << 6)
    bench.signals.set("PA6", 1)
    assert not bench.lines["line9_5"].level
    bench.signals.set("PC6", 1)
    assert bench.lines["line9_5"].level
    put(exti, "PR1", 1 << 6)
    assert not bench.lines["line9_5"].level
    bench.signals.set("PC6", 0)
    assert get(exti, "PR1") == 0  # falling edge not selected
    put(exti, "SWIER1", 1 << 3)
    assert bench.lines["line3"].level
    put(exti, "PR1", 1 << 3)
    assert get(exti, "SWIER1") == 0
    round_trip(exti)
    round_trip(syscfg)


def test_syscfg_reports_remapping() -> None:
    bench = Bench()
    assert get(bench.build(Syscfg, "a"), "CFGR1") == 0x7C000001
    put(bench.build(Syscfg, "b"), "MEMRMP", 3)
    assert bench.unmodelled == [(0, "write", "another memory at address 0")]
    cell = bench.build(SyscfgF4F7, "c")
    put(cell, "CMPCR", 1)
    assert get(cell, "CMPCR") == 0x101


def test_rng_is_deterministic() -> None:
    bench = Bench()
    rng = bench.build(Rng, lines=("global",))
    assert get(rng, "SR") == 0
    put(rng, "CR", 1 << 2 | 1 << 3)
    assert get(rng, "SR") == 1
    assert bench.lines["global"].level
    first = [get(rng, "DR") for _ in range(4)]
    assert bench.touches == 4
    assert len(set(first)) == 4
    round_trip(rng)
    rng.reset()
    put(rng, "CR", 1 << 2)
    assert [get(rng, "DR") for _ in range(4)] == first


def test_crc_is_ethernets_by_default() -> None:
    crc = Bench().build(Crc)
    assert get(crc, "DR") == 0xFFFFFFFF
    put(crc, "DR", 0x12345678)
    assert get(crc, "DR") == 0xDF8A8A2B  # the well-known value of ST's unit
    put(crc, "CR", 1 | 1 << 5 | 1 << 7)  # reset, reversed bytes and result: CRC-32 of zlib
    for byte in b"123456789":
        crc.write(0, 1, byte)
    assert get(crc, "DR") ^ 0xFFFFFFFF == binascii.crc32(b"123456789")
    round_trip(crc)


def test_crc_of_another_polynomial() -> None:
    crc = Bench().build(Crc)
    put(crc, "POL", 0x1021)
    put(crc, "INIT", 0xFFFF)
    put(crc, "CR", 1 | 1 << 3)
    for byte in b"123456789":
        crc.write(0, 1, byte)
    assert get(crc, "DR") == 0x29B1  # CRC-16/CCITT-FALSE


def watchdog(bench: Bench) -> Iwdg:
    bench.clocks.frequencies["lsi"] = 32_000
    device: Iwdg = bench.build(Iwdg, "iwdg")
    put(device, "KR", 0x5555)
    put(device, "PR", 1)  # divides by 8
    put(device, "RLR", 99)
    return device


def test_independent_watchdog_starves() -> None:
    bench = Bench(32_000_000)
    device = watchdog(bench)
    bench.run(10_000_000)
    assert bench.resets == []
    put(device, "KR", 0xCCCC)
    for _ in range(3):
        bench.run(799_999)
        put(device, "KR", 0xAAAA)
    assert bench.resets == []
    bench.clocks.set({"core": 16_000_000})  # the dog's own clock goes on
    bench.run(399_999)
    assert bench.resets == []
    bench.run(1)
    assert len(bench.resets) == 1
    assert bench.signals.get("reset_cause:iwdg") == 1
    round_trip(device)


def test_independent_watchdog_window_and_lock() -> None:
    bench = Bench(32_000_000)
    device = watchdog(bench)
    put(device, "WINR", 50)
    put(device, "KR", 0xCCCC)
    put(device, "PR", 3)
    assert bench.unmodelled == [(4, "write", "the register is locked")]
    bench.run(300_000)
    put(device, "KR", 0xAAAA)  # too early
    assert len(bench.resets) == 1


def test_window_watchdog() -> None:
    bench = Bench()
    bench.clocks.frequencies["pclk1"] = 1_000_000
    device = bench.build(Wwdg, "wwdg", lines=("global",))
    assert get(device, "CR") == 0x7F
    put(device, "CFR", 0x7F | 1 << 9)
    put(device, "CR", 0x80 | 0x42)
    bench.run(4096 * 2)
    assert bench.lines["global"].level
    assert get(device, "CR") == 0xC0
    put(device, "SR", 0)
    assert not bench.lines["global"].level
    put(device, "CR", 0x80 | 0x41)
    bench.run(4096 * 2 - 1)
    assert bench.resets == []
    bench.run(1)
    assert len(bench.resets) == 1
    put(device, "CFR", 0x50)
    put(device, "CR", 0x80 | 0x60)  # still above nothing: it had run out
    put(device, "CR", 0x80 | 0x60)  # 0x60 is above the window 0x50
    assert len(bench.resets) == 2
    round_trip(device)


def test_signature_and_debug_words() -> None:
    bench = Bench()
    words = bench.build(
        ElectronicSignature, uid=0x590, flash_size=0x5E2, flash_kib=2048, words={"0x5A8": 1000}
    )
    assert words.read(0x5E2, 2) == 2048
    assert words.read(0x5A8, 2) == 1000
    assert words.read(0x590, 4) == 0x00420031
    words.write(0x590, 4, 0)
    assert words.read(0x590, 4) == 0x00420031
    debug = bench.build(Dbgmcu, "dbgmcu", idcode=0x100F6470)
    assert get(debug, "IDCODE") & 0xFFF == 0x470
