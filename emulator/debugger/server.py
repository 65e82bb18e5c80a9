"""Answers GDB's packets, of a core that stands still.

Source: GDB manual, appendix E, sections "Packets", "Stop Reply Packets", "General Query Packets". What is not
known gets the empty answer, by which GDB knows it.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass

from emulator.board.areas import PRIVATE
from emulator.debugger.control import Action, Resumption
from emulator.debugger.descriptions import memory_map, target_description, thread_list
from emulator.debugger.monitor import Monitor
from emulator.debugger.packets import escaped, unescaped
from emulator.debugger.stops import STEPPED, Stop, StopTable
from emulator.debugger.target import Target
from emulator.debugger.threads import CORE_THREAD, Thread, Threads
from emulator.machine.machine import Machine

PACKET_BYTES = 0x4000
OK, UNKNOWN = b"OK", b""
BAD_REQUEST, NO_MEMORY, NO_ROOM, NO_REGISTER = b"E16", b"E0e", b"E1c", b"E02"
UNAVAILABLE = b"xx"
FEATURES = (
    f"PacketSize={PACKET_BYTES:x};QStartNoAckMode+;qXfer:features:read+;qXfer:memory-map:read+;"
    "qXfer:threads:read+;swbreak+;hwbreak+;vContSupported+;ReverseStep+;ReverseContinue+;QNonStop-;multiprocess-"
)
ACTIONS = {"c": Action.CONTINUE, "C": Action.CONTINUE, "s": Action.STEP, "S": Action.STEP, "r": Action.STEP}
HEXADECIMAL = re.compile("[0-9a-fA-F,]+")
LONGEST_TEXT_BYTES = 1024
"""Of an ``O`` packet."""


@dataclass(frozen=True, slots=True)
class Parting:
    """GDB lets the machine go on alone, or ends its run."""

    kills: bool


Outcome = bytes | Resumption | Parting
"""What a packet leads to: an answer, or what is done with the machine."""


class Server:
    """Answers for one machine. ``tell(text)``: shows text in GDB, before an answer."""

    def __init__(
        self,
        machine: Machine,
        target: Target,
        stops: StopTable,
        threads: Threads,
        monitor: Monitor,
        tell: Callable[[str], None],
    ) -> None:
        self._machine, self._target, self._stops = machine, target, stops
        self._threads, self._monitor, self._tell = threads, monitor, tell
        self._documents = {
            "features": target_description(target.registers.all),
            "memory-map": memory_map(
                machine.board.regions, [*machine.bus.windows(), (PRIVATE.start, len(PRIVATE))]
            ),
        }
        self._thread = 0  # whose registers are asked for; 0: the one that runs
        self.acknowledges = True
        self.last_stop = STEPPED
        self._packets: dict[str, Callable[[str], Outcome]] = {
            "?": lambda _rest: self.stop_reply(self.last_stop),
            "g": self._read_all,
            "G": self._write_all,
            "p": self._read_one,
            "P": self._write_one,
            "m": self._read_memory,
            "M": lambda rest: self._write_memory(rest, bytes.fromhex),
            "X": lambda rest: self._write_memory(rest, binary),
            "c": lambda rest: self._resume(Action.CONTINUE, rest),
            "C": lambda rest: self._resume(Action.CONTINUE, rest.partition(";")[2]),
            "s": lambda rest: self._resume(Action.STEP, rest),
            "S": lambda rest: self._resume(Action.STEP, rest.partition(";")[2]),
            "b": self._back,
            "v": self._verbose,
            "q": self._query,
            "Q": self._set,
            "Z": lambda rest: self._stop_point(rest, insert=True),
            "z": lambda rest: self._stop_point(rest, insert=False),
            "H": self._choose_thread,
            "T": lambda rest: OK if self._threads.find(int(rest, 16)) else BAD_REQUEST,
            "!": lambda _rest: OK,
            "D": lambda _rest: Parting(kills=False),
            "k": lambda _rest: Parting(kills=True),
        }
        self._queries: dict[str, Callable[[str], bytes]] = {
            "Supported": lambda _rest: FEATURES.encode(),
            "Xfer": self._document,
            "Rcmd": self._command,
            "C": lambda _rest: b"QC%x" % self._threads.current(),
            "ThreadExtraInfo": self._thread_words,
            "fThreadInfo": self._list_threads,
            "sThreadInfo": lambda _rest: b"l",
            "CRC": self._crc,
            "Attached": lambda _rest: b"1",
            "Symbol": lambda _rest: OK,
        }

    def begin(self) -> None:
        """A GDB has come: nothing is left of the one before."""
        self.acknowledges, self._thread, self.last_stop = True, 0, STEPPED
        self._stops.clear()

    def answer(self, payload: bytes) -> Outcome:
        """What a packet leads to."""
        text = payload.decode("latin-1")
        handler = self._packets.get(text[:1])
        if handler is None:
            return UNKNOWN
        try:
            return handler(text[1:])
        except (ValueError, IndexError, OverflowError):  # no GDB's
            return BAD_REQUEST

    def stop_reply(self, stop: Stop) -> bytes:
        """A ``T`` packet."""
        return f"T{stop.signal:02x}thread:{self._threads.current():x};{stop.words}".encode()

    # -- registers ---------------------------------------------------------------------------
    def _selected(self) -> Thread:
        threads = self._threads.all()
        return next((thread for thread in threads if thread.number == self._thread), threads[0])

    def _read_all(self, _rest: str) -> bytes:
        thread, found = self._selected(), b""
        registers = self._target.registers
        for number in range(registers.all[-1].number + 1):
            register = registers.find(number)
            if register is None:  # of the FPA, which GDB counts where it is not described
                continue
            data = self._target.read_register(register, thread)
            found += UNAVAILABLE * register.size_bytes if data is None else data.hex().encode()
        return found

    def _write_all(self, rest: str) -> bytes:
        data = bytes.fromhex(rest)
        for register in self._target.registers.all:
            value, data = data[: register.size_bytes], data[register.size_bytes :]
            if len(value) == register.size_bytes:
                self._target.write_register(register, value)
        return OK

    def _read_one(self, rest: str) -> bytes:
        register = self._target.registers.find(int(rest, 16))
        if register is None:
            return NO_REGISTER
        data = self._target.read_register(register, self._selected())
        return UNAVAILABLE * register.size_bytes if data is None else data.hex().encode()

    def _write_one(self, rest: str) -> bytes:
        number, _, value = rest.partition("=")
        register, data = self._target.registers.find(int(number, 16)), bytes.fromhex(value)
        if register is None or self._selected().registers or len(data) != register.size_bytes:
            return NO_REGISTER
        self._target.write_register(register, data)
        return OK

    # -- memory ------------------------------------------------------------------------------
    def _read_memory(self, rest: str) -> bytes:
        address, size = numbers(rest)
        data = self._target.read(address, min(size, PACKET_BYTES // 2))
        return data.hex().encode() if data or not size else NO_MEMORY

    def _write_memory(self, rest: str, decode: Callable[[str], bytes]) -> bytes:
        place, _, coded = rest.partition(":")
        (address, size), data = numbers(place), decode(coded)
        if len(data) != size:
            return BAD_REQUEST
        return OK if self._target.write(address, data) else NO_MEMORY

    def _stop_point(self, rest: str, *, insert: bool) -> bytes:
        kind, address, size = numbers(rest.partition(";")[0])
        if kind > 4:
            return UNKNOWN
        if insert:
            return OK if self._stops.insert(kind, address, size) else NO_ROOM
        self._stops.remove(kind, address, size)
        return OK

    # -- resuming ----------------------------------------------------------------------------
    def _resume(self, action: Action, address: str) -> Outcome:
        if address:
            pc = self._target.registers.find(15)
            assert pc is not None
            self._target.write_register(pc, int(address, 16).to_bytes(4, "little"))
        return Resumption(action)

    def _back(self, rest: str) -> Outcome:
        if rest not in ("s", "c"):
            return UNKNOWN
        return Resumption(Action.STEP_BACK if rest == "s" else Action.CONTINUE_BACK)

    def _verbose(self, rest: str) -> Outcome:
        name, _, arguments = rest.partition(":")
        if rest == "Cont?":
            return b"vCont;c;C;s;S;r"
        if rest.startswith("Cont;"):
            return self._continue_with(rest.split(";")[1].partition(":")[0])
        if name == "FlashErase":
            address, size = numbers(arguments)
            return OK if self._target.erase(address, size) else NO_MEMORY
        if name == "FlashWrite":
            place, _, data = arguments.partition(":")
            (address,) = numbers(place)
            return OK if self._target.program(address, binary(data)) else b"E.memtype"
        if name == "FlashDone":
            return OK
        return Parting(kills=True) if name.startswith("Kill") else UNKNOWN

    @staticmethod
    def _continue_with(action: str) -> Outcome:
        """The first action of a ``vCont``: it is the thread's that runs."""
        if action[:1] not in ACTIONS:
            return UNKNOWN
        stay = range(0)
        if action[0] == "r":
            start, end = numbers(action[1:])
            stay = range(start, end)
        return Resumption(ACTIONS[action[0]], stay)

    # -- queries -----------------------------------------------------------------------------
    def _query(self, rest: str) -> Outcome:
        name, *arguments = re.split("[:,]", rest, maxsplit=1)
        query = self._queries.get(name)
        return UNKNOWN if query is None else query(*arguments, *[""][len(arguments) :])

    def _thread_words(self, number: str) -> bytes:
        thread = self._threads.find(int(number, 16))
        if thread is None:
            return BAD_REQUEST
        words = f"{thread.name} ({thread.state})" if thread.state else thread.name
        return words.encode().hex().encode()

    def _list_threads(self, _rest: str) -> bytes:
        return b"m" + b",".join(b"%x" % thread.number for thread in self._threads.all())

    def _document(self, arguments: str) -> bytes:
        kind, operation, annex, place = arguments.split(":", 3)
        if operation != "read" or (kind == "features" and annex != "target.xml"):
            return b"E00"
        if kind == "threads":
            text = thread_list((each.number, each.name, each.state) for each in self._threads.all())
        elif kind in self._documents:
            text = self._documents[kind]
        else:
            return UNKNOWN
        start, size = numbers(place)
        data = text.encode()
        part = data[start : start + min(size, PACKET_BYTES // 2)]
        return (b"m" if start + len(part) < len(data) else b"l") + escaped(part)

    def _command(self, digits: str) -> bytes:
        text = self._monitor.run(bytes.fromhex(digits).decode("utf-8", "replace"))
        for start in range(0, len(text), LONGEST_TEXT_BYTES):
            self._tell(text[start : start + LONGEST_TEXT_BYTES])
        return OK

    def _crc(self, arguments: str) -> bytes:
        """``compare-sections``."""
        address, size = numbers(arguments)
        data = self._target.read(address, size)
        if len(data) != size:
            return NO_MEMORY
        return b"C%x" % crc32_msb_first(data)

    def _set(self, rest: str) -> bytes:
        if rest == "StartNoAckMode":
            self.acknowledges = False  # behind this answer
            return OK
        return OK if rest == "NonStop:0" else UNKNOWN

    def _choose_thread(self, rest: str) -> bytes:
        operation, number = rest[:1], int(rest[1:], 16)
        if number > 0 and self._threads.find(number) is None and number != CORE_THREAD:
            return BAD_REQUEST
        if operation == "g":
            self._thread = max(0, number)
        return OK


def numbers(text: str) -> list[int]:
    """Hexadecimal numbers between commas. Raises ValueError for others, and for signs, which int takes."""
    if not HEXADECIMAL.fullmatch(text):
        raise ValueError(text)
    return [int(each, 16) for each in text.split(",")]


def binary(coded: str) -> bytes:
    """The data of a packet with escapes, which is text with a character for each byte."""
    return unescaped(coded.encode("latin-1"))


def crc32_msb_first(data: bytes) -> int:
    """CRC-32 as GDB's ``qCRC`` has it: the bits of zlib's other way round, begun with ones, not inverted."""
    mirror = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
    return int(f"{binascii.crc32(data.translate(mirror)) ^ 0xFFFFFFFF:032b}"[::-1], 2)
