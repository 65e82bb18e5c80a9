"""SPI, TWI, analogue inputs, AES and USB of nRF52 and nRF53 on the bench."""

from __future__ import annotations

from typing import Any

import pytest
from device_bench import Bench, get, put, round_trip
from nordic_bench import MS, US, clear, clocked_bench, do, happened

from peripherals.nordic.ecb import Ecb
from peripherals.nordic.saadc import Saadc
from peripherals.nordic.serial_box import SerialBox
from peripherals.nordic.usbd import NO_HOST, Usbd
from peripherals.parts.aes import encrypt

SPIM, TWIM, SPI, SPIS = 7, 6, 1, 2
MHZ_8, KHZ_100 = 0x80000000, 0x01980000


def box(mode: int) -> tuple[Bench, Any]:
    bench = clocked_bench()
    device = bench.build(SerialBox, "spim0", base=0x40003000, lines=("global",))
    put(device, "ENABLE", mode)
    return bench, device


# -- SPI and TWI ---------------------------------------------------------------------------------
def test_an_spi_transfer_takes_its_bits_and_reads_the_pin() -> None:
    bench, device = box(SPIM)
    put(device, "FREQUENCY", MHZ_8)
    put(device, "PSEL_MISO", 32 + 8)
    bench.signals.set("P1_8", 1)
    for register, value in {"TXD_PTR": 0x100, "TXD_MAXCNT": 4, "RXD_PTR": 0x200, "RXD_MAXCNT": 10}.items():
        put(device, register, value)
    put(device, "INTENSET", 1 << 6)  # END
    do(device, "START")
    assert happened(device, "STARTED")
    bench.run(10 * US - 1)
    assert not happened(device, "END")
    bench.run(1)
    assert bench.lines["global"].level
    assert (get(device, "RXD_AMOUNT"), get(device, "TXD_AMOUNT")) == (10, 4)
    assert bytes(bench.memory.read(0x200 + n, 1) for n in range(11)) == b"\xff" * 10 + b"\0"
    round_trip(device)


def test_the_older_spi_exchanges_bytes() -> None:
    bench, device = box(SPI)
    put(device, "FREQUENCY", MHZ_8)
    put(device, "TXD", 1)
    put(device, "TXD", 2)
    for _ in range(2):
        bench.run(US)
        assert happened(device, "READY")
        clear(device, "READY")
        assert get(device, "RXD") == 0
    bench.run(MS)
    assert not happened(device, "READY")


def test_nobody_acknowledges_a_twi_address() -> None:
    bench, device = box(TWIM)
    put(device, "FREQUENCY", KHZ_100)
    put(device, "ADDRESS", 0x29)
    do(device, "STARTTX")
    assert happened(device, "TXSTARTED")
    bench.run(100 * US - 1)
    assert not happened(device, "ERROR")
    bench.run(1)
    assert happened(device, "ERROR")
    assert get(device, "ERRORSRC") == 2
    put(device, "ERRORSRC", 2)
    assert get(device, "ERRORSRC") == 0
    do(device, "STOP")
    assert happened(device, "STOPPED")


def test_a_slave_is_told() -> None:
    bench, _device = box(SPIS)
    assert [what for _offset, _access, what in bench.unmodelled] == ["a slave on SPI or TWI"]


# -- SAADC ---------------------------------------------------------------------------------------
def saadc() -> tuple[Bench, Any]:
    bench = clocked_bench()
    device = bench.build(Saadc, "saadc", base=0x40007000, lines=("global",))
    put(device, "ENABLE", 1)
    put(device, "RESOLUTION", 2)  # 12 bits
    put(device, "RESULT_PTR", 0x300)
    put(device, "RESULT_MAXCNT", 1)
    return bench, device


def sample(bench: Bench, device: Any) -> int:
    do(device, "START")
    do(device, "SAMPLE")
    bench.run(50 * US)
    assert happened(device, "END")
    value = bench.memory.read(0x300, 2)
    return value - 0x10000 if value & 0x8000 else value


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (2 << 16, 1024),  # 900 mV * 1/6 / 600 mV * 4096
        (2 << 16 | 5 << 8, 4095),  # gain 1: more than the reference
        (2 << 16 | 2 << 8 | 1 << 12, 1228),  # 1/4 of 900 mV against VDD / 4
        (2 << 16 | 4 << 8 | 1 << 20, 512),  # differential, 1/2 of 300 mV: half of the bits
    ],
)
def test_a_result_is_the_voltage_in_parts_of_the_range(config: int, expected: int) -> None:
    bench, device = saadc()
    bench.signals.set("analog:AIN0", 900)
    bench.signals.set("analog:AIN1", 600)
    put(device, "CH0_PSELP", 1)
    put(device, "CH0_PSELN", 2)
    put(device, "CH0_CONFIG", config)
    assert sample(bench, device) == expected


def test_a_lower_voltage_on_the_positive_input_is_negative() -> None:
    bench, device = saadc()
    bench.signals.set("analog:AIN1", 300)
    put(device, "CH2_PSELP", 1)
    put(device, "CH2_PSELN", 2)
    put(device, "CH2_CONFIG", 2 << 16 | 4 << 8 | 1 << 20)
    assert sample(bench, device) == -512


def test_every_channel_is_converted_in_its_time_and_limits_are_told() -> None:
    bench, device = saadc()
    bench.signals.set("analog:AIN3", 600)
    put(device, "CH0_PSELP", 4)
    put(device, "CH1_PSELP", 9)  # the supply
    put(device, "CH1_CONFIG", 5 << 16)  # 40 us
    put(device, "CH1_LIMIT", 3000 << 16)
    put(device, "RESULT_MAXCNT", 4)
    do(device, "START")
    do(device, "SAMPLE")
    bench.run((10 + 2 + 40 + 2) * US - 1)
    assert (happened(device, "DONE"), get(device, "STATUS")) == (False, 1)
    bench.run(1)
    assert happened(device, "DONE")
    assert get(device, "RESULT_AMOUNT") == 2
    assert (bench.memory.read(0x300, 2), bench.memory.read(0x302, 2)) == (682, 3413)
    assert happened(device, "CH1_LIMITH")
    assert not happened(device, "CH0_LIMITH")
    assert not happened(device, "END")
    do(device, "SAMPLE")
    bench.run(54 * US)
    assert happened(device, "END")
    round_trip(device)


def test_it_samples_at_its_own_pace_and_averages() -> None:
    bench, device = saadc()
    put(device, "CH0_PSELP", 1)
    put(device, "CH0_CONFIG", 0)  # 3 us
    put(device, "OVERSAMPLE", 2)
    put(device, "SAMPLERATE", 1 << 12 | 160)
    put(device, "RESULT_MAXCNT", 3)
    do(device, "START")
    do(device, "SAMPLE")
    bench.run(35 * US)
    assert get(device, "RESULT_AMOUNT") == 1
    bench.run(80 * US)
    assert get(device, "RESULT_AMOUNT") == 3
    assert happened(device, "END")
    do(device, "CALIBRATEOFFSET")
    bench.run(8 * US)
    assert happened(device, "CALIBRATEDONE")
    do(device, "STOP")
    assert happened(device, "STOPPED")


# -- AES, USB --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("key", "plain", "cipher"),
    [
        (
            "2b7e151628aed2a6abf7158809cf4f3c",
            "3243f6a8885a308d313198a2e0370734",
            "3925841d02dc09fbdc118597196a0b32",
        ),
        (
            "000102030405060708090a0b0c0d0e0f",
            "00112233445566778899aabbccddeeff",
            "69c4e0d86a7b0430d8cdb78070b4c55a",
        ),
    ],
)
def test_aes_as_fips_197_shows_it(key: str, plain: str, cipher: str) -> None:
    assert encrypt(bytes.fromhex(key), bytes.fromhex(plain)).hex() == cipher
    bench = clocked_bench()
    device = bench.build(Ecb, "ecb", base=0x4000E000, lines=("global",))
    bench.memory.write_all(0x100, bytes.fromhex(key + plain))
    put(device, "ECBDATAPTR", 0x100)
    do(device, "STARTECB")
    bench.run(7 * US)
    assert not happened(device, "ENDECB")
    bench.run(US)
    assert happened(device, "ENDECB")
    assert bytes(bench.memory.read(0x120 + n, 1) for n in range(16)).hex() == cipher
    do(device, "STARTECB")
    do(device, "STOPECB")
    assert happened(device, "ERRORECB")


def test_usb_is_told_by_name_and_once() -> None:
    bench = Bench()
    device = bench.build(
        Usbd, "usbd", registers={"EVENTCAUSE": 0x400, "ENABLE": 0x500}, follow=["EVENTCAUSE.11 = ENABLE.0"],
        silent=True,
    )  # fmt: skip
    put(device, "ENABLE", 1)
    put(device, "ENABLE", 1)
    assert get(device, "EVENTCAUSE") == 1 << 11
    assert bench.unmodelled == [(0x500, "write", NO_HOST)]
