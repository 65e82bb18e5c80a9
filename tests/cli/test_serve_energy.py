"""Energy mode's ports, as host software uses them; and ``boardless bench``'s view of the same."""

from __future__ import annotations

import json
import re
import threading
import time
from pathlib import Path

import pytest
import serial
from talking_firmware import build
from test_serve import Serving, ask

from emulator.board.reader import load_board

CORE_HZ = 4_000_000
LOOP_CYCLES = range(5, 20)
TURNS = 300_000


@pytest.fixture(scope="module")
def energy_firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("energy"), baud=9600)


def read_until(port: serial.Serial, text: bytes) -> bytes:
    return bytes(port.read_until(text))


class Reader:
    """Reads a port in a thread, as host software does."""

    def __init__(self, port: serial.Serial) -> None:
        self.data = bytearray()
        self._port = port
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._done.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._done.is_set():
            self.data += self._port.read(self._port.in_waiting)
            time.sleep(0.001)


def test_a_host_measures_what_the_model_says(energy_firmware, tmp_path):
    ports_file = tmp_path / "ports.json"
    options = ["--energy", "--link", tmp_path / "port", "--ports", ports_file, "--pace", "realtime"]
    with Serving(energy_firmware, *options) as serving:
        end = time.monotonic() + 20
        while not ports_file.exists() and time.monotonic() < end:
            time.sleep(0.02)
        listed = json.loads(ports_file.read_text())
        assert "unofficial" in listed["note"]
        ports = {port["name"]: port for port in listed["ports"]}
        assert [(p["vid"], p["pid"]) for p in ports.values()] == [
            (0x483, 0x374E),
            (0x483, 0x5740),
            (None, None),
        ]
        assert all("simulated" in port["description"] for port in ports.values())
        with (
            serial.Serial(ports["interface"]["device"], 115200, timeout=10) as interface,
            serial.Serial(ports["power"]["device"], 3_686_400, timeout=10) as power,
        ):
            for command in ("pwr off", "output energy", "freq 1k", "pwr on nostatus", "start"):
                power.write(f"{command}\r\n".encode())
                read_until(power, f"ack {command}\r\n".encode())
            assert ask(interface, b"setbaud 9600%") == b"set baud to: 9600\nm-ready\r\n"
            assert ask(interface, b"dut name%") == b"m-dut-passthrough(name)\r\nm-ready\r\n"
            assert read_until(interface, b"m-ready\r\n") == b"[dut]: m-name-dut-[test]\r\n[dut]: m-ready\r\n"
            with Reader(power) as reader:
                ask(interface, b"dut infer 1 0%")
                assert read_until(interface, b"m-ready\r\n") == b"[dut]: m-infer-done\r\n[dut]: m-ready\r\n"
                stream = bytes(reader.data).decode()  # all of it is there by now
            power.write(b"stop\r\n")
            assert b"Acquisition completed" in read_until(power, b"completed")
        assert serving.stop()[0] == 0
    check_stream(stream)


def check_stream(stream: str) -> None:
    lines = stream.split("\r\n")
    events = [number for number, line in enumerate(lines) if re.fullmatch(r"event \d+ ris", line)]
    assert 2 <= len(events) <= 3  # the pin rises at boot too, before the acquisition starts or after
    first, last = events[-2:]
    samples = [line for line in lines[first:last] if re.fullmatch(r"\d{4}[+-]\d{2}", line)]
    joules = sum(float(f"{sample[:4]}e{sample[4:]}") for sample in samples)
    milliwatts = joules / (len(samples) / 1000) * 1e3
    facts = load_board("nucleo-l4r5zi").energy
    assert milliwatts == pytest.approx(facts.power_nanowatts(CORE_HZ, asleep=False) / 1e6, rel=0.01)
    seconds = [TURNS * cycles / CORE_HZ for cycles in (LOOP_CYCLES.start, LOOP_CYCLES.stop)]
    assert seconds[0] < len(samples) / 1000 < seconds[1]


def test_a_board_without_an_energy_model(boardless, energy_firmware):
    done = boardless("serve", energy_firmware, "--energy", "--board", "disco-f746ng", "--base", "0x08000000")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def test_energy_of_a_performance_image_in_bench(boardless, tmp_path):
    done = boardless("bench", "ad", "--mode", "energy", "--count", "2", "--json", tmp_path / "report.json")
    assert done.returncode == 0, done.stderr
    assert "simulated and unofficial" in done.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    (run,) = report["runs"]
    assert run["mode"] == "energy"
    assert run["energy_uj"] == pytest.approx(run["power_mw"] * run["latency_us"] / 1e3)
    assert len(run["windows"]) == 5
    assert boardless("bench", "ad", "--mode", "energy", "--layers").returncode == 2
