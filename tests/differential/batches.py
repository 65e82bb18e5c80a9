"""Batches of random programs as one ELF, run on QEMU and on the emulator; parsed and compared results."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

from programs import BUFFER_BYTES, FLAVOURS, ProgramGenerator
from vector_programs import VectorProgramGenerator

from emulator import Machine

HERE = Path(__file__).parent
QEMU_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class Platform:
    """An MPS2 FPGA image: same name as QEMU's machine and our board."""

    board: str
    core: str
    code: int
    ram: int
    uart: int
    scratch_a: int  # a second UART
    scratch_b: int  # a timer that never runs, or a third UART


PLATFORMS = {
    p.board: p
    for p in (
        Platform("mps2-an385", "cortex-m3", 0, 0x20000000, 0x40004000, 0x40005000, 0x40000000),
        Platform("mps2-an386", "cortex-m4", 0, 0x20000000, 0x40004000, 0x40005000, 0x40000000),
        Platform("mps2-an500", "cortex-m7", 0, 0x20000000, 0x40004000, 0x40005000, 0x40000000),
        Platform("mps2-an505", "cortex-m33", 0x10000000, 0x38000000, 0x50200000, 0x50201000, 0x50000000),
    )
}

HELIUM, HELIUM_INTEGER = (
    Platform("mps3-an547", core, 0, 0x20000000, 0x49303000, 0x49304000, 0x49305000)
    for core in ("cortex-m55", "cortex-m55-integer")
)
"""Programs with and without arithmetic in floating point."""

TICKS_OFFSET = 0x900
"""Where the interrupts are counted, in RAM."""
SCRATCH = (8,)
"""Offset that keeps what is written in both scratch devices: CTRL of the UART, RELOAD of the timer."""
SCRATCH_BITS = 7


class Generator(Protocol):
    """Writes one program after another, as :class:`programs.ProgramGenerator`."""

    def program(self, label: str, statements: int, /) -> str:
        """Assembly text of one function ``label``."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One ELF and what is in it."""

    platform: Platform
    elf: Path
    names: tuple[str, ...]
    sources: dict[str, str]


def build_batch(
    platform: Platform,
    seed: int,
    programs: int,
    folder: Path,
    *,
    statements: int = 24,
    interrupted: bool = False,
    kind: Callable[..., Generator] | None = None,
) -> Batch:
    """Generate, assemble and link ``programs`` programs into ``folder``.

    ``interrupted``: SysTick and PendSV come at odd times, and leave other values in all registers
    that an exception saves. ``kind``: another generator than the platform's.
    """
    flavour = FLAVOURS[platform.core]
    random = Random(seed)
    made_by = kind or (VectorProgramGenerator if flavour.vector else ProgramGenerator)
    generator = made_by(flavour, random, SCRATCH, SCRATCH_BITS, interrupted=interrupted)
    sources = {f"program{n}": generator.program(f"program{n}", statements) for n in range(programs)}
    head = flavour.directives()
    table = ".section .rodata\n.global table\n.align 2\ntable:\n" + "".join(
        f".word {name}, {random.getrandbits(32):#x}\n" for name in sources
    )
    programs_s = folder / "programs.s"
    programs_s.write_text(f"{head}.text\n{''.join(sources.values())}{table}.word 0\n")
    runtime_s = folder / "runtime.s"
    runtime_s.write_text(head + (HERE / "runtime.s").read_text())
    symbols = {
        "UART": platform.uart,
        "SCRATCH_A": platform.scratch_a,
        "SCRATCH_B": platform.scratch_b,
        "FPU": int(bool(flavour.fpu)),
        "MVE": int(flavour.vector),
        "INTERRUPTED": int(interrupted),
        "TICKS": platform.ram + TICKS_OFFSET,
        "STACK": platform.ram + 0x8000,
        "INITIAL": platform.ram,
        "FINAL": platform.ram + 0x400,
        "BUFFER": platform.ram + 0x1000,
        "BUFFER_WORDS": BUFFER_BYTES // 4,
    }
    given = [word for name, value in symbols.items() for word in ("--defsym", f"{name}={value}")]
    for source in (programs_s, runtime_s):
        _tool("as", *given, str(source), "-o", str(source.with_suffix(".o")))
    elf = folder / f"{platform.board}-{seed}.elf"
    _tool(
        "ld", "-e", "reset",
        f"--section-start=.vectors={platform.code:#x}", f"-Ttext={platform.code + 0x100:#x}",
        str(runtime_s.with_suffix(".o")), str(programs_s.with_suffix(".o")), "-o", str(elf),
    )  # fmt: skip
    return Batch(platform, elf, tuple(sources), sources)


def _tool(name: str, *arguments: str) -> None:
    done = subprocess.run([f"arm-none-eabi-{name}", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{name} {' '.join(arguments)}\n{done.stderr}")


def run_on_qemu(qemu: str, platform: Platform, elf: Path, *, counted: bool = False) -> bytes:
    """Everything that the image sends on its first UART until it exits by semihosting.

    ``counted``: an instruction takes 32 ns, so that QEMU's timers do not follow the host's.
    """
    done = subprocess.run(
        [
            qemu, "-M", platform.board, "-kernel", str(elf), "-display", "none", "-monitor", "none",
            "-serial", "stdio", "-semihosting-config", "enable=on,target=native",
            *(["-icount", "shift=5"] if counted else []),
        ],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=QEMU_TIMEOUT_S, check=False,
    )  # fmt: skip
    assert not done.stderr, done.stderr.decode()
    return done.stdout


def run_on_machine(
    platform: Platform, elf: Path, *, hook: str = "auto", timing: str = "count", ticks: int = 0
) -> bytes:
    """The same on the emulator; at least so many interrupts must have come."""
    machine = Machine(platform.board, hook=hook, timing=timing)
    machine.load(elf)
    reason = machine.run()
    assert machine.exit_code == 0, (reason, bytes(machine.console.output[-200:]))
    assert int.from_bytes(machine.read_memory(platform.ram + TICKS_OFFSET, 4), "little") >= ticks
    return bytes(machine.console.output)


def results(batch: Batch, output: bytes) -> dict[str, list[str]]:
    """The lines that each program printed."""
    lines = output.decode("ascii").split()
    per_program = 3 if FLAVOURS[batch.platform.core].fpu else 2
    assert lines[-1:] == ["."], f"it did not reach its end; last lines: {lines[-4:]}"
    assert len(lines) == per_program * len(batch.names) + 1
    return {name: lines[i * per_program : (i + 1) * per_program] for i, name in enumerate(batch.names)}


def difference(batch: Batch, name: str, expected: list[str], found: list[str]) -> str:
    """Which registers differ, and the program's text."""
    flavour = FLAVOURS[batch.platform.core]
    labels = [[*(f"r{n}" for n in range(13)), "apsr"]]
    if flavour.fpu:
        labels.append([*(f"s{n}" for n in range(32)), "fpscr", *(["vpr"] if flavour.vector else [])])
    labels.append(["memory"])
    wrong = [
        f"{label}: QEMU {a[8 * i : 8 * i + 8]}, emulator {b[8 * i : 8 * i + 8]}"
        for row, a, b in zip(labels, expected, found, strict=True)
        for i, label in enumerate(row)
        if a[8 * i : 8 * i + 8] != b[8 * i : 8 * i + 8]
    ]
    return f"{name} on {batch.platform.board}:\n" + "\n".join(wrong) + "\n\n" + batch.sources[name]


def compare(
    qemu: str,
    platform: Platform,
    folder: Path,
    seed: int,
    programs: int,
    *,
    statements: int = 24,
    interrupted: bool = False,
    ticks_each: int = 0,
    kind: Callable[..., Generator] | None = None,
    **options: str,
) -> int:
    """How many instructions a batch has that ends alike on QEMU and here; a difference fails.

    ``interrupted`` and ``kind``: of :func:`build_batch`; for each program at least ``ticks_each``
    interrupts must have come. ``options``: of :func:`run_on_machine`.
    """
    batch = build_batch(
        platform, seed, programs, folder, statements=statements, interrupted=interrupted, kind=kind
    )
    expected = results(batch, run_on_qemu(qemu, platform, batch.elf, counted=interrupted))
    output = run_on_machine(platform, batch.elf, ticks=ticks_each * programs, **options)
    found = results(batch, output)
    for name in batch.names:
        assert found[name] == expected[name], difference(batch, name, expected[name], found[name])
    return sum(instructions_in(text) for text in batch.sources.values())


def instructions_in(text: str) -> int:
    """How many a program has."""
    return sum(not line.strip().startswith(".") and not line.endswith(":") for line in text.splitlines())
