"""A transmitter that the native hook serves: the same figures and characters as one by one in Python."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from emulator import Machine
from emulator.links.text_watch import TextWatch
from emulator.profiling.exception_log import ContextFollower
from tests.machine.firmware import build


class Place(NamedTuple):
    """A UART that has one data register each way."""

    board: str
    port: str
    base: int
    status: int
    data: int
    room: str  # of the status word
    opened: str
    flash: str


STM32 = "0x8000000 :"
PLACES = (
    Place("nucleo-l4r5zi", "usart2", 0x40004400, 0x1C, 0x28, "& 0x80", "U(0xC) = 35; U(0) = 0xD", STM32),
    Place("stm32f4-discovery", "usart2", 0x40004400, 0, 4, "& 0x80", "U(8) = 139; U(0xC) = 0x200C", STM32),
    Place("virtual-m4", "uart0", 0x40004000, 4, 0, "& 1 ^ 1", "U(16) = 217; U(8) = 3", "0x0 :"),
)
SOURCE = r"""
#define U(o) REG(%(base)d + (o))
#define ROOM (U(%(status)d) %(room)s)
static u32 table[16] __attribute__((aligned(512)));
static volatile u32 spins, ticks_seen, sink[8];
static volatile unsigned char sent;
static void work(u32 n) { for (u32 i = 0; i < n; i++) sink[i & 7] += i; }
static void tick(void) { ticks_seen = ticks_seen * 3 + sent; work(%(tick)d); }
static void send(u32 c) { %(before)s *(volatile %(width)s *)(%(base)d + %(data)d) = c; sent++; %(after)s }
void main(void)
{
    for (int i = 0; i < 16; i++) table[i] = ((u32 *)%(vectors)s)[i];
    table[15] = (u32)tick;
    REG(0xE000ED08) = (u32)table;
    %(opened)s;
    if (%(systick)d) { REG(0xE000E014) = %(systick)d; REG(0xE000E018) = 0; REG(0xE000E010) = 7; }
    for (u32 line = 0;; line++) {
        for (u32 i = 0; i < %(length)d; i++) { send('a' + (line * 7 + i) %% 26); work(%(between)d); }
        send('\n');
        work(%(busy)d);
    }
}
"""
WAITS = (
    "while (!(ROOM)) { }",
    "while (!(ROOM)) { }",
    'while (!(ROOM)) { __asm__ volatile("nop"); }',
    "for (u32 left = 3000; left && !(ROOM); left--) { }",
    "while (!(ROOM)) { spins++; }",
    "while (!(ROOM)) { spins = 3; }",
    "while (!(ROOM) || ticks_seen == 1) { }",
)
HEEDED = (b"\n", b"", b"ez", None)


def firmware(place: Place, seed: int) -> str:
    rng = random.Random(seed)
    wait = rng.choice(WAITS)
    after = rng.random() < 0.2
    return SOURCE % {
        "base": place.base,
        "status": place.status,
        "data": place.data,
        "room": place.room,
        "opened": place.opened,
        "vectors": "0x08000000" if place.flash == STM32 else "0",
        "width": rng.choice(("u32", "unsigned char")),
        "before": "" if after else wait,
        "after": wait if after else "",
        "tick": rng.choice((0, 20)),
        "systick": rng.choice((0, 0, 999, 7_777)),
        "length": rng.choice((1, 2, 3, 9, 80)),
        "between": rng.choice((0, 0, 5, 500)),
        "busy": rng.choice((0, 60, 3_000)),
    }


def nothing_is_lent(machine: Machine) -> None:
    machine.execution._slices.output._lenders = []
    machine.execution._slices.output._by_data = {}


def nothing_is_skipped(machine: Machine) -> None:
    machine.execution.skip_waiting = False


def as_it_is(_machine: Machine) -> None:
    pass


def outcome(
    elf: Path, place: Place, seed: int, hook: str, prepare: Callable[[Machine], None] = as_it_is
) -> tuple[list[Any], int, int]:
    """What a machine is behind each of some stretches; characters that left and cycles skipped natively."""
    rng = random.Random(seed)
    machine = Machine(place.board, hook=hook, timing=rng.choice(("memory", "core", "count")))
    machine.load(elf)
    output, lent, skipped = machine.execution._slices.output, [0], [0]
    told = output.on_taken_back

    def taken_back(check_at: int, sent: int) -> None:
        lent[0] += sent
        skipped[0] += machine.engine.output.skipped_cycles
        told(check_at, sent)

    output.on_taken_back = taken_back
    prepare(machine)
    port, seen = machine.serial(place.port), []
    heeded = rng.choice(HEEDED)

    def heard(data: bytes) -> None:
        for character in data if heeded is None else data[-1:]:
            if heeded is None or character in heeded:
                seen.append((character, machine.counts))
                if character == ord("z"):
                    port.feed(b"abc")

    port.subscribe(heard, None if heeded is None else lambda: heeded)
    if rng.random() < 0.3:
        machine.hook.contexts.start(set(), machine.core.get("pc") & ~1, 0)
        watcher = ContextFollower(machine.hook.contexts)
        machine.system.exceptions.watch(watcher, of_python_alone=hook == "native")
    found: list[Any] = []
    for _ in range(6):
        machine.run(max_cycles=rng.choice((900, 9_000, 30_000, 90_000)))
        memory = [bytes(m.view) for m in machine.core.memories if m.region.kind == "ram"]
        state = machine.core.registers(), memory, machine.devices[place.port].save(), machine.clock.save()
        contexts = [row.cycles for row in machine.hook.contexts.rows()]
        found.append((machine.counts, *state, bytes(port.output), tuple(seen), contexts))
    return found, lent[0], skipped[0]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.board)
@pytest.mark.parametrize(
    "seed", [*range(5), *(pytest.param(n, marks=pytest.mark.slow) for n in range(5, 60))]
)
def test_whoever_sends_them(tmp_path: Path, place: Place, seed: int) -> None:
    elf = build(tmp_path, firmware(place, seed), places={"0x0 :": place.flash})
    natively, *_ = outcome(elf, place, seed, "native")
    for hook, prepare in (
        ("native", nothing_is_lent),
        ("native", nothing_is_skipped),
        ("native", lambda machine: machine.execution.set_slice(1_777)),
        ("python", as_it_is),
    ):
        other, count, skipped = outcome(elf, place, seed, hook, prepare)
        assert not (count and (prepare is nothing_is_lent or hook == "python"))
        assert not (skipped and prepare is nothing_is_skipped)
        for mine, theirs in zip(natively, other, strict=True):
            known = (
                len(mine) if hook == "native" else -1
            )  # whoever watches exceptions for contexts is not here
            assert mine[:known] == theirs[:known]


def polled_text(folder: Path, place: Place) -> Path:
    values = {"before": WAITS[0], "after": "", "width": "u32", "tick": 0, "systick": 0, "length": 30}
    numbers = {"base": place.base, "status": place.status, "data": place.data, "between": 0, "busy": 0}
    words = {"room": place.room, "opened": place.opened}
    vectors = {"vectors": "0x08000000" if place.flash == STM32 else "0"}
    return build(folder, SOURCE % {**values, **numbers, **words, **vectors}, places={"0x0 :": place.flash})


@pytest.mark.parametrize("timing", ["memory", "count"])  # with a loop of one block that counts laps
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.board)
def test_a_polled_text_leaves_natively_and_its_waiting_is_skipped(
    tmp_path: Path, place: Place, timing: str
) -> None:
    machine = Machine(place.board, hook="native", timing=timing)
    machine.load(polled_text(tmp_path, place))
    output, sent, skipped = machine.execution._slices.output, [0], [0]
    told = output.on_taken_back

    def taken_back(check_at: int, count: int) -> None:
        sent[0] += count
        skipped[0] += machine.engine.output.skipped_cycles
        told(check_at, count)

    output.on_taken_back = taken_back
    machine.run(max_cycles=3_000_000)
    text = bytes(machine.serial(place.port).output)
    assert len(text) > 100 and text.startswith(b"abcdefghijklmnopqrstuvwxyzabcd\nhij")
    assert sent[0] > 0.9 * len(text)
    assert skipped[0] > 0.7 * 3_000_000


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.board)
def test_none_is_lent_while_a_recording_follows_even_where_input_was(tmp_path: Path, place: Place) -> None:
    machine = Machine(place.board, hook="native")
    machine.load(polled_text(tmp_path, place))
    watch = TextWatch(machine.serial(place.port), b"abcdefg", machine.interrupt)
    machine.run(max_cycles=3_000_000)
    watch.close()
    output, lent = machine.execution._slices.output, [0]
    told = output.on_taken_back

    def taken_back(check_at: int, sent: int) -> None:
        lent[0] += 1
        told(check_at, sent)

    output.on_taken_back = taken_back
    machine.hook.contexts.start(set(), machine.core.get("pc") & ~1, 0)
    machine.serial(place.port).feed(b"some input")
    machine.run(max_cycles=20_000)
    assert lent[0] == 0
