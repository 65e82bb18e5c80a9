"""PSoC 6: clocks from oscillators to peripherals, serial block, counters, locks, pins, flash tuning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from device_bench import Bench, get, put, round_trip

from emulator import Machine
from emulator.device import SOFTWARE, reset_cause
from peripherals.infineon.cpuss import Cpuss
from peripherals.infineon.flashc import FlashController
from peripherals.infineon.gpio import Gpio
from peripherals.infineon.ipc import Ipc
from peripherals.infineon.mcwdt import Mcwdt
from peripherals.infineon.peri import Peri
from peripherals.infineon.scb import Scb
from peripherals.infineon.srss import SrssClocks
from peripherals.infineon.srss_power import SrssPower, SrssResets
from peripherals.infineon.tcpwm import Tcpwm

KWS = "closed/bosch/code/CY8CPROTO_062_4343W_int8/kws/ml_perf.bin"
ENABLE = 1 << 31


def clock_tree(bench: Bench) -> tuple[SrssClocks, Cpuss, Peri]:
    """Sources, core dividers and peripheral dividers, as the board wires them."""
    cpuss = bench.build(Cpuss, "cpuss")
    peri = bench.build(Peri, "peri")
    return bench.build(SrssClocks, "srss", eco_hz=17_203_200), cpuss, peri


def run_at_150_mhz(srss: SrssClocks) -> None:
    """IMO through PLL 0: 8 MHz * 75 / (1 * 4)."""
    put(srss, "CLK_PLL_CONFIG0", 75 | 1 << 8 | 4 << 16)
    put(srss, "CLK_PLL_CONFIG0", 75 | 1 << 8 | 4 << 16 | ENABLE)
    put(srss, "CLK_ROOT_SELECT0", 1)


# -- clocks --------------------------------------------------------------------------------------
def test_reset_runs_from_the_internal_oscillator() -> None:
    bench = Bench(1)
    clock_tree(bench)
    assert bench.clock.core_hz == 8_000_000
    assert bench.clocks.hz("peri") == 8_000_000
    assert bench.clocks.hz("lf") == 32_000
    assert bench.clocks.hz("pclk5") == 0


def test_pll_with_lock_and_bypass() -> None:
    bench = Bench(1)
    srss, cpuss, _peri = clock_tree(bench)
    assert get(srss, "CLK_PLL_STATUS0") == 0
    run_at_150_mhz(srss)
    assert get(srss, "CLK_PLL_STATUS0") == 1
    assert bench.clock.core_hz == 150_000_000
    put(cpuss, "CM4_CLOCK_CTL", 2 << 8)
    put(cpuss, "CM0_CLOCK_CTL", 1 << 24 | 4 << 8)
    assert [bench.clocks.hz(n) for n in ("core", "peri", "slow")] == [50_000_000, 75_000_000, 15_000_000]
    put(srss, "CLK_PLL_CONFIG0", get(srss, "CLK_PLL_CONFIG0") | 2 << 28)  # bypassed
    assert bench.clocks.hz("hf0") == 8_000_000
    round_trip(srss)


def test_fll_locks_with_its_oscillator() -> None:
    bench = Bench(1)
    srss, _cpuss, _peri = clock_tree(bench)
    put(srss, "CLK_FLL_CONFIG", 500 | 1 << 24)
    put(srss, "CLK_FLL_CONFIG2", 20)
    put(srss, "CLK_FLL_CONFIG", 500 | 1 << 24 | ENABLE)
    assert get(srss, "CLK_FLL_STATUS") == 0
    put(srss, "CLK_FLL_CONFIG4", ENABLE)
    assert get(srss, "CLK_FLL_STATUS") == 0b101
    assert bench.clock.core_hz == 100_000_000


def test_crystal_must_be_on() -> None:
    bench = Bench(1)
    srss, _cpuss, _peri = clock_tree(bench)
    put(srss, "CLK_PATH_SELECT2", 2)
    put(srss, "CLK_ROOT_SELECT1", 2 | ENABLE)
    assert bench.clocks.hz("hf1") == 0
    put(srss, "CLK_ECO_CONFIG", ENABLE)
    assert get(srss, "CLK_ECO_STATUS") == 3
    assert bench.clocks.hz("hf1") == 17_203_200


def test_a_root_without_a_source_keeps_the_core_running_and_is_reported() -> None:
    bench = Bench(1)
    srss, _cpuss, _peri = clock_tree(bench)
    put(srss, "CLK_PATH_SELECT0", 1)  # no external clock is fitted
    assert bench.clock.core_hz == 8_000_000
    assert bench.unmodelled


def test_dividers() -> None:
    bench = Bench(1)
    srss, cpuss, peri = clock_tree(bench)
    run_at_150_mhz(srss)
    put(cpuss, "CM0_CLOCK_CTL", 1 << 24)
    put(peri, "DIV_16_5_CTL1", 80 << 8 | 12 << 3)  # 75 MHz / (81 + 12/32)
    put(peri, "CLOCK_CTL5", 2 << 8 | 1)
    assert bench.clocks.hz("pclk5") == 0
    put(peri, "DIV_CMD", 1 | 2 << 8 | 0x3FF << 16 | ENABLE)
    assert get(peri, "DIV_16_5_CTL1") & 1
    assert not get(peri, "DIV_CMD") & ENABLE, "the command clears itself"
    assert bench.clocks.hz("pclk5") == 75_000_000 * 32 // (81 * 32 + 12)
    put(peri, "DIV_CMD", 1 | 2 << 8 | 1 << 30)
    assert bench.clocks.hz("pclk5") == 0


def test_watchdog_lock_needs_two_writes() -> None:
    bench = Bench()
    power = bench.build(SrssPower, "power")
    assert get(power, "WDT_CTL") == 3 << 30
    put(power, "WDT_CTL", 1)
    assert get(power, "WDT_CTL") == 3 << 30, "still locked"
    put(power, "WDT_CTL", 1 << 30)
    put(power, "WDT_CTL", 2 << 30)
    assert get(power, "WDT_CTL") == 0
    assert not bench.unmodelled
    put(power, "WDT_CTL", 1)
    assert bench.unmodelled[-1][2] == "the basic watchdog"


def test_multi_counter_watchdog_counts_the_low_clock() -> None:
    bench = Bench(1_000_000)
    bench.clocks.frequencies["lf"] = 32_768
    watchdog = bench.build(Mcwdt, "mcwdt")
    put(watchdog, "MCWDT1_MATCH", 9)
    put(watchdog, "MCWDT1_CONFIG", 1 << 2)  # counter 0 clears on a match
    put(watchdog, "MCWDT1_CTL", 1 | 1 << 16)
    assert get(watchdog, "MCWDT1_CTL") == 0x30003
    bench.run(1_000_000)
    assert get(watchdog, "MCWDT1_CNTHIGH") == 32_768
    assert get(watchdog, "MCWDT1_CNTLOW") == 32_768 % 10
    assert get(watchdog, "MCWDT0_CNTHIGH") == 0
    put(watchdog, "MCWDT1_CTL", 0)
    bench.run(1_000_000)
    assert get(watchdog, "MCWDT1_CNTHIGH") == 32_768
    round_trip(watchdog)


# -- serial block -----------------------------------------------------------------------------------
TX_TRIGGER, TX_EMPTY, TX_DONE = 1, 1 << 4, 1 << 9
RX_TRIGGER, RX_NOT_EMPTY, RX_OVERFLOW, RX_UNDERFLOW = 1, 1 << 2, 1 << 5, 1 << 6


def serial_block(bench: Bench) -> Scb:
    """8N1 at a tenth of the core's clock, byte FIFOs."""
    device: Scb = bench.build(Scb, "scb", lines=("global",))
    put(device, "UART_CTRL", 0)
    put(device, "UART_TX_CTRL", 1)
    put(device, "CTRL", 9 | 1 << 11 | 2 << 24 | ENABLE)
    return device


def test_characters_take_ten_bits() -> None:
    bench = Bench(1_000_000)
    device = serial_block(bench)
    assert bench.serial.bauds == [100_000]
    for byte in b"ab":
        put(device, "TX_FIFO_WR", byte)
    assert get(device, "TX_FIFO_STATUS") == 1 | 1 << 15
    put(device, "INTR_TX", TX_DONE | TX_EMPTY)
    bench.run(199)
    assert bench.serial.sent == [ord("a")]
    bench.run(1)
    assert bytes(bench.serial.sent) == b"ab"
    assert get(device, "INTR_TX") & TX_DONE
    assert get(device, "TX_FIFO_STATUS") == 0


def test_reception_flags_and_interrupt() -> None:
    bench = Bench(1_000_000)
    device = serial_block(bench)
    assert get(device, "RX_FIFO_RD") == 0xFFFFFFFF, "an empty FIFO"
    assert get(device, "INTR_RX") & RX_UNDERFLOW
    assert bench.touches == 0, "polling an empty FIFO is waiting"
    put(device, "RX_FIFO_CTRL", 1)
    put(device, "INTR_RX_MASK", RX_TRIGGER)
    bench.serial.feed(b"xy")
    bench.run(100)
    assert get(device, "INTR_RX") & RX_NOT_EMPTY
    assert not bench.lines["global"].level, "one entry is not more than the level"
    bench.run(100)
    assert bench.lines["global"].level
    assert get(device, "INTR_CAUSE") == 1 << 3
    put(device, "INTR_RX", RX_TRIGGER)
    assert bench.lines["global"].level, "the cause still holds"
    round_trip(device)
    assert [get(device, "RX_FIFO_RD") for _ in range(2)] == list(b"xy")
    put(device, "INTR_RX", RX_TRIGGER)
    assert not bench.lines["global"].level


def test_overflow_and_disable() -> None:
    bench = Bench(1_000_000)
    device = serial_block(bench)
    bench.serial.feed(bytes(range(130)))
    bench.run(130 * 100)
    assert get(device, "RX_FIFO_STATUS") & 0x1FF == 128
    assert get(device, "INTR_RX") & RX_OVERFLOW
    put(device, "CTRL", 9)
    assert get(device, "RX_FIFO_STATUS") == 0
    assert get(device, "INTR_RX") == 0


# -- counters ---------------------------------------------------------------------------------------
def counters(bench: Bench, **parameters: Any) -> Tcpwm:
    for n in range(8):
        bench.clocks.frequencies[f"pclk{n}"] = bench.clock.core_hz
    device: Tcpwm = bench.build(Tcpwm, "tcpwm", lines=("counter0", "counter2"), **parameters)
    return device


def test_free_running_counter() -> None:
    bench = Bench(1_000_000)
    device = counters(bench)
    put(device, "CNT2_CTRL", 3 << 8)  # one eighth
    put(device, "CTRL_SET", 1 << 2)
    assert get(device, "CNT2_STATUS") == 0, "enabled, not started"
    put(device, "CMD_START", 1 << 2)
    assert get(device, "CNT2_STATUS") == ENABLE
    bench.run(8_000_007)
    assert get(device, "CNT2_COUNTER") == 1_000_000
    assert get(device, "CNT0_COUNTER") == 0
    round_trip(device)
    put(device, "CTRL_CLR", 1 << 2)
    bench.run(1000)
    assert get(device, "CNT2_COUNTER") == 1_000_000


def test_terminal_count_interrupts_at_its_cycle_and_one_shot_stops() -> None:
    bench = Bench(1_000_000)
    device = counters(bench)
    put(device, "CNT0_PERIOD", 99)
    put(device, "CNT0_CTRL", 1 << 18)
    put(device, "CNT0_INTR_MASK", 1)
    put(device, "CTRL_SET", 1)
    put(device, "CMD_RELOAD", 1)
    bench.run(99)
    assert not bench.lines["counter0"].level
    bench.run(1)
    assert bench.lines["counter0"].level
    assert get(device, "INTR_CAUSE") == 1
    assert get(device, "CNT0_STATUS") == 0
    put(device, "CNT0_INTR", 1)
    assert not bench.lines["counter0"].level


def test_compare_and_down() -> None:
    bench = Bench(1_000_000)
    device = counters(bench, bits=16)
    assert get(device, "CNT0_PERIOD") == 0xFFFF
    put(device, "CNT0_PERIOD", 1000)
    put(device, "CNT0_CC", 400)
    put(device, "CNT0_CTRL", 1 << 16)
    put(device, "CTRL_SET", 1)
    put(device, "CMD_RELOAD", 1)
    bench.run(599)
    assert get(device, "CNT0_COUNTER") == 401
    assert get(device, "CNT0_INTR") == 0
    bench.run(1)
    assert get(device, "CNT0_INTR") == 2


# -- between the cores --------------------------------------------------------------------------------
def test_locks_and_notifications() -> None:
    bench = Bench()
    ipc = bench.build(Ipc, "ipc", lines=("ipc4",))
    assert get(ipc, "STRUCT7_ACQUIRE") & ENABLE
    assert not get(ipc, "STRUCT7_ACQUIRE") & ENABLE, "taken"
    put(ipc, "INTR4_INTR_MASK", 1 << 23 | 1 << 7)
    put(ipc, "STRUCT7_NOTIFY", 1 << 4)
    assert bench.lines["ipc4"].level
    put(ipc, "INTR4_INTR", 1 << 23)
    assert not bench.lines["ipc4"].level
    put(ipc, "STRUCT7_RELEASE", 1 << 4)
    assert get(ipc, "INTR4_INTR_MASKED") == 1 << 7
    assert not get(ipc, "STRUCT7_LOCK_STATUS") & ENABLE
    round_trip(ipc)


def test_system_calls_are_answered() -> None:
    bench = Bench()
    ipc = bench.build(Ipc, "ipc")
    get(ipc, "STRUCT1_ACQUIRE")
    put(ipc, "STRUCT1_DATA0", 1)  # silicon ID, in the register
    put(ipc, "STRUCT1_NOTIFY", 1)
    assert get(ipc, "STRUCT1_DATA0") == 0xA0000000
    assert not get(ipc, "STRUCT1_LOCK_STATUS") & ENABLE, "released by the boot core"
    assert not bench.unmodelled
    bench.memory.write(0x08001000, 4, 0x06000000)  # program a row
    get(ipc, "STRUCT1_ACQUIRE")
    put(ipc, "STRUCT1_DATA0", 0x08001000)
    put(ipc, "STRUCT1_NOTIFY", 1)
    assert bench.memory.read(0x08001000, 4) >> 28 == 0xF
    assert "system call 0x06" in bench.unmodelled[0][2]


# -- pins and flash -----------------------------------------------------------------------------------
def test_pins() -> None:
    bench = Bench()
    gpio = bench.build(Gpio, "gpio")
    put(gpio, "PRT13_CFG", 0x6 << 28)  # P13.7 strong, no input buffer
    put(gpio, "PRT13_OUT_SET", 1 << 7)
    assert bench.signals.get("P13_7") == 1
    put(gpio, "PRT13_OUT_INV", 1 << 7)
    assert bench.signals.get("P13_7") == 0
    put(gpio, "PRT0_CFG", (0x8 | 0x2) << 16)  # P0.4 pulled up, input buffer on
    put(gpio, "PRT0_OUT_SET", 1 << 4)
    assert get(gpio, "PRT0_IN") == 1 << 4
    bench.signals.set("P0_3", 1)
    assert get(gpio, "PRT0_IN") == 1 << 4, "its input buffer is off"
    round_trip(gpio)


def test_flash_controller_tunes_the_memory_model() -> None:
    bench = Bench()
    flash = bench.build(FlashController, "flash_controller")
    assert bench.tuning.parameters["flash"] == {
        "wait_states": 0, "prefetch": 1, "instruction_cache": 1, "data_cache": 1,
    }  # fmt: skip
    put(flash, "FLASH_CTL", 0x110004)
    assert bench.tuning.parameters["flash"]["wait_states"] == 4
    put(flash, "CM4_CA_CTL0", 1 << 30)
    assert bench.tuning.parameters["flash"]["instruction_cache"] == 0
    bench.tuning.invalidated.clear()
    put(flash, "FLASH_CMD", 1)
    assert bench.tuning.invalidated == [("flash", "instruction"), ("flash", "data")]
    assert get(flash, "FLASH_CMD") == 0


# -- a published image ----------------------------------------------------------------------------------
def test_published_image_sets_the_clock_and_answers(development_image: Callable[[str, str], Path]) -> None:
    machine = Machine("cy8cproto-062-4343w")
    machine.load(development_image("v1.2", KWS))
    machine.run(until="m-ready", wall_limit=60)
    assert machine.clock.core_hz == 150_000_000
    assert machine.console.baud == 576_923, "75 MHz / 13 / 10, for 576000"
    machine.console.feed(b"profile%")
    machine.console.take()
    machine.run(until="m-ready", wall_limit=60)
    assert b"m-model-[kws01]" in machine.console.take()
    assert machine.unmodelled == []


def test_causes_of_a_reset_stay_until_they_are_cleared() -> None:
    """RES_CAUSE; a power-on and XRES clear them."""
    bench = Bench()
    device = bench.build(SrssResets, "srss_resets", lines=("global",))
    assert get(device, "RES_CAUSE") == 0
    bench.signals.set(reset_cause(SOFTWARE), 1)
    device.reset()
    bench.signals.set(reset_cause(SOFTWARE), 0)
    assert get(device, "RES_CAUSE") == 1 << 4
    round_trip(device)
    put(device, "RES_CAUSE", 1 << 4)
    assert get(device, "RES_CAUSE") == 0
