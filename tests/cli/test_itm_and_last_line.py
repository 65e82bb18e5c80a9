"""Text that firmware writes to the ITM, and where the summary begins."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
import serial
from talking_firmware import ROOT, build, command_line, start

ANSWER = b"before after\r\nm-ready\r\n"


@pytest.fixture(scope="module")
def tracing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firmware, which says "booting" on the ITM first."""
    return build(tmp_path_factory.mktemp("tracing"), trace=True)


def test_itm_text_stands_among_the_consoles_on_stdio(boardless, tracing, tmp_path):
    done = boardless("run", tracing, "--json", tmp_path / "run.json", input="t%")
    assert done.stdout == "booting\nhello\nm-ready\nbefore traced\nhalfafter\nm-ready\n"
    assert "traced" not in done.stderr
    assert json.loads((tmp_path / "run.json").read_text())["itm_bytes"] == len("booting..traced..half")


def test_itm_that_the_firmware_did_not_enable_is_silent(boardless, firmware):
    done = boardless("run", firmware, input="q%")
    assert done.stdout == "hello\nm-ready\nm-ready\n"
    assert "enabled" not in done.stderr


def test_until_sees_itm_text(boardless, tracing):
    done = boardless("run", tracing, "--until", "ced\r\nha", input="t%")
    assert done.returncode == 0
    assert done.stdout.endswith("before traced\nha")


@pytest.mark.parametrize("kind", ["pty", "tcp:0", "rfc2217:0"])
def test_a_ports_host_reads_the_uart_alone(tracing, kind):
    process = start("run", tracing, "--serial", kind, "--until", "m-name-dut")
    assert process.stderr
    address = process.stderr.readline().decode().split()[-1]
    url = {"pty": "", "tcp": "socket://", "rfc": "rfc2217://"}[kind[:3]] + address
    with serial.serial_for_url(url, timeout=10) as port:
        port.write(b"t%")
        seen = port.read_until(ANSWER)
        assert seen.endswith(ANSWER)
        assert b"traced" not in seen
        assert b"booting" not in seen
        port.write(b"name%")
        output, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert output == b""
    assert errors.startswith(b"booting\r\ntraced\r\nhalf\nstopped:")


def test_serve_shows_itm_text_on_standard_error(tracing):
    process = start("serve", tracing, "--serial", "tcp:0")
    assert process.stdout
    assert process.stderr
    ready = process.stdout.readline()
    assert ready.startswith(b"ready: nucleo-l4r5zi on tcp ")
    assert process.stderr.readline() == b"booting\r\n"
    with serial.serial_for_url(f"socket://{ready.split()[-1].decode()}", timeout=10) as port:
        port.write(b"t%")
        assert port.read_until(ANSWER) == ANSWER
        assert process.stderr.readline() == b"traced\r\n"
    process.terminate()
    output, errors = process.communicate(timeout=20)
    assert output == b""
    assert errors.startswith(b"half\nstopped:")


def test_summary_begins_a_line_of_its_own(firmware):
    both = subprocess.run(
        command_line("run", firmware, "--until", "m-ready"), cwd=ROOT, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20, check=True,
    )  # fmt: skip
    assert both.stdout.startswith(b"hello\r\nm-ready\nstopped: ")
    ended = subprocess.run(
        command_line("run", firmware, "--until", "m-ready\r\n"), cwd=ROOT, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20, check=True,
    )  # fmt: skip
    assert ended.stdout.startswith(b"hello\r\nm-ready\r\nstopped: ")


def test_nothing_is_added_to_what_goes_elsewhere(boardless, firmware):
    apart = boardless("run", firmware, "--until", "m-ready")
    assert apart.stdout == "hello\nm-ready"
    assert apart.stderr.startswith("stopped: ")


def test_summary_on_a_terminal(firmware):
    master, slave = os.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *command_line("run", firmware, "--until", "m-ready")],
        cwd=ROOT, stdin=slave, stdout=slave, stderr=slave,
    )  # fmt: skip
    os.close(slave)
    seen, end = b"", time.monotonic() + 20
    while b"unofficial" not in seen and time.monotonic() < end:
        seen += os.read(master, 4096)
    assert process.wait(20) == 0
    os.close(master)
    assert b"m-ready\r\nstopped: " in seen
