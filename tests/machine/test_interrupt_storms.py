"""Random storms of interrupts: whoever enters and leaves the handlers, everything is the same.

Priorities, preemption, tail-chaining and late arrival come from the priorities and from SysTick, whose
period is about as long as an entry; frames with and without floating-point registers from what
handlers do; both stacks, supervisor calls, masks and sleep from the thread.
"""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from emulator import Machine
from emulator.board.reader import load_board
from emulator.engine.counts import Counts
from emulator.system.exception_state import ExceptionState, LeftToPython

INTERRUPTS = 8
STOPS, CYCLES_EACH = 6, 4_001
HANDLERS = ("svc", "pendsv", "systick", *(f"irq{n}" for n in range(INTERRUPTS)))
SKELETON = """
    .syntax unified
    .cpu {core}
    {fpu}
    .thumb
    .section .vectors, "ax"
    .word {stack}, start + 1
    .rept 9
    .word stuck + 1
    .endr
    .word svc + 1, stuck + 1, stuck + 1, pendsv + 1, systick + 1
    .word {external}
    .text
    .thumb_func
stuck:
    b .
    .thumb_func
log:
    ldr r1, ={ram}
    ldr r2, [r1]
    adds r2, #8
    lsls r2, r2, #22
    lsrs r2, r2, #22
    str r2, [r1]
    adds r1, r1, r2
    mrs r3, xpsr
    str r3, [r1, #8]
    ldr r3, ={time}
    ldr r3, [r3]
    str r3, [r1, #12]
    bx lr
    .ltorg
{handlers}
    .global start
    .thumb_func
start:
{setup}
turn:
{thread}
    b turn
    .ltorg
"""
CYCCNT, SYSTICK_VALUE = 0xE0001004, 0xE000E018


class Program:
    """One random program for a core; with ``fpu`` its code uses floating point."""

    def __init__(self, seed: int, core: str, *, fpu: bool) -> None:
        self.random = random.Random(f"{seed} {core}")
        self.is_mainline = "m0" not in core
        self.fpu = fpu
        self.labels = 0

    def store(self, address: int, value: int) -> list[str]:
        return [f"ldr r0, ={address:#x}", f"ldr r1, ={value:#x}", "str r1, [r0]"]

    def pend(self, *, thread: bool) -> list[str]:
        if self.random.random() < 0.2:
            return self.store(0xE000ED04, 1 << 28)  # PendSV
        numbers = self.random.sample(range(INTERRUPTS), self.random.choice((1, 1, 2, 3)))
        if not thread:  # a storm must end
            numbers = [n for n in numbers if self.random.random() < 0.3]
        return self.store(0xE000E200, sum(1 << n for n in numbers))

    def work(self) -> list[str]:
        lines = [f"adds r{self.random.randrange(4)}, #{self.random.randrange(1, 9)}" for _ in range(3)]
        if self.fpu and self.random.random() < 0.5:
            lines.append(f"vadd.f32 s{self.random.randrange(16)}, s{self.random.randrange(16)}, s1")
        if self.random.random() < 0.4:
            self.labels += 1
            turns = self.random.randrange(1, 12)
            lines += [f"movs r0, #{turns}", f"8{self.labels}: subs r0, #1", f"bne 8{self.labels}b"]
        return lines

    def masked(self, inner: list[str]) -> list[str]:
        if self.is_mainline and self.random.random() < 0.5:
            level = self.random.choice((0x20, 0x40, 0x60, 0xC0))
            return [f"movs r0, #{level}", "msr basepri, r0", *inner, "movs r0, #0", "msr basepri, r0"]
        return ["cpsid i", *inner, "cpsie i"]

    def piece(self, *, thread: bool) -> list[str]:
        kind = self.random.random()
        if kind < 0.4:
            return self.work()
        if kind < 0.7:
            return self.pend(thread=thread)
        if kind < 0.85:
            return self.masked([*self.pend(thread=thread), *self.work()])
        if not thread:
            return self.work()
        return ["svc 0"] if kind < 0.95 else ["wfi"]

    def handler(self, name: str) -> str:
        pieces = [self.piece(thread=False) for _ in range(self.random.randrange(4))]
        if name == "systick" and self.random.random() < 0.3:
            pieces.append(self.store(0xE000E014, self.random.randrange(60, 900)))
        body = [line for piece in pieces for line in piece]
        lines = ["push {r4, lr}", "bl log", *body, "pop {r4, pc}"]
        return f"    .thumb_func\n{name}:\n    " + "\n    ".join(lines) + "\n    .ltorg"

    def setup(self, stack: int) -> list[str]:
        lines = []
        if self.fpu:
            lines += [*self.store(0xE000ED88, 0xF << 20), "dsb", "isb"]
            if self.random.random() < 0.3:
                lines += self.store(0xE000EF34, self.random.choice((0, 1 << 31)))  # FPCCR
        for n in range(0, INTERRUPTS, 4):
            lines += self.store(0xE000E400 + n, int.from_bytes(self.random.randbytes(4), "little"))
        lines += self.store(0xE000ED1C, self.random.choice((0, 0x20)) << 24)  # SVCall
        lines += self.store(0xE000ED20, int.from_bytes(self.random.randbytes(4), "little"))
        if self.is_mainline:
            lines += self.store(0xE000ED0C, 0x05FA0000 | self.random.randrange(8) << 8)
            lines += [*self.store(0xE000EDFC, 1 << 24), *self.store(0xE0001000, 0x40000001)]
            if self.random.random() < 0.3:
                lines += self.store(0xE000ED14, 0)  # no alignment of the stack
        lines += [*self.store(0xE000E100, 0xFF), *self.store(0xE000E014, self.random.randrange(60, 900))]
        lines += [*self.store(0xE000E018, 0), *self.store(0xE000E010, 7)]
        if self.random.random() < 0.6:
            lines += [f"ldr r0, ={stack:#x}", "msr psp, r0", "movs r0, #2", "msr control, r0", "isb"]
        return lines

    def thread(self) -> list[str]:
        return [line for _ in range(30) for line in self.piece(thread=True)]


def assemble(folder: Path, program: Program, board_name: str) -> Path:
    board = load_board(board_name)
    ram = next(r.base for r in board.regions if r.kind == "ram")
    source = SKELETON.format(
        core=board.core,
        fpu=".fpu fpv4-sp-d16" if program.fpu else "",
        stack=ram + 0x4000,
        ram=ram,
        time=CYCCNT if program.is_mainline else SYSTICK_VALUE,
        external=", ".join(f"irq{n} + 1" for n in range(INTERRUPTS)),
        handlers="\n".join(program.handler(name) for name in HANDLERS),
        setup="    " + "\n    ".join(program.setup(ram + 0x3000)),
        thread="    " + "\n    ".join(program.thread()),
    )
    (folder / "storm.s").write_text(source)
    for command in (
        ["as", "storm.s", "-o", "storm.o"],
        ["ld", "-e", "start", f"--section-start=.vectors={board.vector_table:#x}",
         f"-Ttext={board.vector_table + 0x100:#x}", "storm.o", "-o", "storm.elf"],
    ):  # fmt: skip
        subprocess.run([f"arm-none-eabi-{command[0]}", *command[1:]], cwd=folder, check=True)
    return folder / "storm.elf"


def bytes_of(state: ExceptionState) -> tuple[bytes, ...]:
    masks = (state.pending_words, state.active_words, state.enabled_words, state.level_words)
    return tuple(bytes(mask) for mask in masks)


def states(image: Path, board: str, hook: str, *, slice_cycles: int, left: bool) -> tuple[list[Any], int]:
    """What a machine is at some cycles, and how often its handlers were entered or left natively."""
    machine = Machine(board, hook=hook)
    machine.load(image)
    machine.execution.set_slice(slice_cycles)
    exceptions = machine.engine.exceptions
    exceptions.leave_to_python(LeftToPython.COMPARISON, left)
    found: list[Any] = []
    for _ in range(STOPS):
        machine.run(max_cycles=CYCLES_EACH)
        names = ("psp", "msp", "control", *(f"s{n}" for n in range(17 if machine.core.has_fpu else 0)))
        found.append((
            machine.counts,
            machine.core.registers(),
            {name: machine.core.get(name) for name in names},
            [bytes(m.view) for m in machine.core.memories if m.region.kind == "ram"],
            bytes_of(exceptions),
            (exceptions.event, exceptions.fp_context, exceptions.fp_frame_address, exceptions.owed_cycles),
            machine.engine.outside.save(),
        ))  # fmt: skip
    return found, exceptions.generation


BOARDS = ("virtual-m0plus", "virtual-m3", "virtual-m4", "virtual-m7", "virtual-m33")
CASES = [(board, seed) for seed in range(3) for board in BOARDS]
MORE = [pytest.param(board, seed, marks=pytest.mark.slow) for seed in range(3, 40) for board in BOARDS]


@pytest.mark.parametrize(("board", "seed"), [*CASES, *MORE])
def test_all_ways_agree(tmp_path: Path, board: str, seed: int) -> None:
    fpu = board in ("virtual-m4", "virtual-m7", "virtual-m33") and seed % 3 != 2
    image = assemble(tmp_path, Program(seed, load_board(board).core, fpu=fpu), board)
    natively, entries = states(image, board, "native", slice_cycles=1 << 30, left=False)
    sliced, _ = states(image, board, "native", slice_cycles=97, left=False)
    in_python, none = states(image, board, "native", slice_cycles=1 << 30, left=True)
    slowly, _ = states(image, board, "python", slice_cycles=1 << 30, left=False)
    assert entries and not none
    for other in (in_python, sliced, slowly):
        for mine, theirs in zip(natively, other, strict=True):
            assert mine == theirs
    assert natively[-1][0] != Counts(0, 0)
