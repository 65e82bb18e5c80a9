"""A firmware to debug, the debugger at its work in a thread, and a small GDB to talk to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from emulator import Machine
from emulator.cli.session import Limits, Session
from emulator.debugger.connection import Address
from emulator.debugger.debugger import Debugger
from emulator.debugger.packets import PacketReader, framed
from emulator.errors import BoardlessError
from emulator.links import LinkSet
from tests.machine.firmware import build

PATIENCE_S = 120
FIRMWARE = r"""
#define NOINLINE __attribute__((noinline, used))
volatile u32 sink, results[16], woken, calls;
NOINLINE u32 clamp(u32 n) {
    u32 r = n;
    __asm__("cmp %0, #9\n itete hi\n movhi %0, #9\n addls %0, #1\n strhi %0, [%1]\n strls %0, [%1, #4]"
            : "+r"(r) : "r"(results) : "cc", "memory");
    return r;
}
NOINLINE u32 recurse(u32 n) { results[n & 7] += n; return n ? recurse(n - 1) + n : 1; }
NOINLINE float scale(u32 n) { return (float)n * 1.5f; }
NOINLINE void on_tick(void) { ticks++; results[8] = ticks; if (ticks % 3 == 0) REG(0xE000ED04) = 1u << 28; }
NOINLINE void on_pendsv(void) { woken += clamp(ticks); }
NOINLINE void on_svc(void) { calls++; sink = recurse(2); }
NOINLINE void finish(u32 reason) {
    __asm__("mov r1, %0\n movs r0, #0x18\n bkpt 0xAB" : : "r"(reason) : "r0", "r1", "memory");
}
const void *const handlers[16] __attribute__((aligned(256))) = {
    &_stack_top, start, on_hard_fault, on_hard_fault, on_hard_fault, on_hard_fault, on_hard_fault, 0, 0, 0, 0,
    on_svc, 0, 0, on_pendsv, on_tick};
void main(void) {
    REG(0xE000ED08) = (u32)handlers;
    REG(0xE000ED20) = 0x80u << 24 | 0xFFu << 16; /* SysTick, and PendSV below it */
    REG(0xE000E014) = 1777;
    REG(0xE000E010) = 7;
    print("go\r\n");
    for (u32 n = 0; n < 6; n++) {
        sink = recurse(n) + clamp(n * 3);
        results[9] = (u32)scale(n);
        __asm__("svc 0");
        if (n == 2) results[10] = (u32)get();
        if (n == 4) __asm__("wfi");
        put((char)('0' + n));
    }
    REG(0xE000E010) = 0;
    print("\r\n");
    finish(0x20026);
}
"""
INPUT = b"k"


@dataclass(slots=True)
class Debugged:
    """A machine that a debugger serves; ``machine`` is another thread's until :meth:`join`."""

    machine: Machine
    port: int
    thread: threading.Thread
    stop: list[str] = field(default_factory=list)

    def join(self) -> str:
        """How the run has ended: a stop reason, or the error's text."""
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive(), "the run does not end"
        return self.stop[0]


def firmware(folder: Path, *, asks: bool = True) -> Path:
    """The firmware; ``asks``: it takes a character, for which a command line waits a second of its time."""
    source = FIRMWARE if asks else FIRMWARE.replace("(u32)get()", "0")
    return build(folder, source, "debugged")


def loaded(elf: Path, hook: str, board: str = "virtual-m4") -> Machine:
    machine = Machine(board, hook=hook)
    machine.load(elf)
    machine.console.feed(INPUT)
    return machine


def state(machine: Machine) -> dict[str, object]:
    memory = [bytes(each.view) for each in machine.core.memories if each.region.kind == "ram"]
    return {
        "counts": machine.counts,
        "registers": machine.registers(),
        "console": bytes(machine.console.output),
        "memory": memory,
        "exit code": machine.exit_code,
    }


@contextmanager
def debugged(machine: Machine, *, limits: Limits | None = None, waits: bool = True) -> Iterator[Debugged]:
    """Serve a machine to a GDB on a free port until its run ends."""
    stop: list[str] = []
    with Debugger(machine, Address("127.0.0.1", 0), waits=waits) as debugger:
        session = Session(machine, LinkSet([], [debugger]), debugger=debugger)

        def serve() -> None:
            try:
                stop.append(session.run(limits or Limits(wall_limit_s=PATIENCE_S)).value)
                debugger.finished(machine.exit_code or 0)
            except BoardlessError as error:
                debugger.crashed()
                stop.append(str(error))

        port = int(debugger.description.rpartition(":")[2])
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield Debugged(machine, port, thread, stop)


class Client:
    """Speaks as GDB does, without a GDB; packets are not acknowledged behind the first."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = PacketReader()
        self._packets: list[bytes] = []
        self.shown = ""
        assert self.ask("QStartNoAckMode") == "OK"

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def ask(self, payload: str | bytes) -> str:
        """The answer to a packet; text that is shown before it is collected."""
        self.send(framed(payload if isinstance(payload, bytes) else payload.encode()))
        return self.receive()

    def receive(self) -> str:
        while True:
            while not self._packets:
                data = self._socket.recv(1 << 16)
                if not data:
                    return "gone"
                self._packets += [item for item in self._reader.feed(data) if isinstance(item, bytes)]
            answer = self._packets.pop(0).decode("latin-1")
            if not answer.startswith("O") or answer == "OK":
                return answer
            self.shown += bytes.fromhex(answer[1:]).decode()

    def monitor(self, line: str) -> str:
        self.shown = ""
        assert self.ask("qRcmd," + line.encode().hex()) == "OK"
        return self.shown

    def register(self, number: int) -> int:
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}")), "little")

    def pc(self) -> int:
        return self.register(15)

    def close(self) -> None:
        self._socket.close()
