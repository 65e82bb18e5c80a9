"""A Perfetto trace (protocol buffers, TrackEvent): the timeline, counters, and the call tree.

The fields' numbers are those of Perfetto's protos (trace_packet.proto, track_descriptor.proto,
track_event.proto, debug_annotation.proto). Times are nanoseconds of the modelled clock; slices have
their cycles as annotations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from emulator.reporting.exports.protobuf import double, message, number, text
from emulator.reporting.timeline import (
    BEGIN,
    END,
    MOMENT,
    Counter,
    Slice,
    Track,
    call_paths,
    counters,
    events,
    tracks,
)
from emulator.reporting.view import View

PACKET = 1
TIMESTAMP, SEQUENCE, TRACK_EVENT, FLAGS, TRACK_DESCRIPTOR = 8, 10, 11, 13, 60
UUID, NAME, PROCESS, PARENT, COUNTER = 1, 2, 3, 5, 8
ANNOTATION, KIND, TRACK, CATEGORY, EVENT_NAME, DOUBLE_VALUE = 4, 9, 11, 22, 23, 44
VALUE = 4
KINDS = {BEGIN: 1, END: 2, MOMENT: 3}
ANNOTATION_INT, ANNOTATION_DOUBLE, ANNOTATION_TEXT, ANNOTATION_NAME = 4, 5, 6, 10
STATE_CLEARED = 1
NANOSECONDS = 1_000_000_000
TIMELINE, SUMMED, FIRST_TRACK = 1, 2, 10


def perfetto(view: View) -> bytes:
    """The bytes of a ``Trace``."""
    return b"".join(message(PACKET, packet, number(SEQUENCE, 1)) for packet in _packets(view))


def _packets(view: View) -> Iterator[bytes]:
    identity = view.recording.identity
    hz = identity.clock_hz or NANOSECONDS
    title = f"{identity.title} on {identity.board} (simulated and unofficial)"
    yield number(FLAGS, STATE_CLEARED) + _process(TIMELINE, title)
    yield _process(SUMMED, "call paths (summed, not in order of time)")
    uuid = FIRST_TRACK
    for parent, track in [*((TIMELINE, track) for track in tracks(view)), (SUMMED, call_paths(view))]:
        yield message(TRACK_DESCRIPTOR, number(UUID, uuid), text(NAME, track.name), number(PARENT, parent))
        yield from _slices(track, uuid, hz)
        uuid += 1
    for counter in counters(view):
        yield from _counter(counter, uuid, hz)
        uuid += 1


def _process(number_of: int, name: str) -> bytes:
    process = message(PROCESS, number(1, number_of), text(6, name))
    return message(TRACK_DESCRIPTOR, number(UUID, number_of), text(NAME, name), process)


def _slices(track: Track, uuid: int, hz: int) -> Iterator[bytes]:
    for at_cycles, kind, item in events(track):
        yield _event(at_cycles, hz, uuid, KINDS[kind], None if kind == END else item)


def _event(at_cycles: int, hz: int, uuid: int, kind: int, item: Slice | None = None) -> bytes:
    fields = [number(KIND, kind), number(TRACK, uuid)]
    if item is not None:
        facts = {"cycles": item.end - item.begin, **item.facts}
        fields += [text(CATEGORY, "boardless"), text(EVENT_NAME, item.name), *_annotations(facts)]
    return number(TIMESTAMP, at_cycles * NANOSECONDS // hz) + message(TRACK_EVENT, *fields)


def _annotations(facts: Mapping[str, Any]) -> Iterator[bytes]:
    for name, value in facts.items():
        if isinstance(value, int):
            field = number(ANNOTATION_INT, value)
        elif isinstance(value, float):
            field = double(ANNOTATION_DOUBLE, value)
        else:
            field = text(ANNOTATION_TEXT, str(value))
        yield message(ANNOTATION, text(ANNOTATION_NAME, name), field)


def _counter(counter: Counter, uuid: int, hz: int) -> Iterator[bytes]:
    unit = message(COUNTER, text(6, counter.unit))
    yield message(
        TRACK_DESCRIPTOR, number(UUID, uuid), text(NAME, counter.name), number(PARENT, TIMELINE), unit
    )
    for at, value in counter.values:
        fields = (number(KIND, VALUE), number(TRACK, uuid), double(DOUBLE_VALUE, value))
        yield number(TIMESTAMP, at * NANOSECONDS // hz) + message(TRACK_EVENT, *fields)
