"""Random GDB sessions leave a run as it would have been: the same cycles, registers, memory and output."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.debugger.debugged import Client, Debugged, debugged, firmware, loaded, state

FAST, ALL = 20, 1000
MOST_COMMANDS = 40
RAM, RAM_WORDS = 0x20000000, 24
DEVICES = (0x40004000, 0x40004004, 0xE000E018, 0xE000ED04, 0xE0001004)


class RandomSession:
    """Random commands, none of which changes the firmware's state. ``last``: a function that ends it."""

    def __init__(self, seed: int, code: list[int], last: int) -> None:
        self._random = Random(seed)
        self._code, self._last = code, last
        self._points: list[str] = []
        self.log: list[str] = []

    def run(self, port: int) -> None:
        client = Client(port)
        client.ask(f"Z1,{self._last:x},2")
        for _ in range(self._random.randrange(1, MOST_COMMANDS)):
            answer = self._command(client)
            self.log[-1] += f" -> {answer[:60]}"
            if answer[:1] in ("W", "X") or answer == "gone":
                return
        how = self._random.choice(("D", "vCont;c", "leave"))
        self.log.append(how)
        if how == "leave":
            client.close()
            return
        for point in (*self._points, f"1,{self._last:x},2"):
            client.ask("z" + point)
        client.ask(how)

    def _command(self, client: Client) -> str:
        random = self._random
        kind = random.choice(
            ("s", "s", "step over", "vCont;c", "vCont;c", "vCont;c", "range", "bs", "bs", "bc", "break",
             "break", "watch", "watch", "remove", "g", "read", "device", "same", "monitor", "interrupt")
        )  # fmt: skip
        if kind == "vCont;c" and client.pc() == self._last:
            kind = random.choice(("bs", "bc"))
        self.log.append(kind)
        if kind == "step over":
            return client.monitor(f"maskints {random.choice(('on', 'off'))}") and client.ask("vCont;s:1")
        if kind == "range":
            pc = client.pc()
            return client.ask(f"vCont;r{pc:x},{pc + 2 * random.randrange(1, 12):x}:1")
        if kind in ("break", "watch"):
            return self._insert(client, kind)
        if kind == "remove":
            return client.ask("z" + self._points.pop()) if self._points else "nothing"
        if kind == "monitor":
            words = ("cycles", "where", "profile", "profile restart", "help", "snapshot", "restore")
            return client.monitor(random.choice(words))
        if kind == "interrupt":
            client.send(b"\x03")
            return client.ask("qC")
        return self._look(client, kind)

    def _insert(self, client: Client, kind: str) -> str:
        random = self._random
        point = f"{random.randrange(2)},{random.choice(self._code):x},2"
        if kind == "watch":
            point = f"{random.randrange(2, 5)},{RAM + 4 * random.randrange(RAM_WORDS):x},4"
        self._points.append(point)
        return client.ask("Z" + point)

    def _look(self, client: Client, kind: str) -> str:
        random = self._random
        if kind == "read":
            return client.ask(f"m{RAM + random.randrange(4096):x},{random.randrange(1, 200):x}")
        if kind == "device":
            return client.ask(f"m{random.choice(DEVICES):x},4")
        if kind == "same":
            address = RAM + 4 * random.randrange(RAM_WORDS)
            return client.ask(f"M{address:x},4:{client.ask(f'm{address:x},4')}")
        return client.ask(kind)


def play(elf: Path, hook: str, seed: int, board: str) -> tuple[Debugged, RandomSession]:
    machine = loaded(elf, hook, board)
    assert machine.image is not None and machine.image.debug is not None
    functions = [s for s in machine.image.debug.symbols() if s.is_function]
    code = [a for f in functions for a in range(f.address, f.address + f.size_bytes, 2)]
    session = RandomSession(seed, code, machine.symbol("finish").address)
    with debugged(machine) as run:
        session.run(run.port)
        assert run.join() == "exit", session.log
    return run, session


def hold(tmp_path: Path, hook: str, seeds: range, board: str = "virtual-m4") -> None:
    elf = firmware(tmp_path)
    undisturbed = loaded(elf, hook, board)
    undisturbed.run()
    expected = state(undisturbed)
    assert expected["console"] == b"go\r\n012345\r\n" and expected["exit code"] == 0
    for seed in seeds:
        run, session = play(elf, hook, seed, board)
        found = state(run.machine)
        different = [name for name, value in expected.items() if found[name] != value]
        assert not different, (seed, different, found["counts"], expected["counts"], session.log)


@pytest.mark.parametrize("hook", ["native", "python"])
def test_random_sessions_leave_no_trace(tmp_path: Path, hook: str) -> None:
    hold(tmp_path, hook, range(FAST if hook == "native" else FAST // 4))


def test_nor_on_a_core_that_issues_two_at_once(tmp_path: Path) -> None:
    hold(tmp_path, "native", range(5), "mps2-an500")


@pytest.mark.slow
def test_a_thousand_of_them(tmp_path: Path) -> None:
    hold(tmp_path, "native", range(1000, 1000 + ALL))
