"""A PTY as host software uses it: open, talk, close, come back, or never read at all."""

from __future__ import annotations

import contextlib
import os
import select
import termios
import threading
import time
from pathlib import Path

import pytest
import serial
from echo_device import EchoDevice, Runner, wait_for

from emulator.errors import LinkError
from emulator.links import LinkSet
from emulator.links.link import OUTGOING_LIMIT_BYTES
from emulator.links.pty import PtyLink


@pytest.fixture
def device():
    return EchoDevice()


@pytest.fixture
def link(device):
    with PtyLink(device.endpoint) as link:
        link.device_has_booted()
        yield link


def test_a_host_that_talks_before_the_device_has_booted(device):
    with PtyLink(device.endpoint) as link:
        port = open_port(link)
        os.write(port, b"early")
        assert link.pump() == 0
        link.device_has_booted()
        assert link.pump() == 5
        os.close(port)


def open_port(link: PtyLink) -> int:
    return os.open(link.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)


def read_all(port: int, quiet_s: float = 0.05) -> bytes:
    """Read until nothing comes for a while."""
    found = bytearray()
    while select.select([port], [], [], quiet_s)[0]:
        piece = os.read(port, 65536)
        if not piece:
            break
        found += piece
    return bytes(found)


def test_both_ways(device, link):
    port = open_port(link)
    device.say(b"hello\r\n")
    link.pump()
    assert read_all(port) == b"hello\r\n"
    os.write(port, b"name%")
    assert link.pump() == 5
    device.step()
    link.pump()
    assert read_all(port) == b"m-[name]\r\nm-ready\r\n"
    os.close(port)


def test_every_byte_value_passes_unchanged(device, link):
    port = open_port(link)
    everything = bytes(range(256))
    device.say(everything)
    link.pump()
    assert read_all(port) == everything
    os.write(port, everything.replace(b"%", b""))
    link.pump()
    device.step()
    assert device.received == everything.replace(b"%", b"")
    os.close(port)


def test_nothing_is_kept_for_nobody(device, link):
    device.say(b"boot text\r\n" * 20000)
    link.pump()
    port = open_port(link)
    device.say(b"after\r\n")
    link.pump()
    assert read_all(port) == b"after\r\n"
    os.close(port)


def test_what_a_host_left_unread_is_gone_for_the_next(device, link):
    port = open_port(link)
    device.say(b"old" * 10000)
    link.pump()
    os.close(port)
    port = open_port(link)  # nothing noticed the change in between
    device.say(b"new")
    link.pump()
    assert read_all(port) == b"new"
    os.close(port)


def test_many_reconnects_lose_nothing(device, link):
    for number in range(200):
        if number % 3 == 0:
            device.say(b"for nobody")
        port = open_port(link)
        text = b"line %d\r\n" % number
        device.say(text)
        link.pump()
        got = b""
        while len(got) < len(text):
            got += os.read(port, 100)
        assert got == text
        os.close(port)
        if number % 2:
            link.pump()


def test_what_a_host_sent_before_it_closed_arrives(device, link):
    Path(link.path).write_bytes(b"name%")
    links = LinkSet([link])
    links.wait(1)
    device.step()
    assert device.received == b"name%"


def test_two_hosts_at_once_of_which_one_leaves(device, link):
    first, second = open_port(link), open_port(link)
    os.close(first)
    device.say(b"still here")
    link.pump()
    assert read_all(second) == b"still here"
    os.close(second)


def test_settings_of_a_host_do_not_outlive_it(device, link):
    port = open_port(link)
    settings = termios.tcgetattr(port)
    settings[0] |= termios.IXON | termios.ICRNL
    settings[3] |= termios.ECHO | termios.ICANON
    termios.tcsetattr(port, termios.TCSANOW, settings)
    os.close(port)
    link.pump()
    port = open_port(link)
    assert not termios.tcgetattr(port)[3] & (termios.ECHO | termios.ICANON)
    assert not termios.tcgetattr(port)[0] & (termios.IXON | termios.ICRNL)
    os.close(port)


def test_a_host_that_never_reads(device, link):
    port = open_port(link)
    for _ in range(30):
        link.transmit(b"x" * 100_000)
        link.pump()
        assert len(link.outgoing) <= OUTGOING_LIMIT_BYTES
    assert link.outgoing.dropped > 1_000_000
    device.say(b"the end")
    found = bytearray()
    while not found.endswith(b"the end"):
        link.pump()
        found += read_all(port)
    os.close(port)


def test_a_host_that_floods(device, link):
    port = open_port(link)
    sent = 0
    for _ in range(300):
        with contextlib.suppress(BlockingIOError):
            sent += os.write(port, os.urandom(4096).replace(b"%", b"#"))
        link.pump()
    assert device.endpoint.waiting() <= 1 << 16
    while device.endpoint.waiting():
        device.step()
        link.pump()
    assert len(device.received) == sent
    os.close(port)


def test_waiting_costs_nothing(device, link):
    links = LinkSet([link])
    start, cpu = time.monotonic(), time.process_time()
    links.wait(0.3)
    assert time.monotonic() - start >= 0.29
    assert time.process_time() - cpu < 0.1


def test_waiting_ends_with_the_hosts_bytes(device, link):
    port = open_port(link)
    writer = threading.Timer(0.1, os.write, (port, b"a%"))
    writer.start()
    begin = time.monotonic()
    links = LinkSet([link])
    while not device.endpoint.waiting():  # the host's opening ends the first wait
        links.wait(30)
    assert time.monotonic() - begin < 20
    writer.join()
    os.close(port)


def test_pyserial_opens_and_reopens(device):
    with Runner(device, LinkSet([link := PtyLink(device.endpoint)])) as runner:
        for _ in range(5):
            with serial.Serial(link.path, 115200, timeout=2, exclusive=True) as port:
                port.write(b"name%")
                assert port.read_until(b"m-ready\r\n") == b"m-[name]\r\nm-ready\r\n"
                port.write(b"profile%")  # leaves without reading
            wait_for(lambda: device.received.endswith(b"profile%"))
            runner.do(lambda: device.say(b"between sessions"))


def test_symlink(device, tmp_path):
    path = tmp_path / "port"
    path.symlink_to("/dev/pts/does-not-exist")  # what a killed run leaves
    with PtyLink(device.endpoint, symlink=path) as link:
        assert str(path.readlink()) == link.path
        assert link.description == f"pty {path}"
        with pytest.raises(LinkError, match="File exists"):
            PtyLink(device.endpoint, symlink=path)
    assert not path.is_symlink()


def read_until_gone(port: int, pause_s: float) -> bytes:
    """Read whatever comes, with pauses, until the port is taken away."""
    found = bytearray()
    with contextlib.suppress(OSError):  # EIO: the port is gone
        while piece := os.read(port, 65536):
            found += piece
            time.sleep(pause_s)
    return bytes(found)


@pytest.mark.parametrize("pause_s", [0, 0.06], ids=["at once", "slowly"])
def test_closing_lets_the_host_read_the_rest(device, pause_s):
    """The slow host needs longer for all than it is waited for when it takes nothing."""
    link = PtyLink(device.endpoint)
    port = os.open(link.path, os.O_RDWR | os.O_NOCTTY)
    device.say(b"y" * 50_000)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(read_until_gone(port, pause_s)))
    reader.start()
    link.close()
    reader.join()
    assert got[0] == b"y" * 50_000
    link.close()
    os.close(port)


def test_closing_does_not_wait_for_a_host_that_never_reads(device, monkeypatch):
    monkeypatch.setattr("emulator.links.pty.CLOSING_S", 0.02)
    link = PtyLink(device.endpoint)
    port = open_port(link)
    device.say(b"y" * 50_000)
    link.close()
    os.close(port)
