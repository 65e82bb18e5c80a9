"""Standard input and output through pipes, files and a terminal; and the --serial option."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from echo_device import EchoDevice

from emulator.errors import UsageError
from emulator.links import LinkSet, SerialSpec, open_link, parse_serial
from emulator.links.stdio import StdioLink

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from echo_device import EchoDevice
from emulator.links import LinkSet
from emulator.links.stdio import StdioLink
device = EchoDevice()
links = LinkSet([StdioLink(device.endpoint)])
links.device_has_booted()
try:
    device.say(b"ready\\r\\n")
    while not (links.finished and not device.endpoint.waiting()) and not links.hung_up:
        links.wait(None)
        device.step()
except KeyboardInterrupt:
    device.say(b"interrupted\\r\\n")
finally:
    links.close()
"""
ROOT = Path(__file__).parents[2]


def start(**options) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(Path(__file__).parent)], cwd=ROOT, **options)


def test_through_pipes():
    done = start(stdin=subprocess.PIPE, stdout=subprocess.PIPE).communicate(b"name%", timeout=20)
    assert done[0] == b"ready\r\nm-[name]\r\nm-ready\r\n"


def test_input_from_a_file_and_from_nothing(tmp_path):
    (tmp_path / "input").write_bytes(b"a%" * 50_000)
    with (tmp_path / "input").open("rb") as stdin:
        output, _ = start(stdin=stdin, stdout=subprocess.PIPE).communicate(timeout=20)
    assert output.count(b"m-ready") == 50_000
    output, _ = start(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).communicate(timeout=20)
    assert output == b"ready\r\n"


def test_a_reader_that_leaves():
    process = start(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    process.stdout.readline()
    process.stdout.close()
    process.stdin.write(b"name%")
    process.stdin.flush()
    assert process.wait(20) == 0


def test_on_a_terminal():
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", sys.executable, "-c", PROGRAM, str(Path(__file__).parent)],
        cwd=ROOT, stdin=slave, stdout=slave, stderr=slave,
    )  # fmt: skip

    def read_until(text: bytes) -> bytes:
        data, end = b"", time.monotonic() + 20
        while text not in data:
            assert time.monotonic() < end
            if select.select([master], [], [], 0.1)[0]:
                data += os.read(master, 4096)
        return data

    read_until(b"ready")
    assert not termios.tcgetattr(slave)[3] & termios.ECHO
    os.write(master, b"name%")  # no Enter: keys go as they are typed
    assert read_until(b"m-ready").startswith(b"m-[name]")
    os.write(master, b"\x03")
    read_until(b"interrupted")
    process.wait(20)
    assert termios.tcgetattr(slave) == before
    os.close(master)
    os.close(slave)


def test_a_full_pipe_is_waited_for():
    device = EchoDevice()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    link = StdioLink(device.endpoint, stdin=os.open(os.devnull, os.O_RDONLY), stdout=writer)
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.exit(len(sys.stdin.read()) != 300000)"],
                             stdin=reader)  # fmt: skip
    os.close(reader)
    device.say(b"z" * 300_000)
    link.close()
    os.close(writer)
    assert child.wait(20) == 0


def test_links_without_descriptors_do_not_wait_forever():
    device = EchoDevice()
    link = StdioLink(device.endpoint, stdin=os.open(os.devnull, os.O_RDONLY))
    links = LinkSet([link])
    links.wait(None)
    assert not links.finished  # input waits for the device
    links.device_has_booted()
    links.wait(None)
    assert links.finished
    links.wait(None)
    links.close()


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("stdio", SerialSpec("stdio")),
        ("pty", SerialSpec("pty")),
        ("tcp:5000", SerialSpec("tcp", "127.0.0.1", 5000)),
        ("tcp::0", SerialSpec("tcp", "127.0.0.1", 0)),
        ("tcp:0.0.0.0:5000", SerialSpec("tcp", "0.0.0.0", 5000)),
        ("tcp:[::1]:5000", SerialSpec("tcp", "::1", 5000)),
        ("rfc2217:board.local:1", SerialSpec("rfc2217", "board.local", 1)),
    ],
)
def test_serial_option(text, spec):
    assert parse_serial(text) == spec


@pytest.mark.parametrize(
    "text",
    [
        "",
        "usb",
        "tcp",
        "tcp:",
        "tcp:x",
        "tcp:-1",
        "tcp:65536",
        "tcp:1:2:x",
        "stdio:1",
        "pty:",
        "rfc2217",
        "tcp:²",
    ],
)
def test_serial_option_that_is_none(text):
    with pytest.raises(UsageError) as caught:
        parse_serial(text)
    assert caught.value.next_step


@pytest.mark.parametrize("text", ["pty", "tcp:0", "rfc2217:0"])
def test_open_link(text):
    with open_link(parse_serial(text), EchoDevice().endpoint) as link:
        assert link.description.startswith(text.split(":")[0])


def test_links_import_neither_click_nor_serial():
    program = (
        "import sys, emulator.links; print([m for m in ('click', 'rich', 'serial') if m in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True).stdout
    assert output.strip() == b"[]"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
