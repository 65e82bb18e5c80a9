"""A text is seen however it is cut, once, and not after the watch is closed."""

from __future__ import annotations

from emulator.links import SerialEndpoint
from emulator.links.text_watch import TextWatch


def test_a_text_in_pieces_is_found_once() -> None:
    endpoint, found = SerialEndpoint(), []
    endpoint.transmit_all(b"m-re")  # before it is watched
    watch = TextWatch(endpoint, b"m-ready", lambda: found.append(1))
    for piece in (b"ady", b" m", b"-rea", b"d", b"y m-ready"):
        assert not found
        endpoint.transmit_all(piece)
    assert watch.found and found == [1]
    endpoint.transmit_all(b"m-ready")
    assert found == [1]


def test_a_closed_watch_sees_nothing_and_an_empty_text_anything() -> None:
    endpoint = SerialEndpoint()
    closed, empty = TextWatch(endpoint, b"a"), TextWatch(endpoint, b"")
    closed.close()
    assert not empty.found
    endpoint.transmit(0x61)
    assert empty.found and not closed.found
