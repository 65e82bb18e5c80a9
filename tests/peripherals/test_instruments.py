"""The interface board and the power monitor, without a machine."""

from __future__ import annotations

import re

import pytest

from emulator.links import SerialEndpoint
from peripherals.instruments.host_port import LONGEST_COMMAND_BYTES
from peripherals.instruments.interface_board import InterfaceBoard
from peripherals.instruments.power_monitor import PowerMonitor, number_text

MILLISECOND = 10**9  # picoseconds


NOT_PLAYED = b"Error playing file. Check that the file exists and is a 2-channel wav file.\n"


class FakeMeter:
    """30 mW, whatever happens."""

    def __init__(self) -> None:
        self.now = 0
        self.supply_mv = 3000

    def now_picoseconds(self) -> int:
        return self.now

    def energy_at(self, picoseconds: int) -> float:
        return 0.030 * picoseconds / 1e12

    def set_supply(self, millivolts: int) -> None:
        self.supply_mv = millivolts


@pytest.fixture
def desk():
    host, device = SerialEndpoint("host"), SerialEndpoint("device")
    device.baud = 9603
    return host, device, InterfaceBoard(host, device)


def received(endpoint: SerialEndpoint) -> bytes:
    data = bytearray()
    while (byte := endpoint.next_received()) is not None:
        data.append(byte)
    return bytes(data)


def test_passes_a_command_to_the_device_and_its_lines_back(desk):
    host, device, _board = desk
    host.feed(b"dut na")
    host.feed(b"me%")
    assert host.take() == b"m-dut-passthrough(name)\r\nm-ready\r\n"
    assert received(device) == b"name%"
    for byte in b"m-name-dut-[x]\r\nm-ready\r\n":
        device.transmit(byte)
    assert host.take() == b"[dut]: m-name-dut-[x]\r\n[dut]: m-ready\r\n"


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        (b"name%", b"tinyML Enhanced Interface Board\r\nm-ready\r\n"),
        (b"setbaud 9600%", b"set baud to: 9600\nm-ready\r\n"),
        (b"checkbaud%", b"baud is: 9600\nm-ready\r\n"),
        (b"setbaud 115200%checkbaud%", b"set baud to: 115200\nm-ready\r\nbaud is: 115200\nm-ready\r\n"),
        (b"setbaud fast%", b"e-[Invalid baud rate 'fast']\r\nm-ready\r\n"),
        (b"ls%", b"m-ready\r\n"),
        (b"sing%", b"m-ready\r\n"),
        (b"help%", b"m-ready\r\n"),
        (b"names%", b""),  # begins with a command, and is none
        (b"playing%ls%", b"m-ready\r\n"),
        (b"play x.wav%", b"Attempting to play x.wav\n" + NOT_PLAYED + b"m-ready\r\n"),
        (b"print_detections%", b"Detection Timestamps (ms)\r\nm-ready\r\n"),
        (b"%%ls%", b"m-ready\r\n"),
    ],
)
def test_own_commands(desk, command, reply):
    host, _device, _board = desk
    host.feed(command)
    assert host.take() == reply


def test_several_commands_in_one_piece_and_one_without_end(desk):
    host, device, _board = desk
    host.feed(b"ls%dut timestamp%ls%")
    assert host.take().count(b"m-ready\r\n") == 3
    assert received(device) == b"timestamp%"
    host.feed(b"x" * 1_000_000)
    host.feed(b"%")
    assert len(host.take()) < 2 * LONGEST_COMMAND_BYTES


def test_a_wrong_baud_rate_is_not_understood(desk):
    host, device, _board = desk
    host.feed(b"setbaud 115200%dut name%")
    assert received(device) == b""
    assert b"9603" in host.take()
    for byte in b"m-ready\r\n":
        device.transmit(byte)
    assert host.take() == b""


def test_boot_text_stays_away_and_commands_wait_for_it(desk):
    host, device, board = desk
    board.device_restarts()
    host.feed(b"dut name%")
    host.take()
    assert received(device) == b""
    for byte in b"m-timestamp-mode-energy\r\nm-ready\r\n":
        device.transmit(byte)
    assert host.take() == b""
    assert received(device) == b"name%"


def test_says_something_before_ready():
    host, device, told = SerialEndpoint("host"), SerialEndpoint("device"), []
    InterfaceBoard(host, device, before_ready=lambda: told.append(host.take()))
    for byte in b"m-infer-done\r\nm-ready\r\n":
        device.transmit(byte)
    assert told == [b"[dut]: m-infer-done\r\n"]


def start(meter: FakeMeter) -> tuple[SerialEndpoint, PowerMonitor]:
    port = SerialEndpoint("power")
    monitor = PowerMonitor(port, meter)
    for command in ("htc", "output energy", "format ascii_dec", "freq 1k", "pwr on nostatus", "start"):
        port.feed(f"{command}\r\n")
        assert port.take() == f"PowerShield > ack {command}\r\n".encode()
    return port, monitor


def test_samples_time_stamps_and_events():
    meter = FakeMeter()
    port, monitor = start(meter)
    meter.now = 1500 * MILLISECOND + 1
    monitor.event()
    meter.now = 2500 * MILLISECOND
    monitor.event()
    lines = port.take().decode().split("\r\n")[:-1]
    assert [line for line in lines if line.startswith(("T", "e"))] == [
        "TimeStamp: 001s 000ms, buff 00%",
        "event 0 ris",
        "TimeStamp: 002s 000ms, buff 00%",
        "event 1 ris",
    ]
    samples = [line for line in lines if re.fullmatch(r"\d{4}[+-]\d{2}", line)]
    assert samples == ["3000-08"] * 2500
    between = lines[lines.index("event 0 ris") : lines.index("event 1 ris")]
    assert sum(line == "3000-08" for line in between) == 1000


def test_off_means_nothing_drawn_and_power_comes_back():
    came = []
    meter = FakeMeter()
    port = SerialEndpoint("power")
    monitor = PowerMonitor(port, meter, power_comes=lambda: came.append(True))
    port.feed(b"pwr on\r\nfreq 10\r\noutput current\r\nstart\r\npwr off\r\n")
    assert not came
    meter.now = 200 * MILLISECOND
    monitor.advance()
    port.feed(b"pwr on\r\n")
    meter.now = 300 * MILLISECOND
    monitor.advance()
    assert came == [True]
    assert port.take().split(b"\r\n")[-5:-1] == [
        b"0000+00",
        b"0000+00",
        b"PowerShield > ack pwr on",
        b"1000-05",
    ]


def test_stop_and_errors():
    port, monitor = start(FakeMeter())
    port.feed(b"stop\r\n")
    assert b"Acquisition completed" in port.take()
    monitor.event()
    assert port.take() == b""
    for bad in (
        "sing",
        "freq 3",
        "freq 100k",
        "volt 9m",
        "pwr maybe",
        'lcd 3 "x"',
        "output power",
        "start now",
    ):
        port.feed(f"{bad}\r\n")
        assert port.take().startswith(f"PowerShield > error {bad}\r\nError detail:".encode())
    port.feed(b"volt 1800m\r\nvolt get\r\n")
    assert port.take().endswith(b"PowerShield > 1800m\r\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (40e-6, "4000-08"),
        (3.44751e-5, "3448-08"),
        (0.0, "0000+00"),
        (9.9999e-6, "1000-08"),
        (12340.0, "1234+01"),
    ],
)
def test_number_text(value, text):
    assert number_text(value) == text
