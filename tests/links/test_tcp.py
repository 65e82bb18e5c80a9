"""TCP and RFC 2217 as hosts use and abuse them."""

from __future__ import annotations

import os
import random
import socket
import struct
import time

import pytest
import serial
from echo_device import EchoDevice, Runner, wait_for

from emulator.errors import EXIT_USAGE, LinkError
from emulator.links import LinkSet
from emulator.links.link import OUTGOING_LIMIT_BYTES
from emulator.links.rfc2217 import Rfc2217Link
from emulator.links.tcp import TcpLink

ANSWER = b"m-[name]\r\nm-ready\r\n"


@pytest.fixture
def device():
    return EchoDevice()


@pytest.fixture
def served(device):
    link = TcpLink(device.endpoint)
    with Runner(device, LinkSet([link])) as runner:
        yield link, runner


def connect(link: TcpLink) -> socket.socket:
    return socket.create_connection((link.host, link.port), timeout=3)


def read(host: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = host.recv(count - len(data))
        if not piece:
            break
        data += piece
    return data


def test_listens_on_loopback_and_says_where(served):
    link, _runner = served
    assert link.host == "127.0.0.1"
    assert link.description == f"tcp 127.0.0.1:{link.port}"


def test_several_sessions(served, device):
    link, runner = served
    for _ in range(20):
        runner.do(lambda: device.say(b"for nobody"))
        with connect(link) as host:
            host.sendall(b"name%")
            assert read(host, len(ANSWER)) == ANSWER


def test_nothing_is_lost_right_after_connecting(device):
    link = TcpLink(device.endpoint)
    for number in range(50):  # connected, but nobody pumped yet: the device's next byte counts
        with connect(link) as host:
            text = b"number %d" % number
            device.say(text)
            link.pump()
            assert read(host, len(text)) == text
    link.close()


def test_a_host_that_only_sends_gets_its_answer(served):
    link, _runner = served
    with connect(link) as host:
        host.sendall(b"name%")
        host.shutdown(socket.SHUT_WR)
        assert read(host, 1000) == ANSWER  # and then the end of the stream


def test_a_second_host_waits_for_the_first_to_leave(served):
    link, _runner = served
    with connect(link) as first:
        first.sendall(b"name%")
        assert read(first, len(ANSWER)) == ANSWER
        second = connect(link)
        second.sendall(b"name%")
        second.settimeout(0.2)
        with pytest.raises(TimeoutError):
            second.recv(1)
    second.settimeout(3)
    assert read(second, len(ANSWER)) == ANSWER
    second.close()


def test_a_host_that_resets_the_connection(served, device):
    link, runner = served
    for _ in range(5):
        host = connect(link)
        host.sendall(b"na")
        host.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        host.close()
        runner.do(lambda: device.say(b"lost"))
    with connect(link) as host:
        host.sendall(b"%name%")
        data = b""
        while not data.endswith(ANSWER):
            data += host.recv(400)


def test_split_commands_and_garbage(served):
    link, _runner = served
    chance = random.Random(3)
    with connect(link) as host:
        host.sendall(chance.randbytes(200_000).replace(b"%", b"!"))
        for byte in b"%name%":
            host.sendall(bytes([byte]))
            time.sleep(0.001)
        got = b""
        while not got.endswith(ANSWER):
            piece = host.recv(4096)
            assert piece
            got += piece


def test_a_host_that_never_reads(device):
    link = TcpLink(device.endpoint)
    host = connect(link)
    for _ in range(60):
        link.transmit(b"x" * 200_000)
        link.pump()
        assert len(link.outgoing) <= OUTGOING_LIMIT_BYTES
    assert link.outgoing.dropped
    host.close()
    link.close()


def test_a_port_in_use(device, served):
    link, _runner = served
    with pytest.raises(LinkError, match="in use") as caught:
        TcpLink(device.endpoint, port=link.port)
    assert caught.value.exit_code == EXIT_USAGE
    assert str(link.port) in str(caught.value)


def test_no_such_address(device):
    with pytest.raises(LinkError):
        TcpLink(device.endpoint, host="192.0.2.1")
    with pytest.raises(LinkError):
        TcpLink(device.endpoint, host="no.such.host.invalid")


def test_ipv6_loopback(device):
    link = TcpLink(device.endpoint, host="::1")
    assert link.description == f"tcp [::1]:{link.port}"
    link.close()


def test_waiting_costs_nothing_even_with_a_half_closed_host(device):
    link = TcpLink(device.endpoint)
    links = LinkSet([link])
    links.device_has_booted()
    with connect(link) as host:
        host.sendall(b"xyz")
        host.shutdown(socket.SHUT_WR)
        links.wait(1)
        cpu = time.process_time()
        links.wait(0.3, device_is_idle=False)
        assert time.process_time() - cpu < 0.1
    links.close()


class SlowDevice(EchoDevice):
    """Takes a few characters at each step, as a UART at a low baud rate does."""

    def step(self) -> None:
        for _ in range(10):
            if (byte := self.endpoint.next_received()) is None:
                return
            self.received.append(byte)
            if self.received.endswith(b"name%"):
                self.say(ANSWER)


@pytest.mark.parametrize("kind", [TcpLink, Rfc2217Link])
@pytest.mark.parametrize("how", ["closed", "half closed", "reset"])
def test_megabytes_of_a_host_that_is_gone_do_not_hold_the_port(kind, how):
    device = SlowDevice()
    link = kind(device.endpoint)
    with Runner(device, LinkSet([link])):
        first = connect(link)
        first.setblocking(False)
        sent = 0
        try:
            while sent < 4 << 20:
                sent += first.send(b"x" * 65536)
        except BlockingIOError:
            pass
        assert sent > 1 << 20
        if how == "half closed":
            first.shutdown(socket.SHUT_WR)
        else:
            linger = struct.pack("ii", int(how == "reset"), 0)
            first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            first.close()
        begin = time.monotonic()
        with connect(link) as second:
            second.sendall(b"%name%")
            data = b""
            while not data.endswith(ANSWER):
                piece = second.recv(4096)
                assert piece
                data += piece
        assert time.monotonic() - begin < 2
        assert len(device.received) < 1 << 20
        first.close()


def test_a_reset_costs_nothing_while_the_device_takes_nothing(device):
    link = TcpLink(device.endpoint)
    links = LinkSet([link])
    links.device_has_booted()
    host = connect(link)
    for _ in range(20):
        host.sendall(b"x" * 16384)
        links.pump()
    host.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    host.close()
    cpu = time.process_time()
    links.wait(0.3, device_is_idle=False)
    links.wait(0.3, device_is_idle=False)
    assert time.process_time() - cpu < 0.1
    assert device.endpoint.waiting() == 0
    links.close()


# -- RFC 2217 ------------------------------------------------------------------------------
@pytest.fixture
def rfc2217(device):
    link = Rfc2217Link(device.endpoint)
    with Runner(device, LinkSet([link])):
        yield link


def test_pyserial_client_reopens_and_changes_its_settings(rfc2217, device):
    url = f"rfc2217://{rfc2217.host}:{rfc2217.port}"
    for baud in (9600, 115200, 921600):
        with serial.serial_for_url(url, baudrate=baud, timeout=3) as port:
            port.write(b"name%")
            assert port.read_until(b"m-ready\r\n") == ANSWER
            port.baudrate = baud * 2
            port.reset_input_buffer()
            port.dtr = False
            port.write(b"a\xff\xffb%")
            assert port.read_until(b"m-ready\r\n") == b"m-[a\xff\xffb]\r\nm-ready\r\n"
    assert device.received.endswith(b"name%a\xff\xffb%")


def test_a_plain_telnet_host_is_served_too(rfc2217):
    with connect(rfc2217) as host:
        host.sendall(b"name%")
        data = b""
        while not data.endswith(ANSWER):
            data += host.recv(1000)


@pytest.mark.parametrize("seed", range(4))
def test_telnet_garbage(rfc2217, seed):
    chance = random.Random(seed)
    pieces = [b"\xff", b"\xff\xfa", b"\xff\xf0", b"\xff\xfa\x2c\x01\xff\xf0", b"\xff\xfa\x2c\x03\x77\xff\xf0",
              b"\xff\xfd\x2c", b"\xff\xfb\x00", b"\xff\xfa\x2c\x01\x00\x00\xff\xf0"]  # fmt: skip
    garbage = b"".join(chance.choice(pieces) + os.urandom(chance.randint(0, 5)) for _ in range(2000))
    with connect(rfc2217) as host:
        host.sendall(garbage.replace(b"%", b"") + b"\xff\xf0\xff\xf0" + b"x" * 600)
        host.sendall(b"%name%")
        data = b""
        while not data.endswith(ANSWER):
            piece = host.recv(65536)
            assert piece
            data += piece


def test_every_byte_value(rfc2217, device):
    everything = bytes(b for b in range(256) if b != ord("%"))
    with serial.serial_for_url(f"rfc2217://{rfc2217.host}:{rfc2217.port}", timeout=3) as port:
        port.write(everything)
        wait_for(lambda: len(device.received) == 255)
    assert device.received == everything
