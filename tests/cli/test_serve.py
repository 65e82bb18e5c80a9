"""``boardless serve``: a port that looks like a board to host software."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
import serial
from talking_firmware import start

ANSWER = b"m-name-dut-[test]\r\nm-ready\r\n"


class Serving:
    def __init__(self, *arguments: str | Path) -> None:
        self.process = start("serve", *arguments)
        assert self.process.stdout
        self.line = self.process.stdout.readline().decode().strip()
        self.port = self.line.split()[-1] if self.line else ""

    def __enter__(self) -> Serving:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors.decode()


def ask(port: serial.SerialBase, command: bytes) -> bytes:
    port.write(command)
    return bytes(port.read_until(b"m-ready\r\n"))


def test_boots_first_and_survives_many_hosts(firmware, tmp_path):
    with Serving(firmware, "--link", tmp_path / "port") as serving:
        assert serving.line == f"ready: nucleo-l4r5zi on pty {tmp_path / 'port'}"
        for _ in range(5):
            with serial.Serial(str(tmp_path / "port"), 115200, timeout=10) as port:
                time.sleep(0.02)
                assert port.read(port.in_waiting) == b""  # the boot text is long gone
                assert ask(port, b"name%") == ANSWER
                port.write(b"name%na")  # leaves in the middle of a command and its answer
            with serial.Serial(str(tmp_path / "port"), 115200, timeout=10) as port:
                time.sleep(0.05)
                port.reset_input_buffer()
                assert ask(port, b"me%") == ANSWER
        code, errors = serving.stop()
    assert code == 0
    assert "unofficial" in errors
    assert not (tmp_path / "port").is_symlink()


def test_real_time(firmware):
    with Serving(firmware, "--pace", "realtime") as serving, serial.Serial(serving.port, timeout=20) as port:
        begin = time.monotonic()
        assert ask(port, b"work%") == b"worked\r\nm-ready\r\n"
        paced_s = time.monotonic() - begin
    modelled_s = 300_000 * 5 / 4e6  # at least five cycles a turn at 4 MHz
    assert modelled_s < paced_s < 20 * modelled_s


def test_over_tcp(firmware):
    with Serving(firmware, "--serial", "tcp:0") as serving:
        with serial.serial_for_url(f"socket://{serving.port}", timeout=10) as port:
            assert ask(port, b"name%") == ANSWER
        assert serving.stop()[0] == 0


def test_a_firmware_that_crashes_while_serving(firmware):
    with Serving(firmware) as serving:
        with serial.Serial(serving.port, timeout=10) as port:
            port.write(b"crash%")
            _, errors = serving.process.communicate(timeout=20)
        assert serving.process.returncode == 3
        assert b"crash_here" in errors


@pytest.mark.parametrize(
    "options", [["--serial", "stdio"], ["--serial", "tcp:0", "--link", "x"], ["--pace", "slow"]]
)
def test_usage(boardless, firmware, options):
    done = boardless("serve", firmware, *options)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
