"""``boardless run`` from outside: good ends, bad ends, and what each prints."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import serial
from talking_firmware import ROOT, command_line, start

from emulator import Machine, StopReason
from emulator.cli.session import Limits, Session
from emulator.errors import CheckFailed
from emulator.links import LinkSet

UNOFFICIAL = "Simulated and unofficial"
HELLO = "hello\nm-ready\n"  # universal newlines


def test_console_and_summary(boardless, firmware, tmp_path):
    done = boardless("run", firmware, "--json", tmp_path / "run.json", input="name%")
    assert done.stdout == HELLO + "m-name-dut-[test]\nm-ready\n"
    assert done.returncode == 0, done.stderr
    for words in (UNOFFICIAL, "instructions:", "CPI", "4 MHz", "nucleo-l4r5zi", "nobody will send"):
        assert words in done.stderr
    report = json.loads((tmp_path / "run.json").read_text())
    assert report["stop"] == "idle"
    assert report["instructions"] > 100
    assert report["cycles"] >= report["instructions"] // 2
    assert report["cpi"] == report["cycles"] / report["instructions"]
    assert report["clock_hz"] == 4_000_000
    assert report["serial"]["lpuart1"]["baud"] in range(115000, 115400)
    assert UNOFFICIAL in report["note"]
    assert report["error"] is None


@pytest.mark.parametrize("suffix", ["hex", "bin"])
def test_other_formats_run_alike(boardless, firmware, tmp_path, suffix):
    path = tmp_path / f"talk.{suffix}"
    kind = {"hex": "ihex", "bin": "binary"}[suffix]
    subprocess.run(["arm-none-eabi-objcopy", "-O", kind, firmware, path], check=True)
    base = ["--base", "0x08000000"] if suffix == "bin" else []
    totals = []
    for arguments in ([firmware], [path, *base]):
        boardless("run", *arguments, "--json", tmp_path / "run.json", input="name%")
        report = json.loads((tmp_path / "run.json").read_text())
        totals.append((report["instructions"], report["cycles"]))
    assert totals[0] == totals[1]


def test_until(boardless, firmware):
    done = boardless("run", firmware, "--until", "lo\r\nm-re")  # cut anywhere
    assert done.returncode == 0
    assert done.stdout == "hello\nm-re"
    missed = boardless("run", firmware, "--until", "never said")
    assert missed.returncode == 1
    assert "never sent 'never said'" in missed.stderr


def test_limits(boardless, firmware):
    done = boardless("run", firmware, "--max-cycles", "1000", "--until", "m-ready")
    assert done.returncode == 4
    assert "limit of 1000 cycles" in done.stderr
    begin = time.monotonic()
    done = boardless("run", firmware, "--wall-limit", "0.5", input="loop%")
    assert done.returncode == 4
    assert "limit of 0.5 s" in done.stderr
    assert time.monotonic() - begin < 5


def test_the_firmwares_own_exit_code(boardless, firmware):
    assert boardless("run", firmware, input="x0%").returncode == 0
    done = boardless("run", firmware, input="x3%")
    assert done.returncode == 3
    assert "exit code 3" in done.stderr
    assert CheckFailed("", exit_code=0x100).exit_code == 1  # eight bits, and not 0


def test_last_words_are_sent_before_the_firmwares_end(boardless, firmware, tmp_path):
    done = boardless("run", firmware, "--until", "12 tests", input="p%")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("PASS: all 12 tests")
    done = boardless("run", firmware, "--json", tmp_path / "run.json", input="p%")
    assert done.stdout.endswith("PASS: all 12 tests")
    assert json.loads((tmp_path / "run.json").read_text())["stop"] == "exit"


def test_last_words_are_sent_at_a_limit(boardless, firmware):
    """A character takes 347 cycles: the last of 16 is being shifted out when this limit comes."""
    for until, code in (("nothing", 4), ("ready\r\n", 0)):
        done = boardless("run", firmware, "--max-cycles", "5300", "--until", until)
        assert (done.stdout, done.returncode) == (HELLO, code)


def test_last_words_are_sent_at_an_interrupt(firmware):
    machine = Machine("nucleo-l4r5zi")
    machine.load(firmware)
    machine.console.subscribe(lambda data: machine.interrupt() if data == b"d" else None)
    assert Session(machine, LinkSet([])).run(Limits()) is StopReason.INTERRUPTED
    assert machine.console.output == b"hello\r\nm-ready"  # d was out, y in the shift register, \r not written


def test_crash_report(boardless, firmware, tmp_path):
    done = boardless("run", firmware, "--json", tmp_path / "run.json", input="crash%")
    assert done.returncode == 3
    assert done.stdout == HELLO
    for words in (
        "the firmware crashed",
        "crash_here",
        "talk.c:",
        "0xc0000000",
        "backtrace",
        "main",
        "sp 0x",
    ):
        assert words in done.stderr, words
    assert "Traceback" not in done.stderr
    report = json.loads((tmp_path / "run.json").read_text())
    assert report["stop"] == "fault"
    assert "crash_here" in report["error"]["report"]


def test_what_is_not_modelled_is_listed(boardless, firmware):
    done = boardless("run", firmware, input="u%")
    assert done.returncode == 0
    assert re.search(r"no device 0x5f000010: write x1; first at 0x[0-9a-f]{8} main", done.stderr)
    strict = boardless("run", firmware, "--strict", input="u%")
    assert strict.returncode == 2
    assert "not modelled" in strict.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.elf"], "no such file"),
        (["/"], "directory"),
        (["README.md", "--base", "zero"], "address"),
        (["FIRMWARE", "--base", "0x08000000"], "--base is for raw binaries"),
        (["FIRMWARE", "--board", "nucleo-l4r5zj"], "did you mean"),
        (["FIRMWARE", "--board", "missing.toml"], "no such board file"),
        (["FIRMWARE", "--serial", "usb"], "stdio, pty, tcp"),
        (["FIRMWARE", "--serial", "tcp:99999"], "port number"),
        (["FIRMWARE", "--max-cycles", "0"], "max-cycles"),
        (["FIRMWARE", "--json", "/no/such/folder/x.json"], "folder"),
        (["FIRMWARE", "--timing", "perfect"], "timing"),
        ([], "IMAGE"),
    ],
)
def test_usage_errors(boardless, firmware, arguments, words):
    done = boardless("run", *(str(firmware) if a == "FIRMWARE" else a for a in arguments))
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_port_in_use(boardless, firmware):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = boardless("run", firmware, "--serial", f"tcp:{taken.getsockname()[1]}")
    assert done.returncode == 2
    assert "in use" in done.stderr


def test_a_reader_that_leaves(firmware):
    process = subprocess.Popen(
        command_line("run", firmware),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdin
    assert process.stderr
    process.stdout.readline()
    process.stdout.close()
    process.stdin.write(b"name%" * 100)
    process.stdin.flush()
    assert process.wait(20) == 0
    assert b"Traceback" not in process.stderr.read()


# -- hosts outside -------------------------------------------------------------------------
class Running:
    """``boardless run`` in the background, with its console somewhere else."""

    def __init__(self, *arguments: str | Path) -> None:
        self.process = start(*arguments)
        assert self.process.stderr
        line = self.process.stderr.readline().decode()
        assert line.startswith("console on "), line + self.process.stderr.read().decode()
        self.port = line.split()[-1]

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def interrupt(self, number: int = signal.SIGINT) -> tuple[int, str]:
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors.decode()


ANSWER = b"m-name-dut-[test]\r\nm-ready\r\n"


def ask_name(port: serial.SerialBase) -> None:
    port.write(b"name%")
    assert port.read_until(ANSWER).endswith(ANSWER)  # the first host may see the boot text too


def test_over_a_pty_and_interrupted_while_idle(firmware):
    with Running("run", firmware, "--serial", "pty") as running:
        for _ in range(3):
            with serial.Serial(running.port, 115200, timeout=10) as port:
                ask_name(port)
        code, errors = running.interrupt()
    assert code == 130
    assert UNOFFICIAL in errors
    assert "interrupted" in errors
    assert "Traceback" not in errors
    assert not Path(running.port).exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_over_tcp_and_interrupted_while_busy(firmware, number):
    with Running("run", firmware, "--serial", "tcp:0") as running:
        host, _, port_number = running.port.rpartition(":")
        with socket.create_connection((host, int(port_number)), timeout=10) as connection:
            connection.sendall(b"name%")
            data = b""
            while not data.endswith(ANSWER):
                data += connection.recv(1000)
            connection.sendall(b"loop%")
            time.sleep(0.3)
            code, errors = running.interrupt(number)
    assert code == 130
    assert UNOFFICIAL in errors
    assert "Traceback" not in errors


def test_over_rfc2217(firmware):
    with Running("run", firmware, "--serial", "rfc2217:0") as running:
        with serial.serial_for_url(f"rfc2217://{running.port}", baudrate=115200, timeout=10) as port:
            ask_name(port)
        assert running.interrupt()[0] == 130


def test_every_kind_of_serial_gives_the_same_totals(boardless, firmware, tmp_path):
    def totals() -> tuple[int, int]:
        report = json.loads((tmp_path / "run.json").read_text())
        return report["instructions"], report["cycles"]

    options = ["--until", "worked\r\n", "--json", tmp_path / "run.json"]
    boardless("run", firmware, *options, input="work%")
    expected = totals()
    for kind in ("pty", "tcp:0", "rfc2217:0"):
        with Running("run", firmware, "--serial", kind, *options) as running:
            url = {"pty": "", "tcp": "socket://", "rfc": "rfc2217://"}[kind[:3]] + running.port
            time.sleep(0.3)  # the device waits for its host by now
            with serial.serial_for_url(url, timeout=10) as port:
                port.write(b"work%")
                running.process.wait(20)
        assert totals() == expected


def test_on_a_terminal_there_is_a_status_line(firmware):
    master, slave = os.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *command_line("run", firmware)],
        cwd=ROOT,
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    seen = b""

    def until(text: bytes) -> None:
        nonlocal seen
        end = time.monotonic() + 20
        while text not in seen:
            assert time.monotonic() < end, seen
            if select.select([master], [], [], 0.1)[0]:
                seen += os.read(master, 4096)

    until(b"m-ready")
    until(b"MIPS")
    os.write(master, b"name%")
    until(b"m-name-dut-[test]")
    os.write(master, b"\x03")
    until(b"unofficial")
    assert process.wait(20) == 130
    assert b"\x1b[2K" in seen
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize("options", [(), ("--no-cache",)], ids=["cache", "no-cache"])
def test_what_is_kept_stays_in_the_cache_folder(boardless, firmware, tmp_path, monkeypatch, options):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    totals = []
    for _ in range(2):
        done = boardless("run", firmware, "--json", tmp_path / "run.json", *options, input="name%")
        assert done.returncode == 0, done.stderr
        report = json.loads((tmp_path / "run.json").read_text())
        totals.append((report["instructions"], report["cycles"], report["error_band"]))
    assert totals[0] == totals[1]
    assert len(list((tmp_path / "cache").rglob("*.book"))) == (not options)
