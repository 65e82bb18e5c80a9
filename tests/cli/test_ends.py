"""However a command ends, its links, ports and temporary files go with it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial
from talking_firmware import ROOT, command_line

from emulator.links.virtual_port import read_ports

READY_LIMIT_S = 30


@pytest.fixture(autouse=True)
def hear_signals() -> Iterator[None]:
    """SIGHUP and SIGINT end the programs started here, also when the tests run under nohup or behind a &."""
    hang_up = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGHUP, hang_up)
    signal.signal(signal.SIGINT, interrupt)


class Served:
    """``boardless serve`` with a link and a port list; ``shell``: what starts it instead of us."""

    def __init__(self, firmware: Path, folder: Path, *options: str, shell: tuple[str, ...] = ()) -> None:
        self.link, self.ports = folder / "port", folder / "ports.json"
        line = command_line("serve", firmware, "--link", self.link, "--ports", self.ports, *options)
        self.process = subprocess.Popen(
            [*shell, *line],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def wait_until_ready(self) -> None:
        end = time.monotonic() + READY_LIMIT_S
        while not self.ports.exists():
            assert time.monotonic() < end
            assert self.process.poll() is None
            time.sleep(0.01)

    def end(self) -> tuple[int, str]:
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors.decode()

    def leaves_nothing(self) -> None:
        assert os.listdir(self.link.parent) == []  # noqa: PTH208 -- links that lead nowhere too


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("energy", [False, True], ids=["device", "energy"])
def test_a_signal_takes_link_and_ports_away(firmware, tmp_path, number, energy):
    served = Served(firmware, tmp_path, *(["--energy"] if energy else []))
    served.wait_until_ready()
    assert all(Path(port.device).exists() for port in read_ports(served.ports))
    served.process.send_signal(number)
    code, errors = served.end()
    assert code == 0, errors
    assert "unofficial" in errors
    served.leaves_nothing()


def test_a_crash_takes_link_and_ports_away(firmware, tmp_path):
    served = Served(firmware, tmp_path)
    served.wait_until_ready()
    with serial.Serial(str(served.link), timeout=10) as port:
        port.write(b"crash%")
        code, errors = served.end()
    assert code == 3, errors
    served.leaves_nothing()


def test_an_error_in_our_own_code_takes_link_and_ports_away(firmware, tmp_path, monkeypatch):
    from click.testing import CliRunner  # noqa: PLC0415

    from emulator.cli import serve  # noqa: PLC0415
    from emulator.cli.main import main  # noqa: PLC0415

    def broken(*_arguments: object, **_options: object) -> None:
        assert (tmp_path / "ports.json").exists()
        raise ZeroDivisionError

    monkeypatch.setattr(serve, "summary_text", broken)
    words = ["serve", firmware, "--link", tmp_path / "port", "--ports", tmp_path / "ports.json"]
    result = CliRunner().invoke(main, [str(word) for word in [*words, "--wall-limit", "0.1"]])
    assert isinstance(result.exception, ZeroDivisionError)
    assert os.listdir(tmp_path) == []  # noqa: PTH208


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_before_the_device_is_ready(firmware, tmp_path, number):
    for delay_s in (0.15, 0.3, 0.5):
        served = Served(firmware, tmp_path)
        time.sleep(delay_s)
        served.process.send_signal(number)
        code, errors = served.end()
        assert code in (-number, 128 + number, 130, 0), errors  # Python itself may still be starting
        assert "Traceback" not in errors or code == -number
        served.leaves_nothing()


def test_hanging_up_does_not_end_what_shall_survive_it(firmware, tmp_path):
    """As with nohup."""
    served = Served(firmware, tmp_path, shell=("sh", "-c", 'trap "" HUP; exec "$@"', "sh"))
    served.wait_until_ready()
    served.process.send_signal(signal.SIGHUP)
    with serial.Serial(str(served.link), timeout=10) as port:
        port.write(b"name%")
        assert port.read_until(b"m-ready\r\n").endswith(b"m-name-dut-[test]\r\nm-ready\r\n")
    served.process.send_signal(signal.SIGTERM)
    assert served.end()[0] == 0
    served.leaves_nothing()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_long_bench_ends_at_once_and_keeps_yesterdays_report(tmp_path, number):
    report = tmp_path / "report.json"
    report.write_text("yesterday")
    process = subprocess.Popen(
        command_line("bench", "kws", "--count", "100000", "--json", report),
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    time.sleep(3)
    process.send_signal(number)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 128 + number, errors
    assert output + errors == b""
    assert report.read_text() == "yesterday"
    assert os.listdir(tmp_path) == ["report.json"]  # noqa: PTH208


def test_what_a_killed_server_left_is_replaced(firmware, tmp_path):
    first = Served(firmware, tmp_path)
    first.wait_until_ready()
    first.process.kill()
    first.process.communicate()
    assert first.link.is_symlink()
    first.link.unlink()  # its terminal's number may be somebody else's by now
    first.link.symlink_to("/dev/pts/none")
    left = first.ports.stat().st_ino
    second = Served(firmware, tmp_path)
    end = time.monotonic() + READY_LIMIT_S
    while second.ports.stat().st_ino == left:
        assert time.monotonic() < end
        time.sleep(0.01)
    with serial.Serial(str(second.link), timeout=10) as port:
        port.write(b"name%")
        assert port.read_until(b"m-ready\r\n").endswith(b"m-ready\r\n")
    second.process.send_signal(signal.SIGTERM)
    assert second.end()[0] == 0
    second.leaves_nothing()
