"""The endpoint alone: what a test or the machine sees of it."""

from __future__ import annotations

from emulator.links import SerialEndpoint


def test_bytes_travel_both_ways_in_order():
    endpoint = SerialEndpoint()
    told = []
    endpoint.on_waiting(lambda: told.append(endpoint.waiting()))
    endpoint.feed(b"ab")
    endpoint.feed("c")
    endpoint.feed(b"")
    assert told == [2]
    assert [endpoint.next_received() for _ in range(4)] == [97, 98, 99, None]
    endpoint.feed(b"d")
    assert told == [2, 1]
    seen = []
    endpoint.on_output = seen.append
    endpoint.subscribe(seen.append)
    endpoint.transmit(0x141)
    assert seen == [b"A", b"A"]
    endpoint.unsubscribe(seen.append)
    endpoint.unsubscribe(seen.append)
    endpoint.transmit(0x42)
    assert endpoint.output == b"AB"
    assert endpoint.take() == b"AB"
    assert endpoint.take() == b""
    endpoint.transmit(0x43)
    assert endpoint.take() == b"C"


def test_history_is_bounded():
    endpoint = SerialEndpoint(history_bytes=100)
    for number in range(1000):
        endpoint.transmit(number & 0xFF)
        assert len(endpoint.output) <= 100
    assert endpoint.sent == 1000
    assert endpoint.output[-1] == 999 & 0xFF
    taken = endpoint.take()
    assert taken == bytes(endpoint.output)
    endpoint.transmit(7)
    assert endpoint.take() == b"\x07"


def test_snapshot():
    endpoint = SerialEndpoint()
    endpoint.configured(9600)
    endpoint.feed(b"xyz")
    for byte in b"hello":
        endpoint.transmit(byte)
    endpoint.take()
    state = endpoint.save()
    endpoint.transmit(33)
    endpoint.next_received()
    endpoint.configured(1)
    endpoint.load(state)
    assert (endpoint.waiting(), bytes(endpoint.output), endpoint.baud) == (3, b"hello", 9600)
    assert endpoint.take() == b""
