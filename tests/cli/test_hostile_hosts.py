"""Our own image against hosts that don't behave: nothing hangs, nothing is lost, memory stays flat."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import pytest
import serial
from talking_firmware import ROOT
from test_serve import Serving, ask

from emulator import Machine
from emulator.machine.execution import StopReason

IMAGE = ROOT / "benches" / "images" / "kws-nucleo-l4r5zi.elf"
INPUT_BYTES = 490
READY = b"m-ready\r\n"
NAME = b"m-name-dut-[boardless]\r\nm-ready\r\n"
LOAD = b"db load 490%" + b"".join(b"db " + b"07" * n + b"%" for n in [31] * 15 + [25])
RESULTS = re.compile(rb"m-results-\[(\d\.\d{3},){11}\d\.\d{3}\]\r\n")
DAY_S = 24 * 3600
SLACK_KB = 20_000


@pytest.fixture(scope="module")
def booted() -> Machine:
    machine = Machine("nucleo-l4r5zi")
    machine.load(IMAGE)
    assert machine.run() is StopReason.IDLE
    machine.console.take()
    return machine


def answer(machine: Machine, data: bytes) -> bytes:
    machine.console.feed(data)
    assert machine.run() is StopReason.IDLE
    assert machine.console.waiting() == 0
    return machine.console.take()


def test_bytes_at_line_rate_without_pauses(booted):
    said = answer(booted, LOAD + b"infer 1 0%results%")
    assert said.count(READY) == LOAD.count(b"%") + 2
    assert b"m-load-done" in said
    assert len(RESULTS.findall(said)) == 2


def test_split_and_merged_commands(booted):
    stream = b"name%profile%" * 20
    expected = answer(booted, b"name%profile%") * 20
    dice = random.Random(4)
    said = b""
    while stream:
        size = dice.randint(1, 40)
        said += answer(booted, stream[:size])
        stream = stream[size:]
    assert said == expected


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        (b"sing%", rb"e-\[Unknown command: sing\]"),
        (b"x" * 10_000 + b"%", rb"e-\[Unknown command: x+\]"),
        (b"\x00\xff\x80\x01%", rb"e-\[Unknown command: .*\]"),
        (b"db%", rb"e-\[Command 'db' requires a subcommand\]"),
        (b"db load 491%", rb"Supplied buffer size 491 exceeds maximum of 490"),
        (b"db load 99999999999999999999%", rb".*"),
        (b"db load -1%", rb".*"),
        (b"infer 0%", rb"e-\[Inference iterations must be >0\]"),
        (b"infer 1 -1%", rb"e-\[Inference warmup must be >=0\]"),
        (b"%%%%", rb".*"),
    ],
)
def test_nonsense_is_answered_and_forgotten(booted, command, reply):
    said = answer(booted, command)
    assert re.match(reply, said, re.DOTALL), said
    assert said.endswith(READY)
    assert answer(booted, b"name%") == NAME


def test_more_data_than_announced(booted):
    said = answer(booted, b"db load 4%db 01020304050607%db 08%infer 1 0%")
    assert said.count(b"m-load-done") == 1
    assert answer(booted, b"name%") == NAME


def test_a_day_of_modelled_idling(booted):
    booted.console.feed(b"name%")
    begin_s = time.process_time()
    start_s = booted.clock.seconds()
    stop = booted.run(max_cycles=DAY_S * booted.clock.core_hz, quiet_seconds=2 * DAY_S)
    assert stop is StopReason.MAX_CYCLES
    assert booted.clock.seconds() - start_s == pytest.approx(DAY_S)
    assert time.process_time() - begin_s < 2
    assert booted.console.take() == NAME
    assert answer(booted, b"name%") == NAME


def test_waiting_for_the_host_takes_no_modelled_time(booted):
    answer(booted, b"name%")
    before = booted.counts
    for _ in range(1000):
        assert booted.run() is StopReason.IDLE
    assert booted.counts.cycles - before.cycles < 1000 * 1000


def memory_kb(pid: int) -> int:
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert match
    return int(match[1])


def drain(port: serial.Serial, text: bytes) -> bytes:
    said = bytes(port.read_until(text))
    assert said.endswith(text), said[-200:]
    return said


def test_over_a_pty_with_everything_at_once():
    with Serving(IMAGE) as serving, serial.Serial(serving.port, timeout=20) as port:
        port.write(LOAD + b"infer 1 0%")
        said = b"".join(drain(port, READY) for _ in range(LOAD.count(b"%") + 1))
        assert RESULTS.search(said)
        for byte in b"name%":
            port.write(bytes([byte]))
            time.sleep(0.002)
        assert drain(port, READY) == NAME


def test_a_host_that_leaves_during_an_inference_and_comes_back():
    with Serving(IMAGE) as serving:
        for _ in range(5):
            with serial.Serial(serving.port, timeout=20) as port:
                port.write(b"infer 3 0%")
                drain(port, b"m-infer-start-3\r\n")
            time.sleep(0.5)
            with serial.Serial(serving.port, timeout=20) as port:
                port.write(b"name%")
                drain(port, NAME)  # what the device said of the inference may come first


def test_memory_stays_flat_with_garbage_and_without_a_reader():
    with Serving(IMAGE) as serving:
        with serial.Serial(serving.port, timeout=20, write_timeout=60) as port:
            assert ask(port, b"name%") == NAME
            before_kb = memory_kb(serving.process.pid)
            for _ in range(20):  # as fast as the port takes them; nobody reads the answers
                port.write(b"nonsense%" * 100)
            port.write(b"name%")
        with serial.Serial(serving.port, timeout=20) as port:
            end = time.monotonic() + 60
            while time.monotonic() < end:
                port.reset_input_buffer()
                if ask(port, b"name%") == NAME:
                    break
            else:
                pytest.fail("the device did not come to rest")
        assert memory_kb(serving.process.pid) - before_kb < SLACK_KB
