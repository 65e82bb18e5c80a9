"""RP2040's devices on the bench, each with the values that its datasheet gives."""

from __future__ import annotations

from typing import Any

import pytest
from device_bench import Bench, get, offset_of, put, round_trip

from benches.build.boot_rom import BOOT_ROMS, build_boot_rom, shipped_rom
from emulator.device import POWER_ON, RESET_PIN, DescribedWord, reset_cause
from peripherals.arm.pl011 import Pl011
from peripherals.raspberrypi.atomic import AtomicAliases, AtomicQuiet
from peripherals.raspberrypi.chip_reset import VregAndChipReset
from peripherals.raspberrypi.clocks import Clocks
from peripherals.raspberrypi.io_bank import IoBank0, IoQspi
from peripherals.raspberrypi.oscillators import Rosc, Xosc
from peripherals.raspberrypi.pll import Pll
from peripherals.raspberrypi.resets import Resets
from peripherals.raspberrypi.ssi import Ssi
from peripherals.raspberrypi.timer import Timer
from peripherals.raspberrypi.usb import Usb
from peripherals.raspberrypi.watchdog import Watchdog
from peripherals.raspberrypi.xip import XipControl

TOGGLE, SET, CLEAR = 0x1000, 0x2000, 0x3000
MHZ = 1_000_000
FLASH = 0x10000000
ROSC_HZ = 6_500_000


def clock_tree(bench: Bench) -> dict[str, Any]:
    made = {
        "clocks": bench.build(Clocks, "clocks", lines=("global",)),
        "xosc": bench.build(Xosc, "xosc"),
        "rosc": bench.build(Rosc, "rosc"),
        "pll_sys": bench.build(Pll, "pll_sys"),
        "watchdog": bench.build(Watchdog, "watchdog"),
    }
    for device in made.values():
        device.reset()
    return made


def test_aliases_change_bits_and_narrow_writes_fill_the_word() -> None:
    block = Bench().build(AtomicQuiet, registers={"A": 0}, silent=True)
    put(block, "A", 0x0F)
    block.write(SET, 4, 0xF0)
    assert get(block, "A") == 0xFF
    block.write(CLEAR, 4, 0x0F)
    block.write(TOGGLE, 4, 0xFF)
    assert (get(block, "A"), block.read(SET, 4)) == (0x0F, 0x0F)
    block.write(2, 1, 0xA5)
    assert get(block, "A") == 0xA5A5A5A5
    block.write(SET + 0x40, 4, 5)
    block.write(TOGGLE + 0x40, 4, 1)
    assert block.read(0x40, 4) == 4


def test_aliases_change_what_the_boards_register_map_says_is_there() -> None:
    bench = Bench()
    bench.described = {0x00: DescribedWord(reset=0xF0), 0x40: DescribedWord(reset=0xA0)}
    block = bench.build(AtomicQuiet, registers={"A": 0}, silent=True)
    block.write(SET, 4, 0x01)
    block.write(SET + 0x40, 4, 0x01)
    assert (block.read(0, 4), block.read(0x40, 4)) == (0xF1, 0xA1)


def test_a_bit_that_is_cleared_by_one_is_so_through_the_aliases() -> None:
    bench = Bench()
    timer = bench.build(Timer, lines=("alarm0",), clock="core")
    timer.values["INTR"] = 0xF
    timer.write(offset_of(timer, "INTR") + CLEAR, 4, 0x1)
    timer.write(offset_of(timer, "INTR") + SET, 4, 0x2)
    assert get(timer, "INTR") == 0xC


def test_resets_hold_blocks_and_release_them() -> None:
    bench = Bench()
    resets = bench.build(Resets, blocks={"uart0": 22})
    assert (get(resets, "RESET"), get(resets, "RESET_DONE")) == (0x1FFFFFF, 0)
    assert bench.signals.get("reset:uart0") == 1
    resets.write(CLEAR, 4, 1 << 22)
    assert get(resets, "RESET_DONE") == 1 << 22
    assert bench.signals.get("reset:uart0") == 0


def test_clocks_follow_crystal_pll_and_muxes() -> None:
    bench = Bench(ROSC_HZ)
    made = clock_tree(bench)
    clocks, xosc, pll = made["clocks"], made["xosc"], made["pll_sys"]
    assert bench.clock.core_hz == ROSC_HZ
    put(xosc, "CTRL", 0xAA0)
    put(xosc, "STARTUP", 47)
    xosc.write(SET, 4, 0xFAB << 12)
    assert not get(xosc, "STATUS") >> 31
    bench.run(ROSC_HZ * 47 * 256 // (12 * MHZ) + 1)  # 2.16.3: 1 ms
    assert get(xosc, "STATUS") >> 31
    put(clocks, "CLK_REF_CTRL", 2)
    assert get(clocks, "CLK_REF_SELECTED") == 1 << 2
    put(pll, "FBDIV_INT", 125)
    put(pll, "PRIM", 6 << 16 | 2 << 12)
    pll.write(offset_of(pll, "PWR") + CLEAR, 4, 0x29)
    assert get(pll, "CS") >> 31
    put(clocks, "CLK_SYS_CTRL", 1)
    assert (get(clocks, "CLK_SYS_SELECTED"), bench.clock.core_hz) == (2, 125 * MHZ)
    put(clocks, "CLK_SYS_DIV", 5 << 7)  # 2.5
    assert bench.clock.core_hz == 50 * MHZ
    put(clocks, "CLK_PERI_CTRL", 1 << 11)
    assert bench.clocks.hz("clk_peri") == 50 * MHZ
    put(clocks, "FC0_SRC", 0x09)
    bench.run(50 * 300)
    assert get(clocks, "FC0_STATUS") == 0x11
    assert get(clocks, "FC0_RESULT") >> 5 == 50_000
    for device in made.values():
        round_trip(device)


def test_the_timer_counts_microseconds_and_alarms_match() -> None:
    bench = Bench(ROSC_HZ)
    made = clock_tree(bench)
    timer = bench.build(Timer, "timer", lines=("alarm0", "alarm1", "alarm2", "alarm3"), clock="tick")
    put(made["watchdog"], "TICK", 1 << 9 | 13)  # 0.5 MHz
    timer.reset()
    bench.run(26)
    assert get(timer, "TIMERAWL") == 2
    assert bench.ramp is not None
    assert bench.ramp.values(bench.cycles + 13) == 3
    put(timer, "TIMELW", 0xFFFFFFFE)
    put(timer, "TIMEHW", 7)
    put(timer, "INTE", 1)
    put(timer, "ALARM0", 1)
    assert get(timer, "ARMED") == 1
    bench.run(2 * 13)
    assert get(timer, "TIMELR") == 0
    bench.run(13)
    assert (get(timer, "TIMEHR"), get(timer, "TIMERAWH"), get(timer, "TIMERAWL")) == (8, 8, 1)
    assert (get(timer, "ARMED"), get(timer, "INTS"), bench.lines["alarm0"].level) == (0, 1, True)
    put(timer, "INTR", 1)
    assert not bench.lines["alarm0"].level
    put(timer, "ALARM2", 50)
    put(timer, "ARMED", 4)
    put(timer, "PAUSE", 1)
    bench.run(13_000)
    assert (get(timer, "TIMERAWL"), get(timer, "INTR")) == (1, 0)
    round_trip(timer)


def test_the_watchdog_bites_after_half_its_load_and_keeps_its_scratch() -> None:
    bench = Bench(ROSC_HZ)
    dog = clock_tree(bench)["watchdog"]
    bench.signals.set(reset_cause(POWER_ON), 1)
    dog.reset()
    bench.signals.set(reset_cause(POWER_ON), 0)
    put(dog, "TICK", 1 << 9 | 13)
    put(dog, "SCRATCH4", 0xB007C0D3)
    put(dog, "LOAD", 200)
    put(dog, "CTRL", 1 << 30)
    bench.run(99 * 13)
    assert bench.resets == []
    put(dog, "LOAD", 200)
    bench.run(100 * 13)
    assert len(bench.resets) == 1
    dog.reset()
    assert (get(dog, "SCRATCH4"), get(dog, "REASON")) == (0xB007C0D3, 1)
    put(dog, "CTRL", 1 << 31)
    assert len(bench.resets) == 2
    dog.reset()
    assert get(dog, "REASON") == 2


def test_pins_raise_interrupts_by_edge_and_level() -> None:
    bench = Bench()
    bank = bench.build(IoBank0, "io_bank0", lines=("global",))
    put(bank, "PROC0_INTE1", 8 << 4)  # GPIO9, rising edge
    bench.signals.set("GPIO9", 1)
    assert bench.lines["global"].level
    assert get(bank, "PROC0_INTS1") == 8 << 4
    assert get(bank, "GPIO9_STATUS") == 1 << 26 | 1 << 17
    put(bank, "INTR1", 8 << 4)
    assert not bench.lines["global"].level
    put(bank, "PROC0_INTE1", 1 << 4)
    bench.signals.set("GPIO9", 0)
    assert bench.lines["global"].level


def flash_bench() -> tuple[Bench, Any, Any]:
    bench = Bench(125 * MHZ)
    ssi = bench.build(Ssi, "ssi", flash_bytes=0x100000)
    pins = bench.build(IoQspi, "io_qspi")
    for register, value in (("SSIENR", 0), ("BAUDR", 4), ("CTRLR0", 7 << 16), ("SER", 1), ("SSIENR", 1)):
        put(ssi, register, value)
    return bench, ssi, pins


def command(bench: Bench, ssi: Any, pins: Any, data: bytes) -> bytes:
    answer = []
    put(pins, "GPIO_QSPI_SS_CTRL", 2 << 8)
    for byte in data:
        put(ssi, "DR0", byte)
        assert get(ssi, "SR") & 1
        bench.run(8 * 4)
        answer.append(get(ssi, "DR0"))
    put(pins, "GPIO_QSPI_SS_CTRL", 3 << 8)
    return bytes(answer)


def test_the_flash_is_erased_and_programmed_in_its_own_time() -> None:
    bench, ssi, pins = flash_bench()
    bench.flash.put(FLASH + 0x1000, bytes(0x1000))
    assert command(bench, ssi, pins, b"\x9f\0\0\0")[1:] == b"\xef\x40\x14"
    command(bench, ssi, pins, b"\x20\x00\x10\x00")
    assert bench.memory.read(FLASH + 0x1000, 4) == 0, "without a write enable"
    command(bench, ssi, pins, b"\x06")
    assert command(bench, ssi, pins, b"\x05\0")[1] == 2
    command(bench, ssi, pins, b"\x20\x00\x1f\xff")
    assert bench.memory.read(FLASH + 0x1FFC, 4) == 0xFFFFFFFF
    assert command(bench, ssi, pins, b"\x05\0")[1] & 1
    bench.run(125 * 45_000)
    assert command(bench, ssi, pins, b"\x05\0")[1] == 0
    command(bench, ssi, pins, b"\x06")
    command(bench, ssi, pins, b"\x02\x00\x10\xfe\x12\x34\x56")
    bench.run(125 * 400)
    assert command(bench, ssi, pins, b"\x03\x00\x10\xfe\0\0")[4:] == b"\x12\x34"
    assert bench.memory.read(FLASH + 0x1000, 1) == 0x56, "it goes on at the page's beginning"
    round_trip(ssi)


def test_a_line_of_the_cache_costs_its_transfer() -> None:
    bench, ssi, _pins = flash_bench()
    ssi.write(offset_of(ssi, "SSIENR") + CLEAR, 4, 1)
    assert get(ssi, "SSIENR") == 0
    put(ssi, "BAUDR", 2)
    put(ssi, "CTRLR0", 2 << 21 | 31 << 16 | 3 << 8)
    put(ssi, "SPI_CTRLR0", 0xEB << 24 | 4 << 11 | 2 << 8 | 8 << 2 | 1)
    assert bench.tuning.parameters["xip"]["bus_cycles"] == 2 * (8 + 8 + 4 + 16)
    assert bench.tuning.parameters["xip_direct"]["wait_states"] == 2 * (8 + 8 + 4 + 8)
    put(ssi, "SPI_CTRLR0", 0xA0 << 24 | 4 << 11 | 8 << 2 | 2)  # no instruction: a continuous read
    assert bench.tuning.parameters["xip"]["bus_cycles"] == 2 * (8 + 4 + 16)
    control = bench.build(XipControl, "xip_ctrl", accelerator="xip")
    control.write(CLEAR, 4, 1)
    put(control, "FLUSH", 1)
    assert bench.tuning.parameters["xip"]["instruction_cache"] == 0
    assert bench.tuning.invalidated.count(("xip", "instruction")) >= 1


def test_the_uart_sends_receives_and_interrupts() -> None:
    bench = Bench(16 * MHZ)
    uart = bench.build(Pl011, "uart0", lines=("global",), clock="core")
    put(uart, "IBRD", 8)
    put(uart, "FBRD", 44)  # 8.6875: 115108
    put(uart, "LCR_H", 0x70)
    aliases = bench.build(AtomicAliases, "aliases", base=0x1000, target=0)
    aliases.write(SET - 0x1000 + 0x30, 4, 1)
    assert get(uart, "CR") == 0x301
    assert bench.serial.bauds == [115108]
    for n in range(33):
        put(uart, "DR", n)
    assert get(uart, "FR") == 1 << 5 | 1 << 4 | 1 << 3
    put(uart, "DR", 0x55)  # lost
    put(uart, "IMSC", 1 << 5)
    assert not bench.lines["global"].level
    bench.run(1390 * 18)
    assert bench.lines["global"].level, "half of the FIFO has left"
    put(uart, "ICR", 1 << 5)
    assert not bench.lines["global"].level
    bench.run(1390 * 20)
    assert bench.serial.sent == list(range(33))
    put(uart, "IMSC", 1 << 4 | 1 << 6)
    bench.serial.feed(b"a")
    bench.run(1391)
    assert not bench.lines["global"].level
    bench.run(1391)
    assert get(uart, "MIS") == 1 << 6
    assert (get(uart, "DR"), get(uart, "MIS"), get(uart, "FR") >> 4 & 1) == (ord("a"), 0, 1)
    bench.serial.feed(bytes(range(34)))
    bench.run(1391 * 34)
    assert get(uart, "RIS") & 1 << 10
    assert next(get(uart, "DR") for _ in range(33)) & 1 << 11
    assert get(uart, "PERIPHID0") == 0x11
    round_trip(uart)


def test_dma_requests_of_the_uart_follow_its_fifos() -> None:
    bench = Bench(16 * MHZ)
    uart = bench.build(Pl011, "uart0", clock="core")
    for register, value in (("IBRD", 8), ("LCR_H", 0x70), ("CR", 0x301), ("DMACR", 3)):
        put(uart, register, value)
    assert (bench.signals.get("dma:uart0_TX"), bench.signals.get("dma:uart0_RX")) == (1, 0)
    bench.serial.feed(b"a")
    bench.run(2000)
    assert bench.signals.get("dma:uart0_RX") == 1


def test_a_console_on_usb_is_told_once() -> None:
    bench = Bench()
    usb = bench.build(Usb, "usb", lines=("global",))
    usb.write(offset_of(usb, "SIE_CTRL") + SET, 4, 1 << 16)
    usb.write(offset_of(usb, "SIE_CTRL") + SET, 4, 1 << 16)
    assert [what for _o, _a, what in bench.unmodelled if "console on USB" in what] == [bench.unmodelled[0][2]]


def test_the_boot_rom_has_its_documented_places() -> None:
    rom = shipped_rom("rp2040").read_bytes()
    assert rom[0x10:0x13] == b"Mu\x01"
    assert len(rom) <= 16 * 1024
    at = int.from_bytes(rom[0x14:0x16], "little")
    codes = []
    while code := rom[at : at + 2].replace(b"\0", b""):
        codes.append(code.decode())
        assert int.from_bytes(rom[at + 2 : at + 4], "little") & 1, "a Thumb address"
        at += 4
    assert {
        "P3",
        "R3",
        "L3",
        "T3",
        "MS",
        "S4",
        "MC",
        "C4",
        "UB",
        "WV",
        "IF",
        "EX",
        "RE",
        "RP",
        "FC",
        "CX",
    } <= {*codes}


@pytest.mark.usefixtures("cross_tools")
@pytest.mark.parametrize("chip", BOOT_ROMS)
def test_the_boot_rom_builds(chip: str) -> None:
    """Its bytes depend on the compiler's version; its header and tables' places don't."""
    assert build_boot_rom(chip)[0x10:0x14] == shipped_rom(chip).read_bytes()[0x10:0x14]


def test_the_regulator_is_ready_while_it_is_on() -> None:
    bench = Bench()
    device = bench.build(VregAndChipReset, "vreg")
    assert get(device, "VREG") == 0x10B1
    put(device, "VREG", 0xB3)  # high impedance
    assert get(device, "VREG") == 0xB3
    put(device, "VREG", 0xF1)
    assert get(device, "VREG") == 0x10F1
    put(device, "BOD", 0xFFFFFFFF)
    assert get(device, "BOD") == 0xF1


def test_the_chip_remembers_why_it_was_reset() -> None:
    """CHIP_RESET: power-on and RUN have a flag; a restart of the processors leaves them."""
    bench = Bench()
    device = bench.build(VregAndChipReset, "vreg")
    assert get(device, "CHIP_RESET") == 1 << 8
    bench.signals.set(reset_cause("watchdog"), 1)
    device.reset()
    bench.signals.set(reset_cause("watchdog"), 0)
    assert get(device, "CHIP_RESET") == 1 << 8
    bench.signals.set(reset_cause(RESET_PIN), 1)
    device.reset()
    assert get(device, "CHIP_RESET") == 1 << 16
    round_trip(device)
