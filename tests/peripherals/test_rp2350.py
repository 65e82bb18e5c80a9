"""RP2350's devices on the bench, where they differ from RP2040's."""

from __future__ import annotations

from typing import Any

from device_bench import Bench, get, put, round_trip

from emulator.device import POWER_ON, reset_cause
from peripherals.raspberrypi.bootram import DIAGNOSES, DIAGNOSTIC, BootRam
from peripherals.raspberrypi.dma import Rp2350Dma
from peripherals.raspberrypi.io_bank import Rp2350IoBank0, Rp2350IoQspi
from peripherals.raspberrypi.oscillators import Rp2350Rosc, Rp2350Xosc
from peripherals.raspberrypi.otp import OtpData
from peripherals.raspberrypi.pll import Pll
from peripherals.raspberrypi.powman import Powman
from peripherals.raspberrypi.psm import Psm
from peripherals.raspberrypi.qmi import Qmi
from peripherals.raspberrypi.rp2350_clocks import Rp2350Clocks, Ticks
from peripherals.raspberrypi.rp2350_sio import Rp2350Sio
from peripherals.raspberrypi.timer import Rp2350Timer
from peripherals.raspberrypi.trng import Trng
from peripherals.raspberrypi.watchdog import Rp2350Watchdog
from peripherals.raspberrypi.xip import Maintenance, Rp2350XipControl

MHZ = 1_000_000
FLASH = 0x10000000
PASSWORD = 0x5AFE0000
EN, WORDS, INCR_READ, INCR_WRITE, ALWAYS = 1, 2 << 2, 1 << 4, 1 << 6, 0x3F << 17
READ_REVERSED, SOURCE, TARGET = 1 << 5, 0x20000000, 0x20001000


def test_clocks_with_dividers_of_sixteen_bits_and_ticks() -> None:
    bench = Bench()
    clocks = bench.build(Rp2350Clocks, "clocks", lines=("global",))
    made: dict[str, Any] = {
        "xosc": bench.build(Rp2350Xosc, "xosc"),
        "rosc": bench.build(Rp2350Rosc, "rosc"),
        "pll_sys": bench.build(Pll, "pll_sys"),
        "ticks": bench.build(Ticks, "ticks"),
    }
    for device in (clocks, *made.values()):
        device.reset()
    assert bench.clocks.hz("core") == 11 * MHZ
    put(made["xosc"], "CTRL", 0xFABAA0)
    bench.run(11_000 * 256)
    put(clocks, "CLK_REF_CTRL", 2)
    assert (bench.clocks.hz("clk_ref"), get(clocks, "CLK_REF_SELECTED")) == (12 * MHZ, 4)
    put(made["pll_sys"], "FBDIV_INT", 125)
    put(made["pll_sys"], "PWR", 0)
    put(made["pll_sys"], "PRIM", 5 << 16 | 2 << 12)
    put(clocks, "CLK_SYS_CTRL", 0)
    put(clocks, "CLK_SYS_CTRL", 1)
    assert bench.clocks.hz("core") == 150 * MHZ
    put(clocks, "CLK_SYS_DIV", 2 << 16 | 0x8000)
    assert bench.clocks.hz("core") == 60 * MHZ
    put(clocks, "CLK_PERI_CTRL", 1 << 11)
    assert bench.clocks.hz("clk_peri") == 60 * MHZ
    put(made["ticks"], "TIMER1_CYCLES", 12)
    put(made["ticks"], "TIMER1_CTRL", 1)
    assert (bench.clocks.hz("tick_timer1"), get(made["ticks"], "TIMER1_CTRL")) == (MHZ, 3)
    assert get(made["ticks"], "TIMER0_CTRL") == 0


def test_timer_and_watchdog_count_ticks_of_their_own() -> None:
    bench = Bench(MHZ)
    bench.clocks.set({"tick_timer0": MHZ, "tick_watchdog": MHZ})
    timer = bench.build(Rp2350Timer, lines=("alarm2",), clock="tick_timer0")
    dog = bench.build(Rp2350Watchdog, "watchdog")
    put(timer, "INTE", 4)
    put(timer, "ALARM2", 50)
    put(dog, "LOAD", 100)
    put(dog, "CTRL", 1 << 30)
    bench.run(50)
    assert (get(timer, "TIMERAWL"), bench.lines["alarm2"].level) == (50, True)
    assert get(dog, "CTRL") & 0xFFFFFF == 50, "one a tick, where RP2040's goes by two"
    bench.run(60)
    assert len(bench.resets) == 1
    put(timer, "LOCKED", 1)
    put(timer, "LOCKED", 0)
    assert get(timer, "LOCKED") == 1
    put(timer, "SOURCE", 1)
    assert any("clk_sys" in what for _, _, what in bench.unmodelled)
    round_trip(timer)
    round_trip(dog)


def exchange(bench: Bench, qmi: Any, *frames: int) -> list[int]:
    """Frames to the selected chip, one after the other."""
    answers = []
    put(qmi, "DIRECT_CSR", 2 << 22 | 1 | 1 << 2)
    for frame in frames:
        put(qmi, "DIRECT_TX", frame)
        bench.run(16)
        answers.append(get(qmi, "DIRECT_RX"))
    put(qmi, "DIRECT_CSR", 2 << 22 | 1)
    return answers


def test_direct_frames_reach_the_flash_which_takes_its_time() -> None:
    bench = Bench(MHZ)
    qmi = bench.build(Qmi, "qmi", flash_bytes=0x400000)
    assert exchange(bench, qmi, 0x9F, 0, 0, 0)[1:] == [0xEF, 0x40, 0x16]
    bench.memory.write_all(FLASH + 0x1000, b"\x5a" * 8)
    exchange(bench, qmi, 0x06)
    exchange(bench, qmi, 0x20, 0x00, 0x10, 0x00)
    assert bench.memory.read(FLASH + 0x1000, 4) == 0xFFFFFFFF
    assert exchange(bench, qmi, 0x05, 0)[1] & 1
    bench.run(45_000)
    assert exchange(bench, qmi, 0x05, 0)[1] & 1 == 0
    put(qmi, "DIRECT_CSR", 2 << 22 | 1)
    put(qmi, "DIRECT_TX", 0x1234 | 1 << 18 | 1 << 20)  # 16 bits, nothing comes back
    assert get(qmi, "DIRECT_CSR") & 2
    bench.run(31)
    assert get(qmi, "DIRECT_CSR") & 2
    bench.run(1)
    assert get(qmi, "DIRECT_CSR") & (2 | 1 << 16) == 1 << 16
    round_trip(qmi)


def test_the_pin_of_the_flashs_select_shows_who_drives_it() -> None:
    """Firmware that changes the QMI's timing waits until OUTTOPAD is high (MicroPython's rp2 port)."""
    bench = Bench(MHZ)
    qmi = bench.build(Qmi, "qmi", flash_bytes=0x400000)
    pins = bench.build(Rp2350IoQspi, "io_qspi", lines=("global",))
    high, low = 1 << 13 | 1 << 17 | 1 << 9, 1 << 13
    assert get(pins, "GPIO_QSPI_SS_STATUS") == high
    put(qmi, "DIRECT_CSR", 2 << 22 | 1 << 2 | 1)
    assert get(pins, "GPIO_QSPI_SS_STATUS") == low
    put(qmi, "DIRECT_CSR", 2 << 22 | 1)
    assert get(pins, "GPIO_QSPI_SS_STATUS") == high
    put(qmi, "DIRECT_CSR", 2 << 22 | 1 << 6 | 1)  # by itself, as long as a frame is sent
    put(qmi, "DIRECT_TX", 0x9F)
    assert get(pins, "GPIO_QSPI_SS_STATUS") == low
    bench.run(100)
    assert get(pins, "GPIO_QSPI_SS_STATUS") == high
    for override, expected in ((1, low), (2, low), (3, high)):
        put(pins, "GPIO_QSPI_SS_CTRL", override << 12)
        assert get(pins, "GPIO_QSPI_SS_STATUS") == expected
    round_trip(pins)


def test_what_a_line_of_xip_costs_is_as_the_format_says() -> None:
    bench = Bench()
    qmi = bench.build(Qmi, "qmi")
    qmi.reset()
    assert bench.tuning.parameters["xip"]["bus_cycles"] == 4 * (8 + 24 + 64)
    put(qmi, "M0_TIMING", 1 << 30 | 3)
    put(qmi, "M0_RFMT", 4 << 16 | 2 << 14 | 1 << 12 | 2 << 8 | 2 << 6 | 2 << 4 | 2 << 2)
    assert bench.tuning.parameters["xip"]["bus_cycles"] == 3 * (8 + 6 + 2 + 4 + 16)
    assert bench.tuning.parameters["xip_direct"]["wait_states"] == 3 * (8 + 6 + 2 + 4 + 8)
    put(qmi, "ATRANS0", 0x04000100)
    assert any("translation" in what for _, _, what in bench.unmodelled)
    control = bench.build(Rp2350XipControl, "xip_ctrl", accelerator="xip")
    put(control, "CTRL", 0)
    assert bench.tuning.parameters["xip"]["instruction_cache"] == 0
    window = bench.build(Maintenance, "maintenance", accelerator="xip")
    before = len(bench.tuning.invalidated)
    window.write(0x1001, 1, 0)  # clean: nothing is dirty
    assert len(bench.tuning.invalidated) == before
    window.write(0x1000, 1, 0)
    assert bench.tuning.invalidated[before:] == [("xip", "instruction")]


def test_boot_locks_write_once_words_and_diagnoses() -> None:
    bench = Bench()
    ram = bench.build(BootRam, "bootram")
    ram.write(0x40, 4, 0x12345678)
    assert ram.read(0x40, 4) == 0x12345678
    assert (get(ram, "BOOTLOCK3"), get(ram, "BOOTLOCK3"), get(ram, "BOOTLOCK_STAT")) == (8, 0, 0xF7)
    put(ram, "BOOTLOCK3", 0)
    assert get(ram, "BOOTLOCK3") == 8
    put(ram, "WRITE_ONCE1", 0x0F)
    put(ram, "WRITE_ONCE1", 0xF0)
    assert get(ram, "WRITE_ONCE1") == 0xFF
    ram.write(DIAGNOSTIC, 4, 2)
    assert bench.unmodelled[-1][2] == DIAGNOSES[2]
    round_trip(ram)


def test_otp_rows_with_and_without_ecc() -> None:
    bench = Bench()
    otp = bench.build(OtpData, "otp", rows={"0": 0x1234, "1": 0x5678, "5": 9})
    assert (otp.read(0, 4), otp.read(2, 2), otp.read(8, 4)) == (0x56781234, 0x5678, 9 << 16)
    assert (otp.read(0x4004, 4), otp.read(0xC004, 4), otp.read(0x8000, 4)) == (0x5678, 0x5678, 0x56781234)
    assert otp.register_name(0x4014) == "row 5"
    otp.write(0, 4, 1)
    assert "programming" in bench.unmodelled[-1][2]


def test_random_numbers_come_after_their_samples() -> None:
    bench = Bench()
    trng = bench.build(Trng, "trng", lines=("global",))
    put(trng, "SAMPLE_CNT1", 10)
    put(trng, "RNG_IMR", 0xE)
    put(trng, "RND_SOURCE_ENABLE", 1)
    bench.run(1919)
    assert (get(trng, "TRNG_VALID"), get(trng, "TRNG_BUSY")) == (0, 1)
    bench.run(1)
    assert (get(trng, "TRNG_VALID"), bench.lines["global"].level) == (1, True)
    words = [get(trng, f"EHR_DATA{n}") for n in range(6)]
    assert len(set(words)) == 6
    assert get(trng, "TRNG_VALID") == 0, "the last word was taken"
    bench.run(1920)
    assert get(trng, "EHR_DATA0") not in words
    round_trip(trng)


def test_power_manager_wants_its_password_and_counts_milliseconds() -> None:
    bench = Bench(MHZ)
    powman = bench.build(Powman, "powman", lines=("timer",))
    bench.signals.set(reset_cause(POWER_ON), 1)
    powman.reset()
    bench.signals.set(reset_cause(POWER_ON), 0)
    assert (get(powman, "CHIP_RESET"), bench.signals.get("clock:lposc")) == (1 << 16, 32768)
    put(powman, "VREG", 0x1F0)
    assert (get(powman, "VREG"), get(powman, "BADPASSWD")) == (0xB0, 1)
    put(powman, "VREG", PASSWORD | 0xF0)
    assert get(powman, "VREG") == 0xF0
    put(powman, "SCRATCH3", 0xDEADBEEF)
    put(powman, "SET_TIME_15TO0", PASSWORD | 500)
    put(powman, "TIMER", PASSWORD | 1 << 1)
    bench.run(7000)
    assert (get(powman, "READ_TIME_LOWER"), get(powman, "READ_TIME_UPPER")) == (507, 0)
    put(powman, "ALARM_TIME_15TO0", PASSWORD | 510)
    put(powman, "TIMER", PASSWORD | 1 << 1 | 1 << 4)
    assert get(powman, "TIMER") & 1 << 6 == 0
    bench.run(3000)
    assert get(powman, "TIMER") & 1 << 6
    powman.reset()
    assert get(powman, "SCRATCH3") == 0xDEADBEEF
    round_trip(powman)


def test_always_on_timer_says_which_oscillator_it_counts_and_a_snapshot_knows() -> None:
    powman = Bench(MHZ).build(Powman, "powman", lines=("timer",))
    powman.reset()
    put(powman, "TIMER", PASSWORD | 1 << 1)
    assert get(powman, "TIMER") >> 16 == 1 << 1, "the low-power one"
    put(powman, "TIMER", PASSWORD | 1 << 1 | 1 << 9)
    assert get(powman, "TIMER") >> 16 == 1 << 0, "the crystal"
    round_trip(powman)
    assert get(powman, "TIMER") >> 16 == 1 << 0
    powman.reset()
    put(powman, "TIMER", PASSWORD | 1 << 1)
    assert get(powman, "TIMER") >> 16 == 1 << 1


def test_doorbells_and_the_second_core() -> None:
    bench = Bench()
    sio = bench.build(Rp2350Sio, "sio", lines=("proc0", "bell"))
    psm = bench.build(Psm, "psm", boot_rom="rp2350", second_core=24)
    put(sio, "DOORBELL_IN_SET", 0x5)
    assert (get(sio, "DOORBELL_IN_CLR"), bench.lines["bell"].level) == (5, True)
    put(sio, "DOORBELL_IN_CLR", 0x5)
    assert (get(sio, "DOORBELL_IN_SET"), bench.lines["bell"].level) == (0, False)
    put(psm, "FRCE_OFF", 1 << 24)
    assert get(psm, "DONE") == 0xFFFFFF
    put(psm, "FRCE_OFF", 0)
    assert (get(sio, "FIFO_ST") & 1, get(sio, "FIFO_RD")) == (1, 0)
    for word in (0, 0, 1, 0x20000000, 0x20001000, 0x10000201):
        put(sio, "FIFO_WR", word)
        assert get(sio, "FIFO_RD") == word
    assert "core 1, launched at 0x10000200" in bench.unmodelled[-1][2]
    put(sio, "TMDS_CTRL", 1)
    assert "TMDS" in bench.unmodelled[-1][2]


def test_pins_interrupt_as_rp2040s_in_other_registers() -> None:
    bench = Bench()
    bank = bench.build(Rp2350IoBank0, "io_bank0", lines=("global",))
    bank.write(0x248 + 4 * 2, 4, 8 << 4 * 1)  # PROC0_INTE2: a rising edge of pin 17
    bench.signals.set("GPIO17", 1)
    assert bench.lines["global"].level
    assert bank.read(0x278 + 4 * 2, 4) == 8 << 4
    bank.write(0x230 + 4 * 2, 4, 8 << 4)
    assert not bench.lines["global"].level


def start(dma: Any, number: int, control: int, count: int, read: int = SOURCE) -> None:
    put(dma, f"CH{number}_READ_ADDR", read)
    put(dma, f"CH{number}_WRITE_ADDR", TARGET)
    put(dma, f"CH{number}_TRANS_COUNT", count)
    put(dma, f"CH{number}_CTRL_TRIG", control | ALWAYS | number << 13)


def test_dma_goes_backwards_again_and_on_its_fourth_line() -> None:
    bench = Bench()
    dma = bench.build(Rp2350Dma, "dma", lines=("irq0", "irq1", "irq2", "irq3"), channels=16)
    bench.memory.write_all(SOURCE, bytes(range(64)))
    put(dma, "INTE3", 1 << 15)
    start(dma, 15, EN | WORDS | INCR_READ | READ_REVERSED | INCR_WRITE, 3, SOURCE + 8)
    bench.run(3)
    assert [bench.memory.read(TARGET + 4 * n, 1) for n in range(3)] == [8, 4, 0]
    assert bench.lines["irq3"].level
    start(dma, 1, EN | WORDS | READ_REVERSED | INCR_WRITE, 2)  # every second word
    bench.run(2)
    assert [bench.memory.read(TARGET + 4 * n, 1) for n in range(2)] == [0, 8]
    start(dma, 2, EN | WORDS | INCR_READ, 1 << 28 | 4)  # again and again
    bench.run(8)
    assert get(dma, "CH2_TRANS_COUNT") == 1 << 28 | 4
    assert get(dma, "CH2_READ_ADDR") == SOURCE + 32
    put(dma, "CHAN_ABORT", 1 << 2)
    assert get(dma, "CH2_CTRL_TRIG") >> 26 & 1 == 0
    assert get(dma, "N_CHANNELS") == 16
    round_trip(dma)
