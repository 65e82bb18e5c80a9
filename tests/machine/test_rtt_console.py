"""A firmware that talks by RTT: its figures are as without a debugger, whatever runs it."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest

from emulator import Machine, StopReason
from emulator.board.console import RttFacts
from emulator.board.reader import load_board
from emulator.errors import UsageError
from emulator.image import load_image
from emulator.machine.awaited_text import run_to_text
from tests.links.rtt_firmware import ECHO, LONG, RTT
from tests.machine.firmware import build

BOARD = "virtual-m4"


def firmware(tmp_path: Path, source: str, flags: int = 2, block: str = "_SEGGER_RTT") -> Path:
    return build(tmp_path, f"#define FLAGS {flags}\n#define BLOCK {block}\n{source}")


@pytest.fixture
def echo(tmp_path: Path) -> Path:
    return firmware(tmp_path, ECHO)


def test_text_comes_out_and_goes_in(echo):
    machine = Machine(BOARD, console="rtt")
    machine.load(echo)
    assert machine.run(until="ready\n") is StopReason.UNTIL
    machine.console.feed("hello, all of you\n")
    assert machine.run(until="HELLO\x0c\x00ALL\x00OF\x00YOU*") is StopReason.UNTIL
    assert machine.run() is StopReason.IDLE
    assert machine.serial("rtt1").take() == b"\x01\xff frames\n"  # as they are
    assert machine.silence == ""
    assert machine.notes == []


def test_another_channel_is_the_console(echo):
    machine = Machine(BOARD, console="rtt:1")
    machine.load(echo)
    run_to_text(machine, b"ready", None)  # waited for on every port
    machine.run()
    assert machine.console.take() == b"\x01\xff frames\n"


@pytest.mark.parametrize("hook", ["native", "python"])
@pytest.mark.parametrize("slice_cycles", [997, 20_000_000])
def test_figures_do_not_depend_on_who_runs_it(tmp_path, hook, slice_cycles):
    image = load_image(firmware(tmp_path, LONG, flags=2))
    found = []
    for machine in (Machine(BOARD, console="rtt"), Machine(BOARD, console="rtt", hook=hook)):
        machine.load(image)
        if found:
            machine.execution.set_slice(slice_cycles)
        machine.run(max_cycles=3_000_000)
        found.append((machine.counts, bytes(machine.console.output), machine.registers()))
    assert found[0] == found[1]
    assert found[0][1] == b"".join(b"line %02d\n" % number for number in range(40))


def test_reading_costs_nothing(tmp_path):
    """A firmware that never waits for its reader takes the same cycles with and without one."""
    image = load_image(firmware(tmp_path, LONG, flags=0))
    with_probe, without = Machine(BOARD, console="rtt:1"), Machine(BOARD)
    for machine in (with_probe, without):
        machine.load(image)
        machine.run_to(image.debug.symbol("main").address)
        machine.run(max_cycles=8_000)  # before the first look
    assert with_probe.counts == without.counts
    for machine in (with_probe, without):
        machine.run(max_cycles=1_000_000)
    assert with_probe.counts == without.counts


def test_text_without_room_is_lost_or_waited_for(tmp_path):
    lost, whole = (
        Machine(replace(load_board(BOARD), rtt=RttFacts(poll, poll)), console="rtt") for poll in (1000, 20)
    )
    for machine in (lost, whole):
        machine.load(firmware(tmp_path, LONG, flags=0))
        machine.run(max_cycles=200_000)
    assert lost.console.take() == b"".join(b"line %02d\n" % number for number in range(40))[:63]
    assert b"line 39\n" in whole.console.take()


def test_a_machine_goes_back_with_its_channels(echo):
    machine = Machine(BOARD, console="rtt")
    machine.load(echo)
    machine.run(until="ready")
    machine.console.feed("ab")
    before = machine.snapshot()
    ends = []
    for _ in range(2):
        machine.restore(before)
        assert machine.run(until="AB") is StopReason.UNTIL
        ends.append((machine.counts, bytes(machine.console.output)))
    assert ends[0] == ends[1]


def test_the_block_is_found_without_a_symbol_and_moves_at_a_reset(tmp_path):
    source = (
        RTT.replace("struct Block BLOCK;", "struct Block first, second; u32 boots;")
        .replace("BLOCK.", "current->")
        .replace("static int rtt_put", "static struct Block *current;\nstatic int rtt_put", 1)
        + r"""
void main(void)
{
    current = boots++ == 0 ? &first : &second;
    if (boots == 2) first.id[0] = 0;
    open_rtt(current, 0);
    rtt_print(0, boots == 1 ? "one" : "two");
    for (;;) { int c = rtt_get(0); if (c >= 0) rtt_put(&current->up[0], (char)c); }
}
"""
    )
    machine = Machine(BOARD, console="rtt")
    machine.load(firmware(tmp_path, source))
    assert machine.run(until="one") is StopReason.UNTIL
    machine.reset()
    machine.console.feed("x")
    assert machine.run(until="twox") is StopReason.UNTIL


def test_what_a_bootloader_left_is_read_and_the_symbols_block_is_the_applications(echo):
    """Of two blocks in RAM the image's symbol says which."""
    image = load_image(echo)
    machine = Machine(BOARD, console="rtt")
    machine.load(image)
    stale = struct.pack("<16s2I", b"SEGGER RTT", 1, 0) + struct.pack("<6I", 0, 0x2000_8100, 16, 3, 0, 0)
    machine.write_memory(0x2000_8000, stale)
    machine.write_memory(0x2000_8100, b"old")
    machine.run(until="ready")
    assert machine.console.take() == b"ready\n"
    machine.load(replace(image, debug=None))
    machine.run(until="ready")
    assert machine.console.take() == b"ready\nold"


def test_a_damaged_block_is_told_once(echo):
    machine = Machine(BOARD, console="rtt")
    machine.load(echo)
    machine.run(until="ready")
    block = machine.symbol("_SEGGER_RTT").address
    machine.write_memory(block + 24 + 12, (4096).to_bytes(4, "little"))
    machine.run(max_cycles=2_000_000)
    assert machine.notes == [
        f"RTT's control block at 0x{block:08x} (_SEGGER_RTT) is damaged:"
        " up channel 0: its WrOff is 4096, and its buffer has 64 bytes"
    ]
    machine.write_memory(block, bytes(16))
    machine.run(max_cycles=2_000_000)
    assert machine.silence.startswith(f"RTT: no control block has come up at 0x{block:08x} (_SEGGER_RTT):")


def test_a_firmware_without_rtt(tmp_path):
    machine = Machine(BOARD, console="rtt")
    machine.load(build(tmp_path, 'void main(void) { print("on the UART"); for (;;) ; }'))
    assert machine.run() is StopReason.IDLE
    assert machine.silence.startswith("RTT: no control block has come up in 0x20000000-0x2007ffff:")
    with pytest.raises(Exception, match="no control block has come up"):
        run_to_text(machine, b"never", 100_000)


def test_what_waits_in_the_buffers_when_a_firmware_ends(tmp_path):
    source = (
        RTT
        + r"""
void main(void)
{
    open_rtt(&BLOCK, 2);
    rtt_print(0, "last words");
    register u32 r0 __asm__("r0") = 0x18, r1 __asm__("r1") = 0x20026;
    __asm__ volatile("bkpt 0xAB" : : "r"(r0), "r"(r1) : "memory");
}
"""
    )
    machine = Machine(BOARD, console="rtt")
    machine.load(firmware(tmp_path, source))
    assert machine.run() is StopReason.EXIT
    assert machine.console.take() == b"last words"


@pytest.mark.parametrize("console", ["rtt:16", "rtt:x", "itm:32", "none:1", "usart9", ""])
def test_a_console_that_is_none(console):
    with pytest.raises(UsageError, match="has no console"):
        Machine(BOARD, console=console)
