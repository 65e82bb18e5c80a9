"""pprof's profile.proto, gzipped: a sample a call path, with cycles and instructions.

https://github.com/google/pprof/blob/main/proto/profile.proto has the fields' numbers. A path is the
function that ran, then the places of the calls, innermost first; inlined functions are lines of one
location.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from emulator.recording.model import NO_INDEX, Instruction
from emulator.reporting.exports.protobuf import message, number, packed, text
from emulator.reporting.view import View

SAMPLE_TYPE, SAMPLE, MAPPING, LOCATION, FUNCTION, STRINGS = 1, 2, 3, 4, 5, 6
DURATION_NANOS, PERIOD_TYPE, PERIOD, COMMENT, DEFAULT_SAMPLE_TYPE = 10, 11, 12, 13, 14
NANOSECONDS = 1_000_000_000
THE_MAPPING = 1


def pprof(view: View) -> bytes:
    """The gzipped message; its time stamp is 0, so that the same recording gives the same bytes."""
    return gzip.compress(_Profile(view).encoded(), mtime=0)


class _Profile:
    def __init__(self, view: View) -> None:
        self._view = view
        self._strings: dict[str, int] = {"": 0}
        self._functions: dict[tuple[str, str, str, int], int] = {}
        self._locations: dict[tuple[object, ...], int] = {}
        self._parts: list[bytes] = []

    def encoded(self) -> bytes:
        """The whole message."""
        recording = self._view.recording
        identity = recording.identity
        kinds = [self._value_type("cycles", "count"), self._value_type("instructions", "count")]
        head = [message(SAMPLE_TYPE, kind) for kind in kinds]
        samples = [message(SAMPLE, sample) for sample in self._samples()]
        mapping = message(
            MAPPING,
            number(1, THE_MAPPING), number(3, 1 << 32), number(5, self._string(identity.image)),
            number(6, self._string(identity.image_sha256)),
            *(number(field, 1) for field in (7, 8, 9, 10)),
        )  # fmt: skip
        comment = self._string(f"{identity.title} on {identity.board}; simulated and unofficial")
        tail = [
            message(PERIOD_TYPE, kinds[0]),
            number(PERIOD, 1),
            number(COMMENT, comment),
            number(DEFAULT_SAMPLE_TYPE, self._string("cycles")),
        ]
        if identity.clock_hz:
            tail.append(number(DURATION_NANOS, recording.cycles * NANOSECONDS // identity.clock_hz))
        strings = [text(STRINGS, value) for value in self._strings]
        return b"".join([*head, *samples, mapping, *self._parts, *strings, *tail])

    def _samples(self) -> Iterator[bytes]:
        for index in self._view.top_down():
            context = self._view.contexts[index]
            if context.self_cycles or context.self_instructions:
                yield packed(1, self._stack(index)) + packed(
                    2, (context.self_cycles, context.self_instructions)
                )

    def _stack(self, index: int) -> Iterator[int]:
        """Locations, innermost first."""
        contexts, functions = self._view.contexts, self._view.recording.functions
        context = contexts[index]
        if 0 <= context.function < len(functions):
            known = functions[context.function]
            yield self._location(
                ("entry", context.function), max(known.address, 0), [(context.function, known.line)]
            )
        elif context.parent != NO_INDEX:
            yield self._named(self._view.context_name(index))
        while context.parent != NO_INDEX:
            caller = contexts[context.parent]
            yield self._call_site(context.call_site, caller.function, context.parent)
            context = caller
        if context.name:
            yield self._named(context.name)

    def _call_site(self, address: int, caller: int, parent: int) -> int:
        known = self._view.instruction_at(address)
        if known is None or known.function != caller:
            if not 0 <= caller < len(self._view.recording.functions):
                return self._named(self._view.context_name(parent))
            return self._location(("site", address, caller), max(address, 0), [(caller, 0)])
        return self._location(("site", address, caller), address, inline_lines(known))

    def _named(self, name: str) -> int:
        """A location that is nothing but a name: an exception, a thread."""
        key = ("name", name)
        if key not in self._locations:
            line = message(4, number(1, self._function(name, name, "", 0)))
            self._add_location(key, number(2, THE_MAPPING), line)
        return self._locations[key]

    def _location(self, key: tuple[object, ...], address: int, lines: list[tuple[int, int]]) -> int:
        if key not in self._locations:
            encoded = []
            for index, line in lines:
                known = self._view.recording.functions[index]
                function = self._function(self._view.name(index), known.linkage, known.file, known.line)
                encoded.append(message(4, number(1, function), number(2, line)))
            self._add_location(key, number(2, THE_MAPPING), number(3, address), *encoded)
        return self._locations[key]

    def _add_location(self, key: tuple[object, ...], *parts: bytes) -> None:
        self._locations[key] = len(self._locations) + 1
        self._parts.append(message(LOCATION, number(1, self._locations[key]), *parts))

    def _function(self, name: str, linkage: str, file: str, line: int) -> int:
        key = (name, linkage, file, line)
        if key not in self._functions:
            self._functions[key] = len(self._functions) + 1
            strings = [self._string(value) for value in key[:3]]
            fields = [number(field, value) for field, value in zip((2, 3, 4), strings, strict=True)]
            self._parts.append(message(FUNCTION, number(1, self._functions[key]), *fields, number(5, line)))
        return self._functions[key]

    def _value_type(self, kind: str, unit: str) -> bytes:
        return number(1, self._string(kind)) + number(2, self._string(unit))

    def _string(self, value: str) -> int:
        return self._strings.setdefault(value, len(self._strings))


def inline_lines(item: Instruction) -> list[tuple[int, int]]:
    """(function, line) of an instruction, innermost inlined function first, the one that holds it last."""
    line, lines = item.line, []
    for frame in reversed(item.inlined):
        lines.append((frame.function, line))
        line = frame.call_line
    return [*lines, (item.function, line)]
